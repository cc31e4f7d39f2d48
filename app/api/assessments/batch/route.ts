import { mount } from '@/lib/run/serve';
import { postBatch } from '@/app/api/assessments/endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(postBatch);
