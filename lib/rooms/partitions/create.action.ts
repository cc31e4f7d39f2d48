import { action, type Refusal } from '@/lib/kit/action';
import { param } from '@/lib/kit/param';
import { standbyGuard } from '@/lib/kit/relation-object';
import { sql } from '@/lib/pg/sql';
import { alike, axisIn, findFamily, written, type Family } from './family';
import { lengthGuard, pendingGuard, rightGuards, timeGuard, zoneGuard } from './family-guards';
import { everies, zoneLabel } from './periods';
import { stepsFor, wantedOf, type Wanted } from './wanted';

type Ahead = Family & { wanted: Wanted[]; zone: string };

const heldGuard = ({ wanted }: Ahead): Refusal[] =>
  wanted.filter(({ held }) => held === true).slice(0, 1).map(({ table }) => ({ name: 'default_rows', says: `${table.fallback?.rel ?? 'DEFAULT'} holds rows of the partitions to create.`, saferWay: `Move them first, which creates these partitions too: partitions.rescue_default on ${written(table)}.` }));

/** Where it cannot be told how long the next ones are to be. */
function lengthGuards({ wanted, top, zone }: Ahead): Refusal[] {
  const wrong = zoneGuard(top, zone);
  if (wrong.length > 0) return wrong;
  const open = wanted.find(({ undecided }) => undecided !== null);
  if (open?.undecided) return lengthGuard(open.table, open.undecided);
  return axisIn(top) || top.strategy === 'h' ? [] : lengthGuard(top, []);
}

export const create = action({
  name: 'create',
  title: 'Create partitions ahead',
  about: 'Makes sure that there are so many partitions ahead of now, and none missing between, of a table and of those that refer to it and are cut the same way.',
  permission: 'maintenance:run',
  risk: 'light',
  recurs: true,
  params: { table: param.object('Partitioned table'), ahead: param.count('Periods ahead', 3), every: param.choice('Each', everies), gaps: param.choice('Fill gaps too', ['yes', 'no']), zone: param.text(zoneLabel), children: param.choice('Tables that refer to it too', ['yes', 'no']), check: param.choice('A CHECK of their bounds, so that archiving need not read them', ['no', 'yes']) },
  find: async (ask, { params, role }): Promise<Ahead | null> => {
    const family = await findFamily(ask, params.table, role);
    if (!family) return null;
    const tables = [family.top, ...(params.children === 'yes' ? family.children.filter((child) => alike(family.top, child)) : [])];
    const wanted: Wanted[] = [];
    for (const table of tables) wanted.push(await wantedOf(ask, table, params, family.now_ms));
    return { ...family, wanted, zone: params.zone };
  },
  guards: (object, { role, server }) => {
    const tables = object.wanted.map(({ table }) => table);
    return [...standbyGuard(server.inRecovery), ...rightGuards(tables, role, true), ...(object.top.strategy === 'h' ? [] : timeGuard(object.top)), ...lengthGuards(object), ...pendingGuard(tables), ...heldGuard(object)];
  },
  plan: ({ wanted }, { params, role }) => wanted.flatMap((one) => stepsFor(one, { role, checked: params.check === 'yes' })),
  blocks: 'No read and no write of the table waits, but those that reach a DEFAULT partition, for at most 150 ms at a time. What is there already is left alone: where nothing is missing, nothing is done.',
  progress: null,
  figures: async (ask, object) => ({ partitions: (await ask<{ n: number }>(sql`select count(*)::int as n from pg_inherits where inhparent = ${object.identity}::oid`))[0]?.n ?? null }),
  settle: async (ask, object, { params, role }) => {
    const family = await findFamily(ask, object.name, role);
    if (!family) return { state: 'undone', says: 'The table is gone.', mend: [] };
    const tables = [family.top, ...(params.children === 'yes' ? family.children.filter((child) => alike(family.top, child)) : [])];
    const left: number[] = [];
    for (const table of tables) {
      const { ranges, remainders } = await wantedOf(ask, table, params, family.now_ms);
      left.push(ranges.length + remainders.length);
    }
    const missing = left.reduce((sum, count) => sum + count, 0);
    return missing === 0 ? { state: 'done', says: 'No partition is missing.', mend: [] } : { state: 'resumable', says: `Each partition is there whole or not at all; ${missing} are missing.`, mend: [] };
  },
  stale: ['partitions', 'indexes', 'tables'],
});
