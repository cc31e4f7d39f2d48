import { mount } from '@/lib/run/serve';
import { deleteScheduleById, patchSchedule } from '../endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(patchSchedule, deleteScheduleById);
