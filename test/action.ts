import { expect, vi } from 'vitest';
import { call, type Sent } from './call';

export type RanJob = { id: string; state: string; says: string | null; resumable: boolean; log: { says: string }[]; waitedMs: number; startedAt: string | null; finishedAt: string | null; progress: { moved: number | null; held_ms: number } | null; plan: { sql: string }[] };
export type Shown = { seal: string; plan: { sql: string; note: string; lock: string | null; batches: boolean }[]; inverse: unknown };
export type Guarded = { code: string; guards: { name: string; says: string; saferWay: string | null }[] };

/** Actions through the API, as a person starts them; a runner of this process has to run. */
export function actionsAs(who: Sent, { target = 'main', most = 60_000 }: { target?: string; most?: number } = {}) {
  const path = (action: string) => `/api/${action.replace('.', '/')}`;
  const preview = (action: string, params: Record<string, string>) => call('POST', `${path(action)}?preview`, { ...who, body: { target, params } });
  const shown = async (action: string, params: Record<string, string>): Promise<Shown> => {
    const { status, body } = await preview(action, params);
    expect(status, JSON.stringify(body)).toBe(200);
    return body as Shown;
  };
  const start = async (action: string, params: Record<string, string>, confirm?: string): Promise<string> => {
    const { seal } = await shown(action, params);
    const { status, body } = await call('POST', path(action), { ...who, body: { target, params, seal, ...(confirm ? { confirm } : {}) } });
    expect(status, JSON.stringify(body)).toBe(202);
    return (body as { jobId: string }).jobId;
  };
  const jobOf = async (id: string) => (await call('GET', `/api/jobs/${id}`, who)).body as RanJob;
  const ended = (id: string) => vi.waitFor(async () => {
    const job = await jobOf(id);
    expect(job.state).toMatch(/^(succeeded|failed|cancelled|interrupted)$/);
    return job;
  }, { timeout: most, interval: 100 });
  const run = async (action: string, params: Record<string, string>, confirm?: string) => ended(await start(action, params, confirm));
  const done = async (action: string, params: Record<string, string>, confirm?: string): Promise<RanJob> => {
    const job = await run(action, params, confirm);
    expect(job.state, `${job.says ?? ''}\n${job.log.map(({ says }) => says).join('\n')}`).toBe('succeeded');
    return job;
  };
  return { preview, shown, start, jobOf, ended, run, done, cancel: (id: string) => call('DELETE', `/api/jobs/${id}`, who) };
}
