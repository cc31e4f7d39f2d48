import { mount } from '@/lib/run/serve';
import { getSessions } from '@/app/api/sessions/endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getSessions);
