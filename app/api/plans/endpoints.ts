import { authorize, signedIn } from '@/lib/kit/caller';
import { endpoint } from '@/lib/kit/endpoint';
import { explainAnswer, explainBody } from '@/lib/rooms/plans/schema';
import { explainFor } from '@/lib/run/explain';
import { clientAddress } from '@/lib/run/peer';

/** A POST, for a statement does not belong in an address that logs keep; it changes nothing. */
export const postExplain = endpoint({
  method: 'POST',
  path: '/api/plans/explain',
  summary: 'The plan of one statement; with analyze it is run, in a read-only transaction that is rolled back, which needs plans:analyze',
  access: 'stats:read',
  body: explainBody,
  answers: { 200: explainAnswer },
  problems: [404, 409],
  deadlineMs: 30_000,
  handle: async ({ caller, body, request }) => {
    const known = signedIn(caller);
    if (body.analyze) authorize(known, 'plans:analyze');
    return { json: await explainFor(known, body, clientAddress(request)) };
  },
});

export const planEndpoints = [postExplain];
