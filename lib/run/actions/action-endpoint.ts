import 'server-only';
import { z } from 'zod';
import { AppError, invalidField } from '@/lib/errors';
import { lockModes, risks } from '@/lib/kit/action';
import { signedIn } from '@/lib/kit/caller';
import { endpoint, type Answer, type Endpoint } from '@/lib/kit/endpoint';
import { storableText } from '@/lib/kit/param';
import { clientAddress } from '../peer';
import { queueJob } from './jobs';
import { paramsSchema, partsOf, prepare, type Prepared } from './preview';
import type { RegisteredAction } from './registry';
import { kickRunner } from './runner';
import { checkSeal, sealOf } from './seal';

const stepSchema = z.object({ sql: z.string(), note: z.string(), lock: z.enum(lockModes).nullable(), waits: z.enum(['bounded', 'patient']), otherwise: z.string().optional() });
const blockerSchema = z.object({ pid: z.number(), role: z.string().nullable(), state: z.string().nullable(), open_ms: z.number().nullable(), holds: z.string(), query: z.string().nullable() });
export const remedySchema = z.union([z.object({ action: z.string(), params: z.record(z.string(), z.unknown()) }), z.object({ sql: z.string() })]).nullable();

const previewSchema = z.object({
  object: z.object({ name: z.string(), bytes: z.number().nullable() }),
  plan: z.array(stepSchema),
  risk: z.enum(risks),
  blocks: z.string(),
  estimate: z.object({ disk_bytes: z.number().nullable() }),
  blockers: z.array(blockerSchema),
  snapshots: z.array(blockerSchema),
  users: z.number(),
  inverse: remedySchema,
  seal: z.string(),
  expiresAt: z.string(),
});

const body = z.strictObject({
  target: z.string().max(60).default('main'),
  params: paramsSchema.default({}),
  seal: z.string().max(2000).optional(),
  confirm: z.string().max(400).optional(),
  reason: storableText(500).optional(),
});

/** @throws AppError guard_refused with what each guard says */
function requireUnguarded({ guards }: Prepared): void {
  const [first] = guards;
  if (first) throw new AppError('guard_refused', first.says, { guards });
}

/** The endpoint of one action: `?preview` shows the plan with its seal; with the seal it is queued. */
export function actionEndpoint(entry: RegisteredAction): Endpoint {
  const { action, room, id } = entry;
  const preview = async (prepared: Prepared): Promise<Answer> => {
    const { object, plan, found, inverse, disk } = prepared;
    return { json: { object: { name: object.name, bytes: object.bytes }, plan, risk: action.risk, blocks: action.blocks, estimate: { disk_bytes: disk }, ...found, inverse, ...sealOf(partsOf(entry, prepared)) } };
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
      const who = signedIn(caller);
      if (query.preview === undefined && asked.seal === undefined) throw invalidField('seal', 'required', 'must be the seal of a preview, from ?preview');
      const prepared = await prepare(entry, asked.target, asked.params);
      requireUnguarded(prepared);
      if (query.preview !== undefined) return preview(prepared);
      checkSeal(asked.seal ?? '', partsOf(entry, prepared));
      if (action.risk === 'destructive' && asked.confirm !== prepared.object.name) throw invalidField('confirm', 'mismatch', `must be the name of the object: ${prepared.object.name}`);
      const jobId = await queueJob(id, prepared, who, asked.reason?.trim() || null, clientAddress(request));
      kickRunner();
      return { status: 202, json: { jobId } };
    },
  });
}
