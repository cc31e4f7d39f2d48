import { mount } from '@/lib/run/serve';
import { getHealth } from '@/app/api/operations';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getHealth);
