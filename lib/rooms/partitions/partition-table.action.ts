import { action } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { standbyGuard } from '@/lib/kit/relation-object';
import { sql } from '@/lib/pg/sql';
import { convertSteps, endOfConversion, plainFacts, plainGuards, restName, validateSteps, type Plain } from './convert';
import { dependentsOf } from './dependents';
import { axisIn, findFamily, type Part, type Table } from './family';
import { rightGuards } from './family-guards';
import { mirrorFunction } from './mirror';
import { ownedSequences, propertiesOf, unlikeGuards } from './own-properties';
import { missingPeriods, periodOf } from './periods';
import { referencesOf } from './references';
import { periodsIn, pieceNames, traces } from './rescue-plan';
import { freeNames } from './wanted';

const lengths = ['month', 'day', 'week', 'year'] as const;

/** The table as it would be cut, to ask the same questions of it. */
const asCut = (top: Table, by: string): Table => ({ ...top, strategy: 'r', key_columns: 1, key: by, key_type: top.columns.find(({ name }) => name === by)?.type.replace(/\(\d\)/, '') ?? null, parts: [] });

async function piecesOf(ask: Ask, top: Table, every: (typeof lengths)[number], now: number) {
  const period = periodOf(every, []);
  const source: Part = { parent: '', oid: top.oid, schema: top.schema, rel: top.rel, kind: 'r', bound: '', pending: false, bytes: 0, rows: null, proven: false, several: false, secured: false };
  if (!period) return [];
  const held = await periodsIn(ask, top, source, { period, others: [] });
  const ahead = missingPeriods([], { period, now, ahead: 3, gaps: false }).filter((one) => !held.some(({ from }) => from === one.from));
  return [...held, ...ahead].toSorted((a, b) => a.from - b.from);
}

export const partitionTable = action({
  name: 'partition_table',
  title: 'Partition a table',
  about: 'Makes a plain table one that is partitioned by a time, while others read and write: a trigger repeats their writes in a copy, which takes the table’s name once it is the same.',
  permission: 'maintenance:destroy',
  risk: 'heavy',
  recurs: false,
  params: { table: param.object('Table'), by: param.object('Column'), every: param.choice('A partition for each', lengths), bound: param.ms('Others wait at most', 150), old: param.choice('The old table', ['stays', 'is dropped']), undo: param.choice('An unfinished run', ['goes on', 'is taken back']) },
  find: async (ask, { params, role, server }): Promise<Plain | null> => {
    const family = await findFamily(ask, params.table, role, 'r');
    if (!family) return null;
    const [facts] = await ask<Plain['facts']>(plainFacts(family.top.oid, params.by));
    const [may] = await ask<{ readable: boolean }>(sql`select has_table_privilege(${family.top.oid}::oid, 'select') as readable`);
    const properties = await propertiesOf(ask, family.top.oid, role);
    if (!facts || !properties) return null;
    const { top } = family;
    const cut = asCut(top, params.by);
    const axis = axisIn(cut)?.axis ?? null;
    const ranges = axis && may?.readable ? await piecesOf(ask, cut, params.every, family.now_ms) : [];
    const names = await freeNames(ask, top.schema, [...pieceNames(top, ranges), restName(top)]);
    const pieces = ranges.map((range, index) => ({ ...range, rel: names[index] ?? '' }));
    return {
      ...family, bytes: facts.bytes, top, by: params.by, axis, facts, pieces, rest: names.at(-1) ?? '', ...(await traces(ask, top, top.oid, role)),
      references: await referencesOf(ask, top.oid), sequences: await ownedSequences(ask, top.oid), properties, dependents: await dependentsOf(ask, top.oid, server.major), lost: await unlikeGuards(ask, top.oid, server.major), major: server.major, readable: may?.readable ?? false,
    };
  },
  guards: (object, { role, server }) => [...standbyGuard(server.inRecovery), ...rightGuards([object.top], role, true), ...rightGuards(object.children, role, false), ...plainGuards(object)],
  plan: (object, { params, role }) => convertSteps(object, { role, undo: params.undo === 'is taken back', drop: params.old === 'is dropped' }).map((step) => ({ ...step, holdMs: params.bound })),
  blocks: 'Reads and writes go on. Each write is done twice while it runs. Reads and writes of it, and of tables that refer to it, wait for the change of names at the end, as long as given at most, queue included. Indexes, constraints, sequences, privileges, settings and comments are those of the table after it, by their names; storage parameters are those of each partition, and its primary key has the column too. What could not be carried over is refused before.',
  disk: ({ facts }) => facts.bytes * 2,
  place: () => ({ tablespace: '' }),
  progress: null,
  figures: async (ask, { name }) => ({ partitions: (await ask<{ n: number }>(sql`select count(*)::int as n from pg_inherits where inhparent = to_regclass(${name})`))[0]?.n ?? null }),
  settle: async (ask, { top, name, children }, { params, role }) => {
    const [now] = await ask<{ done: boolean; left: boolean }>(sql`
      select exists (select from pg_class c where c.oid = to_regclass(${name}) and c.relkind = 'p' and c.oid <> ${top.oid}::oid) as done, exists (select from pg_proc where proname = ${mirrorFunction(top).rel} and pronamespace = (select n.oid from pg_namespace n where n.nspname = ${top.schema})) as left`);
    if (now?.done) {
      const unproved = await ask<{ oid: string; fk: string }>(sql`select conrelid::text as oid, conname::text as fk from pg_constraint where contype = 'f' and confrelid = to_regclass(${name}) and conparentid = 0 and not convalidated`);
      const proofs = validateSteps(children.filter(({ oid, fk }) => unproved.some((one) => one.oid === oid && one.fk === fk)), top);
      return { state: 'done', says: 'The table is partitioned.', mend: [...proofs, ...(now.left ? endOfConversion(top, params.old === 'is dropped') : [])] };
    }
    const { copy, mirrored } = await traces(ask, top, top.oid, role);
    return mirrored || copy ? { state: 'resumable', says: `Every row is in ${top.rel} as before; the copy beside it is not finished${mirrored ? ', and writes are repeated in it' : ''}.`, mend: [] } : { state: 'undone', says: 'Nothing has changed.', mend: [] };
  },
  stale: ['partitions', 'tables', 'indexes'],
});
