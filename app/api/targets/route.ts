import { mount } from '@/lib/run/serve';
import { getTargets } from '@/app/api/operations';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getTargets);
