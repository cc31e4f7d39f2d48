import { mount } from '@/lib/run/serve';
import { getPing } from '@/app/api/operations';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getPing);
