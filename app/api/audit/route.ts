import { mount } from '@/lib/run/serve';
import { getAudit } from '@/app/api/audit/endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getAudit);
