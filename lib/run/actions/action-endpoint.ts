import 'server-only';
import { z } from 'zod';
import { writeAudit } from '@/lib/db/audit';
import { database, transaction } from '@/lib/db/client';
import { AppError, invalidField } from '@/lib/errors';
import { signedIn, type Caller } from '@/lib/kit/caller';
import { endpoint, type Answer, type Endpoint } from '@/lib/kit/endpoint';
import { previewSchema } from '@/lib/kit/job-schema';
import { sentParams, storableText } from '@/lib/kit/param';
import { clientAddress } from '../peer';
import { partsOf, prepare, requireUnguarded, riskOf, shownPlan, type Prepared } from './preview';
import { queueJob } from './queue-job';
import type { RegisteredAction } from './registry';
import { rehearse } from './rehearse';
import { kickRunner } from './runner';
import { checkSeal, sealOf } from './seal';

const body = z.strictObject({
  target: z.string().max(60).default('main'),
  params: sentParams.default({}),
  seal: z.string().max(2000).optional(),
  confirm: z.string().max(400).optional(),
  reason: storableText(500).optional(),
  group: z.guid().optional().describe('Jobs of one group run one at a time on a target, in the order they were asked for'),
  stopOnFailure: z.boolean().default(false).describe('Not to be begun after one of the group that did not succeed'),
});

/** The endpoint of one action: `?preview` shows the plan with its seal; with the seal it is queued. */
export function actionEndpoint(entry: RegisteredAction): Endpoint {
  const { action, room } = entry;
  const preview = async (prepared: Prepared): Promise<Answer> => {
    const { object, plan, found, inverse, disk, free } = prepared;
    const rehearsed = await rehearse(entry, prepared);
    return { json: { object: { name: object.name, bytes: object.bytes }, plan: shownPlan(plan), risk: riskOf(action, prepared), blocks: action.blocksOf?.(object) ?? action.blocks, estimate: { disk_bytes: disk, free_bytes: free }, ...found, rehearsed, inverse, ...sealOf(partsOf(entry, prepared)) } };
  };
  return endpoint({
    method: 'POST',
    path: `/api/${room.name}/${action.name}`,
    summary: action.title,
    access: action.permission,
    query: z.strictObject({ preview: z.literal('').optional() }),
    body,
    answers: { 200: previewSchema, 202: z.object({ jobId: z.string() }) },
    problems: [404, 409],
    deadlineMs: 15_000,
    handle: async ({ caller, query, body: asked, request }) => {
      const asking = { caller: signedIn(caller), address: clientAddress(request) };
      if (query.preview !== undefined) {
        const prepared = await prepare(entry, asked.target, asked.params);
        requireUnguarded(prepared);
        return preview(prepared);
      }
      const jobId = await recordingRefusals(entry, asked, asking, () => begin(entry, asked, asking));
      kickRunner();
      return { status: 202, json: { jobId } };
    },
  });
}

type Asked = z.output<typeof body>;
type Asking = { caller: Caller; address: string | null };

/** Looks at it all again, holds it against the seal, and queues the job. @throws AppError */
async function begin(entry: RegisteredAction, asked: Asked, { caller, address }: Asking): Promise<string> {
  if (asked.seal === undefined) throw invalidField('seal', 'required', 'must be the seal of a preview, from ?preview');
  const prepared = await prepare(entry, asked.target, asked.params);
  requireUnguarded(prepared);
  checkSeal(asked.seal, partsOf(entry, prepared));
  if (riskOf(entry.action, prepared) === 'destructive' && asked.confirm !== prepared.object.name) throw invalidField('confirm', 'mismatch', `must be the name of the object: ${prepared.object.name}`);
  const group = asked.group === undefined ? null : { id: asked.group, stopOnFailure: asked.stopOnFailure };
  return transaction((tx) => queueJob(tx, { entry, prepared, requester: { id: caller.userId, email: caller.email }, caller, address, reason: asked.reason?.trim() || null, group }));
}

const refusals = new Set(['guard_refused', 'seal_stale', 'object_busy']);

/** Who wanted what, and why it was not begun, is on record as what was begun is. */
async function recordingRefusals<T>({ id }: RegisteredAction, { target, params }: Asked, { caller, address }: Asking, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError && refusals.has(error.code)) await writeAudit(database(), { caller, action: id, object: `target:${target}`, outcome: 'refused', details: { code: error.code, says: error.message, params }, address });
    throw error;
  }
}
