import { action, type Refusal } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { moment, param, type Param } from '@/lib/kit/param';
import { standbyGuard } from '@/lib/kit/relation-object';
import { render, sql } from '@/lib/pg/sql';
import { axisIn, findFamily, named, tablesOf, written, type Family, type Table } from './family';
import { pendingGuard, rightGuards, timeGuard } from './family-guards';
import { joinSteps } from './partition-steps';
import { overlaps } from './range-sets';
import type { Range } from './time-axis';

type Joining = Family & { part: Table; range: Range; attached: boolean; lacking: string[]; keys: string[] };

const at = (label: string): Param<string> => ({ label, kind: 'text', default: '', schema: moment });

/** Indexes and foreign keys of the table that the part has not: attaching would make them, under its lock. */
const lacks = (ask: Ask, top: string, part: string) => ask<{ kind: string; name: string }>(sql`
  select 'index' as kind, x.relname::text as name from pg_index p join pg_class x on x.oid = p.indexrelid where p.indrelid = ${top}::oid and p.indisvalid and not exists (
    select from pg_index i join pg_class y on y.oid = i.indexrelid where i.indrelid = ${part}::oid and i.indisvalid and i.indisunique = p.indisunique and y.relam = x.relam and i.indnatts = p.indnatts and i.indclass = p.indclass
      and i.indoption::text = p.indoption::text and (i.indpred is null) = (p.indpred is null) and (i.indexprs is null) = (p.indexprs is null)
      and (select array_agg(a.attname order by k.place) from unnest(i.indkey) with ordinality k(num, place) left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.num)
        is not distinct from (select array_agg(a.attname order by k.place) from unnest(p.indkey) with ordinality k(num, place) left join pg_attribute a on a.attrelid = p.indrelid and a.attnum = k.num))
  union all
  select 'key', k.conname::text from pg_constraint k where k.conrelid = ${top}::oid and k.contype = 'f' and k.conparentid = 0 and not exists (
    select from pg_constraint o where o.conrelid = ${part}::oid and o.contype = 'f' and o.confrelid = k.confrelid and o.convalidated)`);

const shape = ({ columns }: Table) => columns.map(({ name, type }) => `${name} ${type}`).toSorted().join(', ');

function own({ top, part, range, attached, lacking, keys }: Joining): Refusal[] {
  const along = axisIn(top);
  const over = along?.parts.find((one) => overlaps(one, range));
  return [
    ...(attached ? [{ name: 'attached', says: `${written(part)} is a partition already.`, saferWay: null }] : []),
    ...(range.from < range.to ? [] : [{ name: 'range', says: 'The range ends before it begins.', saferWay: null }]),
    ...(over && !attached ? [{ name: 'overlap', says: `${over.rel} holds a part of this range.`, saferWay: null }] : []),
    ...(shape(part) === shape(top) ? [] : [{ name: 'columns', says: `Its columns are not those of ${written(top)}.`, saferWay: null }]),
    ...lacking.slice(0, 1).map((name) => ({ name: 'index', says: `It has no index like ${name}: attaching would build it under its lock.`, saferWay: 'Create it first, concurrently.' })),
    ...keys.slice(0, 1).map((name) => ({ name: 'foreign_key', says: `It has no foreign key like ${name}: attaching would read all of it under its lock.`, saferWay: 'Add it first, NOT VALID, and validate it.' })),
  ];
}

export const attach = action({
  name: 'attach',
  title: 'Attach a partition',
  about: 'Makes a table a partition: what PostgreSQL would read under a strong lock is proved before, while reads and writes go on.',
  permission: 'maintenance:run',
  risk: 'heavy',
  recurs: false,
  params: { table: param.object('Partitioned table'), partition: param.object('Table to attach'), from: at('From'), to: at('To (not included)') },
  find: async (ask, { params, role }): Promise<Joining | null> => {
    const family = await findFamily(ask, params.table, role);
    const [found] = await ask<{ oid: string; attached: boolean }>(sql`
      select c.oid::text as oid, c.relispartition as attached from pg_class c where c.oid = to_regclass(${params.partition}) and c.relkind in ('r', 'p')`);
    const part = found && (await tablesOf(ask, [found.oid], role)).get(found.oid);
    if (!family || !part) return null;
    const lacking = await lacks(ask, family.top.oid, part.oid);
    const names = (kind: string) => lacking.filter((one) => one.kind === kind).map(({ name }) => name);
    return { ...family, identity: `${family.identity} ${part.oid}`, part, range: { from: Date.parse(params.from), to: Date.parse(params.to) }, attached: found.attached, lacking: names('index'), keys: names('key') };
  },
  guards: (object, { role, server }) => [...standbyGuard(server.inRecovery), ...rightGuards([object.top, object.part], role, false), ...timeGuard(object.top), ...pendingGuard([object.top]), ...own(object)],
  plan: ({ top, part, range }) => joinSteps(top, part, range),
  blocks: 'No read and no write of the table waits, but those that reach a DEFAULT partition; these, and those of the table to attach, wait at most 150 ms at a time, queue included.',
  progress: null,
  inverse: ({ part }) => ({ action: 'partitions.detach', params: { partition: render(named(part)).text } }),
  settle: async (ask, { top, part }) => {
    const found = await ask(sql`select from pg_inherits where inhrelid = ${part.oid}::oid and inhparent = ${top.oid}::oid`);
    return found.length > 0 ? { state: 'done', says: 'It is a partition.', mend: [] } : { state: 'resumable', says: 'It is a table of its own as before; checks that were added stay.', mend: [] };
  },
  stale: ['partitions', 'tables', 'indexes'],
});
