import { mount } from '@/lib/run/serve';
import { getReady } from '@/app/api/operations';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getReady);
