import 'server-only';
import { setTimeout as sleep } from 'node:timers/promises';
import { inRoute } from '@/lib/db/route';
import { sqlState } from '@/lib/pg/errors';
import { log } from '../log';
import { queueDue } from './due';
import { giveUpHopeless } from './jobs';
import { takeLaterFigures } from './later';
import { kickRunner } from './runner';

const tickMs = 1000;
const quietMs = 60_000;

/** One task must not keep the others from theirs; what fails is tried again with the next tick, and said once a minute. */
async function attempt(name: string, work: () => Promise<unknown>): Promise<void> {
  await inRoute('job', name, work).catch((error: unknown) => {
    const last = said.get(name) ?? 0;
    if (Date.now() - last < quietMs) return;
    said.set(name, Date.now());
    log('warn', `${name} could not be done; it is tried again`, { sqlState: sqlState(error) ?? null, kind: error instanceof Error ? error.name : typeof error });
  });
}

const said = new Map<string, number>();

/** What is due around jobs, for as long as this process lives: schedules, what nobody approves, and figures of later. */
export async function tendJobsForever(): Promise<void> {
  for (let tick = 0; ; tick += 1) {
    await attempt('schedules', async () => {
      if ((await queueDue()) > 0) kickRunner();
    });
    await attempt('jobs that wait', giveUpHopeless);
    if (tick % 60 === 0) await attempt('figures of later', takeLaterFigures);
    await sleep(tickMs, undefined, { ref: false });
  }
}
