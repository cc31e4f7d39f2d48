import { mount } from '@/lib/run/serve';
import { deleteJob, getJob } from '../endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getJob, deleteJob);
