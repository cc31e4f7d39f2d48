import { mount } from '@/lib/run/serve';
import { patchUser } from '@/app/api/users/endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(patchUser);
