import { mount } from '@/lib/run/serve';
import { getMetrics } from '@/app/api/operations';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getMetrics);
