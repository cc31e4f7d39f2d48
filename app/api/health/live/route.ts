import { mount } from '@/lib/run/serve';
import { getLive } from '@/app/api/operations';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getLive);
