import 'server-only';
import { setTimeout as sleep } from 'node:timers/promises';
import { render, sql } from '@/lib/pg/sql';
import { Cancelled, type Session } from './job-session';
import type { Watch } from './watch';

/** Of the time that a batch took, what others get before the next. */
const share = 0.2;
/** Replicas farther behind than this are waited for. */
const mostLagBytes = 64 * 1024 * 1024;
/** Whoever waited longer for a batch than this makes the next one come later. */
const mostWaitMs = 150;
const lookMs = 1000;

const lagging = render(sql`
  select coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)), 0)::float8 as bytes from pg_stat_replication where state = 'streaming' and application_name not like 'pg\_%'`).text;

const lookedAt = new WeakMap<Session, number>();

/** Between two batches: foreground writers get their turn, and replicas time to catch up. @throws Cancelled */
export async function rest(session: Session, watch: Watch, tookMs: number): Promise<void> {
  await sleep(Math.min(1000, tookMs * share) + (watch.waitedNow() > mostWaitMs ? 500 : 0));
  if (performance.now() - (lookedAt.get(session) ?? 0) < lookMs) return;
  for (let told = false; ; told = true) {
    lookedAt.set(session, performance.now());
    const { rows } = await session.client.query<{ bytes: number }>(lagging);
    if ((rows[0]?.bytes ?? 0) < mostLagBytes) return;
    if (!told) watch.log('A replica is more than 64 MB behind: it is waited for.');
    await sleep(lookMs);
    if (watch.cancelled()) throw new Cancelled();
  }
}
