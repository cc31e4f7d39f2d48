import { mount } from '@/lib/run/serve';
import { postExplain } from '@/app/api/plans/endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(postExplain);
