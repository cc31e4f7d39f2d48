import { mount } from '@/lib/run/serve';
import { postApproval } from '../../endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(postApproval);
