import { mount } from '@/lib/run/serve';
import { getExportedFile } from '../endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getExportedFile);
