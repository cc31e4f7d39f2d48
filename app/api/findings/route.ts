import { mount } from '@/lib/run/serve';
import { getFindings } from '@/app/api/operations';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getFindings);
