import { afterAll, expect, vi } from 'vitest';
import type { JobView, PreviewView, Refusal } from '@/lib/kit/job';
import { call, type Sent } from './call';
import type { TestDatabase } from './database';
import { usePeople } from './people';

type Values = Record<string, string>;
type Options = { target?: string; confirm?: string; reason?: string };

/**
 * Actions through the API as a DBA, with a runner that does the jobs, ended with the file. Targets other than the product's own database have to be in
 * TARGETS before.
 */
export async function useActions(db: Pick<TestDatabase, 'sql'>) {
  const people = await usePeople(db);
  const dba: Sent = { cookie: people.dba.cookie };
  const { runForever } = await import('@/lib/run/actions/runner');
  const over = new AbortController();
  const running = runForever(() => over.signal.aborted);
  afterAll(async () => {
    over.abort();
    await running;
    await (await import('@/lib/run/monitor')).closeMonitors();
  });

  const post = (action: string, query: string, body: object) => call('POST', `/api/${action.replace('.', '/')}${query}`, { ...dba, body });
  const preview = (action: string, params: Values, { target = 'main' }: Options = {}) => post(action, '?preview', { params, target });
  const sealed = async (action: string, params: Values, options: Options = {}): Promise<PreviewView> => {
    const { status, body } = await preview(action, params, options);
    expect(status, JSON.stringify(body)).toBe(200);
    return body as PreviewView;
  };
  /** The guards that refuse it. */
  const refused = async (action: string, params: Values, options: Options = {}): Promise<Refusal[]> => {
    const { status, body } = await preview(action, params, options);
    expect([status, body], JSON.stringify(body)).toMatchObject([409, { code: 'guard_refused' }]);
    return (body as { guards: Refusal[] }).guards;
  };
  const start = async (action: string, params: Values, { target = 'main', ...more }: Options = {}): Promise<string> => {
    const { seal } = await sealed(action, params, { target });
    const { status, body } = await post(action, '', { params, target, seal, ...more });
    expect(status, JSON.stringify(body)).toBe(202);
    return (body as { jobId: string }).jobId;
  };
  const job = async (id: string) => (await call('GET', `/api/jobs/${id}`, dba)).body as JobView;
  const ended = (id: string, timeout = 30_000) => vi.waitFor(async () => {
    const now = await job(id);
    expect(now.state).toMatch(/^(succeeded|failed|cancelled|interrupted)$/);
    return now;
  }, { timeout, interval: 50 });
  /** From the preview to an end that has to be a success. */
  const done = async (action: string, params: Values, options: Options = {}): Promise<JobView> => {
    const outcome = await ended(await start(action, params, options));
    expect(outcome.state, `${action}: ${outcome.says}`).toBe('succeeded');
    return outcome;
  };
  const cancelJob = (id: string) => call('DELETE', `/api/jobs/${id}`, dba);
  return { people, dba, post, preview, sealed, refused, start, job, ended, done, cancelJob };
}
