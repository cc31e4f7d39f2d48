import { mount } from '@/lib/run/serve';
import { postPassword } from '@/app/api/users/endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(postPassword);
