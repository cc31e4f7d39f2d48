import { mount } from '@/lib/run/serve';
import { deleteToken } from '@/app/api/tokens/endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(deleteToken);
