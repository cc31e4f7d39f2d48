import { action, type Refusal } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { standbyGuard } from '@/lib/kit/relation-object';
import { array, sql } from '@/lib/pg/sql';
import type { Dependents } from './dependents';
import { axisIn, findFamily, written, type Part } from './family';
import { lengthGuard, pendingGuard, policyGuard, rightGuards, timeGuard, zoneGuard } from './family-guards';
import { withoutSkipped } from './partition-steps';
import { calendarIn, everies, periodOf, readingsOf, zoneLabel } from './periods';
import { referencesOf } from './references';
import { dependentsOfPart, partDependentsGuard, replacedGuards, replacedOf } from './replaced';
import { cutsOf, endSteps, periodsIn, rescueSteps, retiredIn, retiredOf, traces, type Rescue } from './rescue-plan';

type Found = Rescue & { zone: string; /** Time zones that its days may be meant in, where how long its partitions are depends on that; null where it is known. */ undecided: string[] | null; needed: number; /** Those of several periods, with who depends on them. */ several: { part: Part; dependents: Dependents }[] };

function own({ top, source, children, zone, undecided, readable, taken }: Found): Refusal[] {
  if (!source) return [{ name: 'default', says: `${written(top)} has no DEFAULT partition.`, saferWay: null }];
  return [
    ...(source.kind === 'r' ? [] : [{ name: 'kind', says: 'Its DEFAULT partition is partitioned itself, or a foreign table.', saferWay: null }]),
    ...(readable ? [] : [{ name: 'privilege', says: `The role that looks may not read ${written(source)}, so which partitions are missing is not known.`, saferWay: null }]),
    ...(top.primary_key.length > 0 ? [] : [{ name: 'primary_key', says: 'It has no primary key, by which writes are repeated in a copy.', saferWay: 'Add a primary key.' }]),
    ...(source.secured ? [{ name: 'row_security', says: `${written(source)} has row security of its own.`, saferWay: null }] : []),
    ...(taken ? [{ name: 'old', says: `${retiredOf(source).rel} is there, and is not of this.`, saferWay: 'Rename that one.' }] : []),
    ...zoneGuard(top, zone), ...(undecided === null || !axisIn(top) || zoneGuard(top, zone).length > 0 ? [] : lengthGuard(top, undecided)),
    ...(children.length > 0 && top.sees_all ? [{ name: 'owner', says: `Other tables refer to it, and its owner ${top.owner} bypasses row security: PostgreSQL would not let DEFAULT go while rows refer to rows in it.`, saferWay: 'Give the tables to a role that is no superuser: ALTER TABLE … OWNER TO.' }] : []),
  ];
}

/** Only of what is replaced: a DEFAULT that stays may have what it likes. */
const inTheWay = ({ source, replaced, cuts, several }: Found): Refusal[] => [
  ...(source && replaced && cuts.some(({ range, pieces }) => range === null && pieces.length > 0) ? replacedGuards(source, replaced) : []), ...several.flatMap(({ part, dependents }) => partDependentsGuard(part, dependents)),
];

/** Of the largest of these, with its indexes: one at a time stands twice. */
async function largest(ask: Ask, parts: Part[]): Promise<number> {
  const [found] = await ask<{ bytes: number }>(sql`select coalesce(max(pg_total_relation_size(oid)), 0)::float8 as bytes from unnest(${array(parts.map(({ oid }) => oid))}::oid[]) oid`);
  return found?.bytes ?? 0;
}

