import { action, type Refusal } from '@/lib/kit/action';
import { param } from '@/lib/kit/param';
import { standbyGuard } from '@/lib/kit/relation-object';
import { sql } from '@/lib/pg/sql';
import { axisIn, findFamily, written } from './family';
import { pendingGuard, policyGuard, rightGuards, timeGuard } from './family-guards';
import { everies, periodOf } from './periods';
import { referencesOf } from './references';
import { endSteps, periodsIn, pieceNames, rescueSteps, retiredOf, traces, type Rescue } from './rescue-plan';
import { freeNames } from './wanted';

type Found = Rescue & { period: boolean };

function own({ top, source, children, period, readable, retired, taken }: Found): Refusal[] {
  if (!source) return [{ name: 'default', says: `${written(top)} has no DEFAULT partition.`, saferWay: null }];
  return [
    ...(source.kind === 'r' ? [] : [{ name: 'kind', says: 'Its DEFAULT partition is partitioned itself, or a foreign table.', saferWay: null }]),
    ...(readable ? [] : [{ name: 'privilege', says: `The role that looks may not read ${written(source)}, so which partitions are missing is not known.`, saferWay: null }]),
    ...(top.primary_key.length > 0 ? [] : [{ name: 'primary_key', says: 'Without a primary key its rows cannot be told apart, so writes cannot be repeated in a copy.', saferWay: 'Add a primary key.' }]),
    ...(source.secured ? [{ name: 'row_security', says: `${written(source)} has row security of its own.`, saferWay: null }] : []),
    ...(taken && !retired ? [{ name: 'old', says: `${retiredOf(source).rel} is there, and is not of this.`, saferWay: 'Rename that one.' }] : []),
    ...(period ? [] : [{ name: 'period', says: 'It has no partition yet whose length could be taken.', saferWay: 'Say how long each is to be.' }]),
    ...(children.length > 0 && top.sees_all ? [{ name: 'owner', says: `Other tables refer to it, and its owner ${top.owner} bypasses row security: PostgreSQL would not let DEFAULT go while rows refer to rows in it.`, saferWay: 'Give the tables to a role that is no superuser: ALTER TABLE … OWNER TO.' }] : []),
  ];
}

export const rescueDefault = action({
  name: 'rescue_default',
  title: 'Move rows out of DEFAULT',
  about: 'Gives the rows that found no partition the partitions they belong in, while others read and write, also where other tables refer to them.',
  permission: 'maintenance:destroy',
  risk: 'heavy',
  recurs: true,
  params: { table: param.object('Partitioned table'), every: param.choice('Each', everies), bound: param.ms('Others wait at most', 150), undo: param.choice('An unfinished run', ['goes on', 'is taken back']) },
  find: async (ask, { params, role }): Promise<Found | null> => {
    const family = await findFamily(ask, params.table, role);
    if (!family) return null;
    const { top } = family;
    const source = top.fallback;
    const along = axisIn(top);
    const period = along && periodOf(params.every, along.parts);
    const references = await referencesOf(ask, top.oid);
    const [who] = await ask<{ sees_all: boolean }>(sql`select rolsuper or rolbypassrls as sees_all from pg_roles where rolname = ${role}`);
    const bare = { ...family, source, references, pieces: [], copy: null, mirrored: false, retired: false, taken: false, readable: true, period: period !== null, as_owner: who?.sees_all ?? false };
    if (!source || !period) return bare;
    const [may] = await ask<{ readable: boolean }>(sql`select has_table_privilege(${source.oid}::oid, 'select') and not row_security_active(${source.oid}::oid) as readable`);
    const ranges = may?.readable ? await periodsIn(ask, top, source, period) : [];
    const names = await freeNames(ask, top.schema, pieceNames(top, ranges));
    return { ...bare, ...(await traces(ask, source, role)), readable: may?.readable ?? false, pieces: ranges.map((range, index) => ({ ...range, rel: names[index] ?? '' })) };
  },
  guards: (object, { role, server }) => [
    ...standbyGuard(server.inRecovery), ...rightGuards([object.top], role, true), ...timeGuard(object.top), ...policyGuard([object.top]), ...pendingGuard([object.top]), ...own(object),
  ],
  plan: (object, { params, role }) => rescueSteps(object, { role, undo: params.undo === 'is taken back' }).map((step) => ({ ...step, holdMs: params.bound })),
  blocks: 'Reads and writes go on. Each write of DEFAULT is done twice while it runs. Reads and writes of the table wait for the change of places at the end, as long as given at most, queue included; where that is too short for so many partitions it gives up and nothing has changed.',
  disk: ({ source }) => source?.bytes ?? null,
  place: () => ({ tablespace: '' }),
  progress: null,
  figures: async (ask, object) => ({ partitions: (await ask<{ n: number }>(sql`select count(*)::int as n from pg_inherits where inhparent = ${object.identity}::oid`))[0]?.n ?? null }),
  settle: async (ask, object, { role }) => {
    const family = await findFamily(ask, object.name, role);
    const source = family?.top.fallback;
    if (!source) return { state: 'undone', says: 'There is no DEFAULT partition.', mend: [] };
    const { copy, mirrored, retired } = await traces(ask, source, role);
    if (retired) return { state: 'done', says: 'The rows are in their partitions.', mend: endSteps(source) };
    if (mirrored || copy) return { state: 'resumable', says: `Every row is in ${source.rel} as before; the copy beside it is not finished${mirrored ? ', and writes are repeated in it' : ''}.`, mend: [] };
    return { state: 'undone', says: 'Nothing has changed.', mend: [] };
  },
  stale: ['partitions', 'indexes', 'tables'],
});
