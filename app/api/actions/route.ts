import { mount } from '@/lib/run/serve';
import { getActions } from './endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getActions);