export const rescueDefault = action({
  name: 'rescue_default',
  title: 'Move rows out of DEFAULT',
  about: 'Gives the rows that found no partition the partitions they belong in, while others read and write, also where other tables refer to them.',
  permission: 'maintenance:destroy',
  risk: 'heavy',
  recurs: true,
  params: { table: param.object('Partitioned table'), every: param.choice('Each', everies), zone: param.text(zoneLabel), bound: param.ms('Others wait at most', 150), undo: param.choice('An unfinished run', ['goes on', 'is taken back']) },
  find: async (ask, { params, role, server }): Promise<Found | null> => {
    const family = await findFamily(ask, params.table, role);
    if (!family) return null;
    const { top } = family;
    const source = top.fallback;
    const along = axisIn(top);
    const whole = along?.parts.filter(({ several }) => !several) ?? [];
    const period = along && periodOf(params.every, whole, params.zone);
    const undecided = period ? null : readingsOf(params.every, whole, params.zone).map((one) => calendarIn(one).zone);
    const references = await referencesOf(ask, top.oid);
    const [who] = await ask<{ sees_all: boolean }>(sql`select rolsuper or rolbypassrls as sees_all from pg_roles where rolname = ${role}`);
    const [may] = source ? await ask<{ readable: boolean }>(sql`select has_table_privilege(${source.oid}::oid, 'select') and not row_security_active(${source.oid}::oid) as readable`) : [];
    const readable = may?.readable ?? true;
    const retired = await retiredIn(ask, top);
    const taken = source !== null && (await traces(ask, source, written(source), role)).taken && !retired.some(({ rel }) => rel === source.rel);
    const cuts = source && period ? await cutsOf(ask, family, source, { period, bound: params.bound, role, readable }) : [];
    const several: Found['several'] = [];
    for (const part of top.parts.filter((one) => one.several)) several.push({ part, dependents: await dependentsOfPart(ask, part.oid, server.major) });
    const needed = await largest(ask, [...(source ? [source] : []), ...several.map(({ part }) => part)]);
    return { ...family, source, references, cuts, retired, taken, readable, zone: params.zone, undecided, as_owner: who?.sees_all ?? false, needed, major: server.major, replaced: source && (await replacedOf(ask, source, top, { role, major: server.major })), several };
  },
  guards: (object, { params, role, server }) => [
    ...standbyGuard(server.inRecovery), ...rightGuards([object.top], role, true), ...timeGuard(object.top), ...policyGuard([object.top]), ...pendingGuard([object.top]), ...own(object), ...(params.undo === 'is taken back' ? [] : inTheWay(object)),
  ],
  plan: (object, { params, role }) => rescueSteps(object, { role, undo: params.undo === 'is taken back' }).map((step) => ({ ...step, holdMs: params.bound })),
  blocks: 'Reads and writes go on. Each write of the partition at hand is done twice while it runs. Reads and writes of the table wait for each change of places, as long as given at most, queue included: of many periods DEFAULT is cut into a few partitions of several periods first, and each of those in turn. Where the time given is too short even so it gives up, and what is done stays. DEFAULT is another table after it, with all that was its own: indexes, constraints, privileges, settings and comments. What could not be carried over, and who depends on it by name, is refused before.',
  disk: ({ needed }) => needed || null,
  place: () => ({ tablespace: '' }),
  progress: null,
  tells: withoutSkipped,
  figures: async (ask, object) => ({ partitions: (await ask<{ n: number }>(sql`select count(*)::int as n from pg_inherits where inhparent = ${object.identity}::oid`))[0]?.n ?? null }),
  settle: async (ask, object, { params, role }, mended) => {
    const family = await findFamily(ask, object.name, role);
    const source = family?.top.fallback;
    const along = family && axisIn(family.top);
    if (!source || !along) return { state: 'undone', says: 'There is no DEFAULT partition.', mend: [] };
    const retired = await retiredIn(ask, family.top);
    const mend = retired.flatMap(endSteps);
    const { copy, mirrored } = await traces(ask, source, written(source), role);
    if (mirrored || copy) return { state: 'resumable', says: `Every row is in its partition or in ${source.rel} as before; the copy beside that is not finished${mirrored ? ', and writes are repeated in it' : ''}.`, mend };
    const several = along.parts.filter((part) => part.several).length;
    if (several > 0) return { state: 'resumable', says: `Every row is in a partition; ${several} of them ${several === 1 ? 'is' : 'are'} still to be cut into periods.`, mend };
    const period = periodOf(params.every, along.parts, params.zone);
    const [may] = await ask<{ readable: boolean }>(sql`select has_table_privilege(${source.oid}::oid, 'select') and not row_security_active(${source.oid}::oid) as readable`);
    if (may?.readable && period && (await periodsIn(ask, family.top, source, { period, others: along.parts, most: 1 })).length === 0) return { state: 'done', says: 'The rows are in their partitions.', mend };
    if (retired.length > 0 || mended) return { state: 'resumable', says: `Some rows are in their partitions, the others in ${source.rel} as before.`, mend };
    return { state: 'undone', says: 'Nothing has changed.', mend: [] };
  },
  stale: ['partitions', 'indexes', 'tables'],
});
