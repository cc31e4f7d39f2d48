import { actionEndpoint } from '@/lib/run/actions/action-endpoint';
import { actions } from '@/lib/run/actions/registry';
import { diagnosticEndpoint } from '@/lib/run/diagnostic-endpoint';
import { diagnostics } from '@/lib/run/registry';
import { mount, notFoundRoute, type Handler, type Handlers } from '@/lib/run/serve';

const unknown = notFoundRoute();
/** Of one name there can be a diagnostic, which is asked with GET, and an action, which is done with POST. */
const mounted = new Map(
  [...new Set([...diagnostics.keys(), ...actions.keys()])].map((id) => {
    const [diagnostic, action] = [diagnostics.get(id), actions.get(id)];
    return [id, mount(...(diagnostic ? [diagnosticEndpoint(diagnostic)] : []), ...(action ? [actionEndpoint(action)] : []))];
  }),
);

/** The one route of every declared diagnostic and action; what is not declared is 404. */
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
