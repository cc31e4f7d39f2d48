import { mount } from '@/lib/run/serve';
import { getVerification } from '@/app/api/audit/endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getVerification);
