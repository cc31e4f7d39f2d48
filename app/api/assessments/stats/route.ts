import { mount } from '@/lib/run/serve';
import { getStats } from '@/app/api/assessments/endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getStats);
