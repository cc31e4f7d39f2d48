import 'server-only';
import { conflictsWith, lockModes, type ActionObject, type LockMode, type Step } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { array, sql, type SQL } from '@/lib/pg/sql';
import type { Blocker } from '@/lib/kit/job';
import { maskSecrets } from '@/lib/kit/mask';
import { inView, preparedLocks } from '@/lib/kit/prepared-locks';

export type Preflight = {
  /** Sessions and prepared transactions whose locks on the table are in the way now, and those for whose end a command CONCURRENTLY waits because they use it. */
  blockers: Blocker[];
  /** Other sessions of this database with older snapshots, for which some commands CONCURRENTLY wait at their end. */
  snapshots: Blocker[];
  /** Sessions that run a statement on the table now. */
  users: number;
};

const strongest = (plan: readonly Step[]): LockMode | null => plan.reduce<LockMode | null>((found, { lock }) => (lock && (!found || lockModes.indexOf(lock) > lockModes.indexOf(found)) ? lock : found), null);

const session = sql`a.pid, null::text as gid, a.usename::text as role, a.state, (extract(epoch from clock_timestamp() - a.xact_start) * 1000)::float8 as open_ms, left(a.query, 500) as query`;

/** What is over in a moment holds nothing up. */
const isOld = sql`a.xact_start < clock_timestamp() - interval '1 second'`;

const masked = (found: Blocker[]): Blocker[] => found.map((one) => ({ ...one, query: one.query === null ? null : maskSecrets(one.query) }));

/** Who is in the way of a plan at this moment, and for whom it would wait. */
export async function preflight(ask: Ask, object: ActionObject, plan: readonly Step[]): Promise<Preflight> {
  const mode = strongest(plan);
  const awaited = plan.flatMap((step) => (step.waits === 'patient' ? [step.awaits] : []));
  const modes = mode ? conflictsWith(mode).map(inView) : [];
  const used = awaited.flatMap(({ lock }) => conflictsWith(lock).map(inView));
  const locked = (old: SQL) => sql`
    l.locktype = 'relation' and (l.relation = ${object.table}::oid or l.relation = any (${array(object.also ?? [])}::oid[]) or l.relation in (select relid::oid from pg_partition_tree(${object.table}::oid))) and l.database = (select oid from pg_database where datname = current_database())
      and l.granted and (l.mode = any (${array(modes)}) or l.mode = any (${array(used)}) and ${old})`;
  const blockers = object.table === null || modes.length === 0 ? [] : await ask<Blocker>(sql`
    select ${session}, string_agg(distinct l.mode, ', ' order by l.mode) as holds
    from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where ${locked(isOld)} and l.pid <> pg_backend_pid()
    group by a.pid, a.usename, a.state, a.xact_start, a.query
    union all
    select null, l.gid, l.owner, 'prepared', (extract(epoch from clock_timestamp() - l.prepared) * 1000)::float8, null, string_agg(distinct l.mode, ', ' order by l.mode)
    from ${preparedLocks()} l where ${locked(sql`true`)} group by l.gid, l.owner, l.prepared
    order by open_ms desc nulls last limit 20`);
  const snapshots = object.table === null || !awaited.some(({ snapshots: all }) => all) ? [] : await ask<Blocker>(sql`
    select ${session}, 'snapshot' as holds from pg_stat_activity a
    where a.datname = current_database() and a.backend_xmin is not null and a.pid <> pg_backend_pid() and a.backend_type = 'client backend'
      and ${isOld} and a.pid <> all (${array(blockers.flatMap(({ pid }) => (pid === null ? [] : [String(pid)])))}::int[])
    order by a.xact_start limit 20`);
  const [users] = object.table === null ? [] : await ask<{ n: number }>(sql`
    select count(distinct l.pid)::int as n from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'relation' and l.relation = ${object.table}::oid and l.granted and a.state = 'active' and l.pid <> pg_backend_pid()`);
  return { blockers: masked(blockers), snapshots: masked(snapshots), users: users?.n ?? 0 };
}
