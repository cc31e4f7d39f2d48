import { z } from 'zod';
import { endpoints } from '@/app/api/endpoints';
import { endpoint } from '@/lib/kit/endpoint';
import { openApi } from '@/lib/run/openapi';
import { mount } from '@/lib/run/serve';

const getOpenApi = endpoint({
  method: 'GET',
  path: '/api/openapi.json',
  summary: 'This description',
  access: 'signed-in',
  answers: { 200: z.record(z.string(), z.unknown()) },
  handle: async () => ({ json: openApi([...endpoints, getOpenApi]) }),
});

export const { GET, POST, PUT, PATCH, DELETE } = mount(getOpenApi);
