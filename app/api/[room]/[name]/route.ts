import { diagnosticEndpoint } from '@/lib/run/diagnostic-endpoint';
import { diagnostics } from '@/lib/run/registry';
import { mount, notFoundRoute, type Handler, type Handlers } from '@/lib/run/serve';

const unknown = notFoundRoute();
const mounted = new Map([...diagnostics].map(([id, entry]) => [id, mount(diagnosticEndpoint(entry))]));

/** The one route of every declared diagnostic; what is not declared is 404. */
const dispatch = (method: keyof Handlers): Handler => async (request, context) => {
  const { room, name } = await context.params;
  const handlers = mounted.get(`${String(room)}.${String(name)}`) ?? unknown;
  return handlers[method](request, context);
};

export const GET = dispatch('GET');
export const POST = dispatch('POST');
export const PUT = dispatch('PUT');
export const PATCH = dispatch('PATCH');
export const DELETE = dispatch('DELETE');
export const OPTIONS = dispatch('OPTIONS');
