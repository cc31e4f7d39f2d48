import { action, type ActionObject, type Refusal } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { ident, literal, render, sql, type SQL } from '@/lib/pg/sql';
import { bytesBetween, walEnd } from './positions';

type Slot = ActionObject & { kind: string; plugin: string | null; database: string | null; active: boolean; pid: number | null; temporary: boolean; synced: boolean; restart: string | null; confirmed: string | null; allowed: boolean };

const findSlot = async (ask: Ask, name: string, role: string): Promise<Slot | null> => {
  const [found] = await ask<Omit<Slot, 'key' | 'identity' | 'table' | 'bytes'>>(sql`
    select s.slot_name::text as name, s.slot_type as kind, s.plugin::text as plugin, s.database::text as database, s.active, s.active_pid as pid, s.temporary, coalesce((to_jsonb(s)->>'synced')::bool, false) as synced,
      s.restart_lsn::text as restart, s.confirmed_flush_lsn::text as confirmed, m.rolsuper or m.rolreplication as allowed
    from pg_replication_slots s join pg_roles m on m.rolname = ${role} where s.slot_name = ${name}`);
  return found ? { ...found, key: `slot ${found.name}`, identity: [found.kind, found.plugin, found.database, found.restart, found.confirmed].join(' '), table: null, bytes: null } : null;
};

const same = (column: SQL, value: string | null, type: SQL): SQL => (value === null ? sql`${column} IS NULL` : sql`${column} = ${literal(value)}::${type}`);

/** That very slot, where it stood, and unused: one that has moved on is somebody’s. */
const thisSlot = ({ name, plugin, restart, confirmed }: Slot): SQL =>
  sql`slot_name = ${literal(name)} AND NOT active AND ${same(sql`plugin`, plugin, sql`name`)} AND ${same(sql`restart_lsn`, restart, sql`pg_lsn`)} AND ${same(sql`confirmed_flush_lsn`, confirmed, sql`pg_lsn`)}`;

const inUse = ({ active, pid, temporary, synced }: Slot): Refusal[] => [
  ...(active ? [{ name: 'active', says: `Process ${pid ?? 'unknown'} uses it.`, saferWay: 'Stop its consumer first: the standby, or the subscription.' }] : []),
  ...(temporary ? [{ name: 'temporary', says: 'It is temporary: it goes with its session.', saferWay: null }] : []),
  ...(synced ? [{ name: 'synced', says: 'The standby copies it from its primary: it would come again.', saferWay: 'Drop it on the primary.' }] : []),
];

const lost = ({ kind, plugin, database }: Slot): string =>
  kind === 'physical' ? 'Its standby, if it comes back, may find the WAL gone that it needs: then it needs the archive, or a new base backup.' : `Its consumer (${plugin ?? 'unknown'}, in ${database ?? 'unknown'}) cannot go on from where it was: it has to be synchronised anew.`;

export const dropSlot = action({
  name: 'drop_slot',
  title: 'Drop a replication slot',
  about: 'Takes a slot away that nobody uses: the WAL that it keeps is free with the next checkpoint, and vacuum goes on.',
  permission: 'maintenance:destroy',
  risk: 'destructive',
  recurs: false,
  params: { slot: param.filled('Slot', 'must be the name of a replication slot') },
  find: (ask, { params, role }): Promise<Slot | null> => findSlot(ask, params.slot, role),
  guards: (object, { role }) => [
    ...inUse(object),
    ...(object.allowed ? [] : [{ name: 'privilege', says: `${role} may not drop slots.`, saferWay: `${render(sql`ALTER ROLE ${ident(role)} REPLICATION`).text};` }]),
  ],
  plan: (object) => [{
    sql: sql`SELECT true, pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE ${thisSlot(object)}`,
    note: `${lost(object)} Nothing brings it back.`, lock: null, waits: 'bounded', otherwise: 'The slot is gone, in use, or has moved on: nothing was dropped.',
  }],
  blocks: 'Nobody waits.',
  progress: null,
  figures: async (ask, object) => {
    const [found] = await ask<{ retained: number | null }>(sql`select ${bytesBetween(walEnd, sql`s.restart_lsn`)} as retained from pg_replication_slots s where s.slot_name = ${object.name}`);
    return { retained_bytes: found?.retained ?? null };
  },
  settle: async (ask, object) => {
    const there = await ask(sql`select from pg_replication_slots where slot_name = ${object.name}`);
    return there.length === 0 ? { state: 'done', says: 'The slot is gone.', mend: [] } : { state: 'undone', says: 'The slot is still there.', mend: [] };
  },
  stale: ['replication', 'tables'],
});
