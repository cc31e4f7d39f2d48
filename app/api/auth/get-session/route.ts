import { mount } from '@/lib/run/serve';
import { getSession } from '@/app/api/auth/endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getSession);
