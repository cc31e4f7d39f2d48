import 'server-only';
import { setTimeout as sleep } from 'node:timers/promises';
import { maskSecrets } from '@/lib/kit/mask';
import { keepsWaiting, preparedLocks } from '@/lib/kit/prepared-locks';
import { sql, type SQL } from '@/lib/pg/sql';
import { monitorTransaction } from '../monitor';

/** A session that another one waits for; `pid` 0 is a prepared transaction, which has none, but a `gid` where it is still there. */
export type InTheWay = { pid: number; gid: string | null; role: string | null; application: string | null; state: string | null; since: string | null; query: string | null };

const openSince = (at: SQL): SQL => sql`to_char(${at} at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')`;

/** One reading of pg_locks, after that of who blocks: a prepared transaction that has ended in between has no gid. */
const blocking = (pid: number) => sql`
  with b as materialized (select distinct unnest(pg_blocking_pids(${pid})) as pid), l as materialized (select * from pg_locks where exists (select from b where b.pid = 0))
  select b.pid, g.gid, coalesce(a.usename::text, g.owner) as role, nullif(a.application_name, '') as application, coalesce(a.state, a.backend_type) as state, coalesce(${openSince(sql`a.xact_start`)}, ${openSince(sql`g.prepared`)}) as since, nullif(left(a.query, 1000), '') as query
  from b left join pg_stat_activity a on a.pid = b.pid
    left join (select distinct h.gid, h.owner, h.prepared from ${preparedLocks(sql`l`)} h join l w on w.pid = ${pid} and not w.granted and ${keepsWaiting(sql`h`, sql`w`)}) g on b.pid = 0
  order by a.xact_start nulls last, b.pid, g.prepared limit 20`;

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
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  if (first.pid === 0 && first.gid === null) return ` A prepared transaction has it${more}: see pg_prepared_xacts.`;
  const since = first.since === null ? '' : `, its transaction open since ${first.since} UTC`;
  if (first.pid === 0) return ` In the way was the prepared transaction “${first.gid}”${first.role === null ? '' : ` (${first.role})`}${more}${since.replace('its transaction open', 'prepared')}: it keeps its locks until somebody ends it by that name.`;
  const who = [first.role, first.application].filter((one) => one !== null).join(', ');
  const query = first.query === null ? '' : `: “${shortened(maskSecrets(first.query).replaceAll(/\s+/g, ' ').trim())}”`;
  return ` In the way was pid ${first.pid}${who ? ` (${who})` : ''}${more}, ${first.state ?? 'which may not be seen'}${since}${query}.`;
}
