import 'server-only';
import type { ProgressView } from '@/lib/kit/action';
import { ident, sql, type SQL } from '@/lib/pg/sql';
import { formatCount } from '@/lib/units';
import { monitorTransaction } from '../monitor';
import type { Backend, Progress } from './jobs';

/** In these phases the figures are still those of the phase before. */
const waits = sql`phase like 'waiting%'`;

/** Of each view what is done and what there is to do in the present phase; none has a total over all phases. */
const parts: Record<ProgressView, { done: SQL; total: SQL }> = {
  vacuum: { done: sql`heap_blks_scanned`, total: sql`heap_blks_total` },
  analyze: { done: sql`sample_blks_scanned`, total: sql`sample_blks_total` },
  create_index: { done: sql`case when ${waits} then lockers_done else coalesce(nullif(blocks_done, 0), tuples_done, 0) end`, total: sql`case when ${waits} then lockers_total else coalesce(nullif(blocks_total, 0), tuples_total, 0) end` },
  cluster: { done: sql`heap_blks_scanned`, total: sql`heap_blks_total` },
};

/** Rows that a step has moved in batches, and of how many. */
type Rows = { moved: number; expected: number | null };

type Seen = { phase: string | null; fraction: number | null; waiting: number; waited_ms: number | null; behind: number | null };

/** PostgreSQL gives the number 0 to a prepared transaction. */
const waitsFor = (pid: number): string => (pid === 0 ? 'Waits for a prepared transaction' : `Waits for process ${pid}`);

/** How far a job's session is, and who waits for it: how many sessions, and for how long the longest has waited. */
export async function progressOf(target: string, view: ProgressView | null, { pid }: Backend, { step, rows, held }: { step: number; rows: Rows | null; held: number }): Promise<Progress> {
  const [seen] = await monitorTransaction(target, (ask) => ask<Seen>(sql`
    select p.phase, p.fraction, w.waiting, w.waited_ms, (select min(b) from unnest(pg_blocking_pids(${pid})) b) as behind
    from (select count(*)::int as waiting, max(extract(epoch from clock_timestamp() - l.waitstart) * 1000)::float8 as waited_ms
      from pg_locks l where not l.granted and l.pid <> ${pid} and ${pid} = any (pg_blocking_pids(l.pid))) w
    left join (${view === null ? sql`select null::text as phase, null::float8 as fraction where false` : phaseOf(view, pid)}) p on true`));
  const own = rows && { phase: `${formatCount(rows.moved)}${rows.expected === null ? '' : ` of about ${formatCount(rows.expected)}`} rows moved`, fraction: rows.expected ? Math.min(1, rows.moved / rows.expected) : null };
  const behind = typeof seen?.behind === 'number' ? waitsFor(seen.behind) : null;
  return { step, phase: own?.phase ?? seen?.phase ?? behind, fraction: own ? own.fraction : (seen?.fraction ?? null), waiting: seen?.waiting ?? 0, waited_ms: seen?.waited_ms ?? 0, moved: rows?.moved ?? null, expected: rows?.expected ?? null, held_ms: held };
}

function phaseOf(view: ProgressView, pid: number): SQL {
  const { done, total } = parts[view];
  const phase = view === 'create_index' ? sql`phase || coalesce(': process ' || nullif(current_locker_pid, 0) || ' now', '')` : sql`phase`;
  return sql`select ${phase} as phase, least(1, (${done})::float8 / nullif(${total}, 0)) as fraction from ${ident(`pg_stat_progress_${view}`)} where pid = ${pid}`;
}
