import { action, type Refusal } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { findRelation, relationGuards, standbyGuard, type RelationObject } from '@/lib/kit/relation-object';
import { ident, inlineNumber, join, literal, sql, type SQL } from '@/lib/pg/sql';
import { formatCount, formatMs } from '@/lib/units';
import { holders, holdsHere } from './holders-sql';
import { leftByVacuum, toldByVacuum } from './vacuum-log';

const asSet = 'as the server is set';

const params = {
  table: param.object('Table'),
  analyze: param.choice('Analyze too', ['yes', 'no']),
  freeze: param.choice('Freeze all rows', ['no', 'yes']),
  truncate: param.choice('Give empty pages at the end back', ['no', 'yes']),
  index_cleanup: param.choice('Clean the indexes', ['auto', 'on', 'off']),
  toast: param.choice('The TOAST table too', ['yes', 'no']),
  workers: param.choice('Workers for indexes', [asSet, '0', '1', '2', '4', '8']),
  buffers: param.choice('Buffers it may fill', [asSet, '256 kB', '2 MB', '16 MB', '256 MB', 'all']),
  locked: param.choice('Where a lock is in the way', ['try again', 'skip it']),
};

type Options = { [K in keyof typeof params]: string };

function optionsOf(asked: Options): SQL {
  const chosen: [boolean, SQL][] = [
    [true, sql`VERBOSE`],
    [asked.freeze === 'yes', sql`FREEZE`],
    [asked.analyze === 'yes', sql`ANALYZE`],
    [asked.truncate === 'no', sql`TRUNCATE false`],
    [asked.index_cleanup === 'on', sql`INDEX_CLEANUP on`],
    [asked.index_cleanup === 'off', sql`INDEX_CLEANUP off`],
    [asked.toast === 'no', sql`PROCESS_TOAST false`],
    [asked.workers !== asSet, sql`PARALLEL ${inlineNumber(Number(asked.workers) || 0)}`],
    [asked.buffers !== asSet, sql`BUFFER_USAGE_LIMIT ${literal(asked.buffers === 'all' ? '0' : asked.buffers)}`],
    [asked.locked === 'skip it', sql`SKIP_LOCKED`],
  ];
  return join(chosen.flatMap(([is, option]) => (is ? [option] : [])), sql`, `);
}

const noteOf = (asked: Options): string =>
  [
    asked.truncate === 'yes' ? 'Removes dead rows; at the end it asks for an ACCESS EXCLUSIVE lock to cut off empty pages, and gives way to whoever waits.' : 'Removes dead rows; the file keeps its size.',
    ...(asked.index_cleanup === 'off' ? ['Without the indexes no room becomes free: it is for transaction ids that run out, and has to be done again with them.'] : []),
    ...(asked.buffers === 'all' ? ['It may push everything else out of shared_buffers.'] : []),
  ].join(' ');

const majorGuard = (asked: Options, major: number): Refusal[] =>
  asked.buffers !== asSet && major < 16 ? [{ name: 'major', says: `BUFFER_USAGE_LIMIT is known from PostgreSQL 16; this is ${major}.`, saferWay: 'Leave it as the server is set.' }] : [];

type Holder = { kind: string; name: string; held_ms: number | null };

/** The oldest that may still see dead rows of this database. What is over in a moment keeps none. */
async function holderOf(ask: Ask): Promise<Holder | null> {
  const [found] = await ask<Holder>(sql`
    select kind, name, held_ms from (${holders}) h
    where age > 0 and not inherits and ${holdsHere} and (held_ms is null or held_ms >= 1000) order by age desc limit 1`);
  return found ?? null;
}

const nobodyWaits = 'No read and no write waits. Another VACUUM, index builds and changes of the table wait.';

export const vacuum = action({
  name: 'vacuum',
  title: 'Vacuum a table',
  about: 'Makes the room of dead rows free for new ones and keeps transaction ids from running out.',
  permission: 'maintenance:run',
  risk: 'light',
  recurs: true,
  params,
  find: async (ask, context): Promise<(RelationObject & { holder: Holder | null }) | null> => {
    const found = await findRelation(ask, context.params.table, 'rmp', context.role, context.server.major);
    return found && { ...found, holder: await holderOf(ask) };
  },
  guards: (object, { params: asked, role, server }) => [...standbyGuard(server.inRecovery), ...relationGuards(object, role, 'vacuumed'), ...majorGuard(asked, server.major)],
  plan: ({ schema, rel }, { params: asked }) => [{ sql: sql`VACUUM (${optionsOf(asked)}) ${ident(schema, rel)}`, note: noteOf(asked), lock: 'SHARE UPDATE EXCLUSIVE', waits: 'bounded' }],
  blocks: nobodyWaits,
  blocksOf: ({ holder }) => (holder === null ? nobodyWaits : `${nobodyWaits} Rows that the ${holder.kind} ${holder.name} may still see${holder.held_ms === null ? '' : `, for ${formatMs(holder.held_ms)} now,`} stay however dead they are.`),
  progress: 'vacuum',
  tells: toldByVacuum,
  concludes: (notices) => {
    const left = leftByVacuum(notices);
    return left === 0 ? null : `${formatCount(left)} dead ${left === 1 ? 'row stays' : 'rows stay'}: somebody may still see ${left === 1 ? 'it' : 'them'}. What holds vacuum back, in Tables, says who.`;
  },
  figures: async (ask, { table }) => {
    const [found] = await ask<{ dead_rows: number; heap_bytes: number; age: number | null }>(sql`
      select pg_stat_get_dead_tuples(oid)::float8 as dead_rows, pg_relation_size(oid)::float8 as heap_bytes, case when relfrozenxid <> 0 then age(relfrozenxid) end as age from pg_class where oid = ${table}::oid`);
    return { dead_rows: found?.dead_rows ?? null, heap_bytes: found?.heap_bytes ?? null, xid_age: found?.age ?? null };
  },
  settle: async () => ({ state: 'undone', says: 'Whatever it had cleaned stays clean; nothing is half done.', mend: [] }),
  stale: ['tables', 'indexes'],
});
