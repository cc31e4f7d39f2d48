import { mount } from '@/lib/run/serve';
import { getSchedules, postSchedule } from './endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getSchedules, postSchedule);
