import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Planted } from '@/test/chaos-fixtures';
import { until } from '@/test/server';
import { timed, type Browser } from './measure';

export type Job = { id: string; state: string; says: string | null; waitedMs: number; startedAt: string | null; finishedAt: string | null };
const isOver = ({ state }: Job): boolean => state !== 'queued' && state !== 'running';

const post = async <T>(browser: Browser, path: string, body: unknown): Promise<T> => {
  const { status, text } = await browser.send(path, { method: 'POST', body: JSON.stringify(body) });
  if (status >= 300) throw new Error(`${path} answered ${status}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as T;
};

export async function begin(browser: Browser, action: string, planted: Pick<Planted, 'params' | 'confirm'>): Promise<string> {
  const path = `/api/${action.replace('.', '/')}`;
  const { params, confirm } = planted;
  const { seal } = await post<{ seal: string }>(browser, `${path}?preview`, { params });
  return (await post<{ jobId: string }>(browser, path, { params, seal, ...(confirm === undefined ? {} : { confirm }) })).jobId;
}

const jobOf = async (browser: Browser, id: string) => JSON.parse(await browser.get(`/api/jobs/${id}`)) as Job;

/** The job as it ended. */
export async function ended(browser: Browser, id: string): Promise<Job> {
  await until(async () => isOver(await jobOf(browser, id)));
  return jobOf(browser, id);
}

/** Sends these statements in turn until told to stop; how long each took, in milliseconds. */
export function traffic(client: pg.Client, statementOf: (n: number) => string): () => Promise<number[]> {
  const over = new AbortController();
  const took: number[] = [];
  const going = (async () => {
    for (let n = 0; !over.signal.aborted; n += 1) {
      took.push(await timed(() => client.query(statementOf(n))));
      await sleep(1);
    }
  })();
  return async () => {
    over.abort();
    await going;
    return took;
  };
}
