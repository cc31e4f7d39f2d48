import { mount } from '@/lib/run/serve';
import { listOwnSessions } from '@/app/api/auth/endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(listOwnSessions);
