import 'server-only';
import { setTimeout as sleep } from 'node:timers/promises';
import { maskSecrets } from '@/lib/kit/mask';
import { sql } from '@/lib/pg/sql';
import { monitorTransaction } from '../monitor';

/** A session that another one waits for; `pid` 0 is a prepared transaction, which has none. */
export type InTheWay = { pid: number; role: string | null; application: string | null; state: string | null; since: string | null; query: string | null };

const blocking = (pid: number) => sql`
  select b.pid, a.usename::text as role, nullif(a.application_name, '') as application, coalesce(a.state, a.backend_type) as state, to_char(a.xact_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as since, nullif(left(a.query, 1000), '') as query
  from (select distinct unnest(pg_blocking_pids(${pid})) as pid) b left join pg_stat_activity a on a.pid = b.pid order by a.xact_start nulls last, b.pid limit 20`;

/** Runs something that may wait for a lock, and looks meanwhile who has it: once it has given way, nobody can tell. */
export async function seeing<T>(target: string, pid: number, work: () => Promise<T>, tell: (found: InTheWay[]) => void): Promise<T> {
  const over = new AbortController();
  const began = performance.now();
  const look = async () => {
    while (!over.signal.aborted) {
      const found = await monitorTransaction(target, (ask) => ask<InTheWay>(blocking(pid))).catch(() => []);
      if (found.length > 0) return tell(found);
      await sleep(performance.now() - began < 300 ? 15 : 200, undefined, { signal: over.signal }).catch(() => {});
    }
  };
  const looking = look();
  try {
    return await work();
  } finally {
    over.abort();
    await looking;
  }
}

const most = 200;
const shortened = (text: string): string => (text.length > most ? `${text.slice(0, most)}…` : text);

/** The first of them, in a sentence for a person to be put behind another, and how many more there are; empty where nobody was seen. */
export function named([first, ...others]: InTheWay[]): string {
  if (!first) return '';
  if (first.pid === 0) return ' A prepared transaction has it: see pg_prepared_xacts.';
  const who = [first.role, first.application].filter((one) => one !== null).join(', ');
  const query = first.query === null ? '' : `: “${shortened(maskSecrets(first.query).replaceAll(/\s+/g, ' ').trim())}”`;
  return ` In the way was pid ${first.pid}${who ? ` (${who})` : ''}${others.length === 0 ? '' : `, and ${others.length} more`}, ${first.state ?? 'which may not be seen'}${first.since === null ? '' : `, its transaction open since ${first.since} UTC`}${query}.`;
}
