import { mount } from '@/lib/run/serve';
import { getUsers, postUser } from '@/app/api/users/endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getUsers, postUser);
