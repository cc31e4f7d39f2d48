import { mount } from '@/lib/run/serve';
import { signOut } from '@/app/api/auth/endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(signOut);
