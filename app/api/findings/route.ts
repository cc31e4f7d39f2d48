import { getFindings } from '@/app/api/findings/endpoints';
import { mount } from '@/lib/run/serve';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getFindings);
