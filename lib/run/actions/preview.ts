import 'server-only';
import { AppError, type FieldError } from '@/lib/errors';
import type { Action, ActionContext, ActionObject, Refusal, Risk, Step } from '@/lib/kit/action';
import type { ExportPlan, ImportPlan } from '@/lib/kit/export';
import type { Remedy } from '@/lib/kit/finding';
import type { Params } from '@/lib/kit/param';
import { isRefusedCredentials, isTimeout, isUnavailable } from '@/lib/pg/errors';
import { render, type SQL } from '@/lib/pg/sql';
import { exportFacts } from '../exports/store';
import { maintenanceSettings, monitorTransaction, requireTarget } from '../monitor';
import { serverFacts } from '../server';
import { freeDisk } from './free-disk';
import { preflight, type Preflight } from './preflight';
import type { RegisteredAction } from './registry';
import type { Parts } from './seal';

/** A step as text. `statements` where it is a transaction of several: `sql` is what a person sees of it. */
export type ShownStep = { sql: string; note: string; lock: Step['lock']; waits: Step['waits']; otherwise?: string | undefined; statements?: string[]; repeats?: { expected: number | null }; holdMs?: number; exports?: ExportPlan; imports?: ImportPlan };

/** The plan as a person sees it. */
export const shownPlan = (plan: readonly ShownStep[]) => plan.map(({ sql, note, lock, waits, otherwise, repeats }) => ({ sql, note, lock, waits, ...(otherwise === undefined ? {} : { otherwise }), batches: repeats !== undefined }));

export type Prepared = {
  target: string;
  object: ActionObject;
  params: Record<string, unknown>;
  context: ActionContext<Params>;
  plan: ShownStep[];
  guards: Refusal[];
  found: Preflight;
  inverse: Remedy | null;
  disk: number | null;
  /** Of the disk that it needs, where that is known. */
  free: number | null;
};

/** @throws AppError invalid, naming the parameter */
function parsedParams({ action }: RegisteredAction, sent: Record<string, string>): Record<string, unknown> {
  const errors: FieldError[] = Object.keys(sent).filter((key) => !Object.hasOwn(action.params, key)).map((key) => ({ path: `params.${key}`, code: 'unrecognized_keys', message: 'is not a parameter of this action' }));
  const values = Object.entries(action.params).map(([key, param]): [string, unknown] => {
    const parsed = param.schema.safeParse(sent[key] ?? param.default);
    if (!parsed.success) errors.push(...parsed.error.issues.map((issue) => ({ path: `params.${key}`, code: issue.code ?? 'custom', message: issue.message })));
    return [key, parsed.data];
  });
  if (errors.length > 0) throw new AppError('invalid', undefined, { errors });
  return Object.fromEntries(values);
}

export function stepOf({ sql, note, lock, waits, otherwise, repeats, holdMs, exports, imports }: Step): ShownStep {
  const statements = Array.isArray(sql) ? sql.map((one) => render(one).text) : null;
  const shown = statements ? ['BEGIN', ...statements, 'COMMIT'].map((text) => `${text};`).join('\n') : render(sql as SQL).text;
  return { sql: shown, note, lock, waits, ...(otherwise === undefined ? {} : { otherwise }), ...(statements ? { statements } : {}), ...(repeats ? { repeats } : {}), ...(holdMs ? { holdMs } : {}), ...(exports ? { exports } : {}), ...(imports ? { imports } : {}) };
}

/** Looks at the object as it is now and plans. @throws AppError invalid, not_found, database_unavailable */
export async function prepare(entry: RegisteredAction, targetName: string, sent: Record<string, string>): Promise<Prepared> {
  const target = requireTarget(targetName);
  const params = parsedParams(entry, sent);
  const { action } = entry;
  return reaching(async () => {
    const context = { params: params as never, server: await serverFacts(target), role: maintenanceSettings(target).user, exports: exportFacts(target, null) };
    return monitorTransaction(target, async (ask) => {
      const object = await action.find(ask, context);
      if (!object) throw new AppError('not_found', 'It is not on the target, or not any more.');
      const guards = action.guards(object, context);
      const steps = guards.length === 0 ? action.plan(object, context) : [];
      const found = await preflight(ask, object, steps);
      const disk = action.disk?.(object) ?? null;
      const place = action.place?.(object, context) ?? { relations: object.table === null ? [] : [object.table] };
      const free = disk === null || guards.length > 0 ? null : await freeDisk(ask, place);
      return { target, object, params, context, plan: steps.map(stepOf), guards, found, inverse: action.inverse?.(object, context) ?? null, disk, free };
    });
  });
}

/** @throws AppError guard_refused with what each guard says */
export function requireUnguarded({ guards }: Prepared): void {
  const [first] = guards;
  if (first) throw new AppError('guard_refused', first.says, { guards });
}

/** The risk of an action with these parameters. */
export const riskOf = (action: Action, { params }: Pick<Prepared, 'params'>): Risk => action.riskOf?.(params as never) ?? action.risk;

/** A target that is away is the caller's to know, not a defect. */
export async function reaching<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isUnavailable(error) || isRefusedCredentials(error)) throw new AppError('database_unavailable', 'The target cannot be reached, or refuses the role.', { retryAfter: 1 }, { cause: error });
    if (isTimeout(error)) throw new AppError('deadline_exceeded', 'The target did not answer in time, or a lock was in the way.', { retryAfter: 5 }, { cause: error });
    throw error;
  }
}

/** Sizes of the same class, of four times the bytes each, are the same to a preview. */
const sizeClass = (bytes: number | null): string => (bytes === null ? 'none' : String(Math.floor(Math.log2(Math.max(bytes, 1)) / 2)));

/** What the seal of a preview covers. */
export const partsOf = ({ id }: RegisteredAction, { target, object, params, plan, guards }: Prepared): Parts => ({
  action: JSON.stringify([id, target, params]),
  object: JSON.stringify([object.name, object.identity]),
  size: sizeClass(object.bytes),
  // How many rows there are is an estimate, which changes by itself.
  plan: JSON.stringify(shownPlan(plan)),
  guards: JSON.stringify(guards.map(({ name }) => name)),
});
