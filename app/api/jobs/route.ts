import { mount } from '@/lib/run/serve';
import { getJobs } from './endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getJobs);
