import { getOpenApi } from '@/app/api/endpoints';
import { mount } from '@/lib/run/serve';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getOpenApi);
