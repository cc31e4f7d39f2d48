import { mount } from '@/lib/run/serve';
import { changePassword } from '@/app/api/auth/endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(changePassword);
