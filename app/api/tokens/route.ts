import { mount } from '@/lib/run/serve';
import { getTokens, postToken } from '@/app/api/tokens/endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getTokens, postToken);
