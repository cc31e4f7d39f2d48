import { action, type Refusal } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { standbyGuard } from '@/lib/kit/relation-object';
import { sql } from '@/lib/pg/sql';
import { archiveSteps, cutoffOf, goingOf, type Going } from './archive-plan';
import { archiveFigures, archiveGuards, copiedBytes, createArchives, findArchives, type ArchiveFamily } from './archives';
import { axisIn, named, written, type Placed } from './family';
import { childGuards, pendingGuard, policyGuard, rightGuards, timeGuard } from './family-guards';
import { inRange, provenOf, readOnce, withoutSkipped } from './partition-steps';

type Due = ArchiveFamily & { cutoff: number; going: Going[]; needed: number; /** DEFAULT holds rows that old. */ astray: boolean };

const tablesIn = ({ top, children }: ArchiveFamily) => [top, ...children];

async function isAstray(ask: Ask, { top }: ArchiveFamily, cutoff: number): Promise<boolean> {
  const along = axisIn(top);
  const { fallback } = top;
  if (!along || !fallback) return false;
  const [may] = await ask<{ may: boolean }>(sql`select has_table_privilege(${fallback.oid}::oid, 'select') as may`);
  return may?.may === true && (await ask(sql`select from ${named(fallback)} where ${inRange(along.axis, top.key ?? '', { from: -Infinity, to: cutoff })} limit 1`)).length > 0;
}

/** What is old enough and not moved by this has to be said, not passed over. */
function leftGuards({ top, cutoff, astray }: Due): Refusal[] {
  const other = axisIn(top)?.parts.find(({ kind, to }) => kind !== 'r' && to <= cutoff);
  return [
    ...(other ? [{ name: 'kind', says: `${other.rel} is that old, and is no plain partition: it is partitioned itself, or a foreign table.`, saferWay: `Archive the partitions under it, or detach it: partitions.detach on ${written(other)}.` }] : []),
    ...(astray ? [{ name: 'default_rows', says: `${top.fallback?.rel} holds rows that old.`, saferWay: `Give them their partitions first: partitions.rescue_default on ${written(top)}.` }] : []),
  ];
}

/** Of partitions that go row by row, those that hold rows to go; all of them where they may not be read. */
async function withRows(ask: Ask, { top, going }: Pick<Due, 'top' | 'going'>): Promise<Going[]> {
  const along = axisIn(top);
  const left: Going[] = [];
  for (const one of going) {
    const [may] = await ask<{ may: boolean }>(sql`select has_table_privilege(${one.part.oid}::oid, 'select') as may`);
    const found = one.whole || !along || !may?.may ? true : (await ask(sql`select from only ${named(one.part)} where ${inRange(along.axis, top.key ?? '', { from: -Infinity, to: one.until })} limit 1`)).length > 0;
    if (found) left.push(one);
  }
  return left;
}

const wholeParts = ({ part, whole }: Going): Placed[] => (whole ? [part, ...whole.map((one) => one.part)] : []);

/** The same with what is known of the partitions that go as a whole. */
async function withProofs(ask: Ask, going: Going[]): Promise<Going[]> {
  const known = new Map((await provenOf(ask, going.flatMap(wholeParts))).map((part) => [part.oid, part]));
  const seen = <P extends Placed>(part: P) => known.get(part.oid) ?? part;
  return going.map((one) => ({ ...one, part: seen(one.part), whole: one.whole?.map((beside) => ({ ...beside, part: seen(beside.part) })) ?? null }));
}

const blocks = 'Whole partitions: reads and writes of the tables wait for the change in the catalog, as long as given at most, queue included. Row by row: who changes one of the rows of the batch at hand waits for that batch. Archived rows are no longer seen in the tables, and no foreign key refers to them; triggers on deleting fire for rows, not for partitions.';

export const archive = action({
  name: 'archive',
  title: 'Archive old partitions',
  about: 'Takes what is older than so many days, and what refers to it, into archive tables beside: whole partitions in the catalog alone, others row by row.',
  permission: 'maintenance:destroy',
  risk: 'heavy',
  recurs: true,
  params: { table: param.object('Partitioned table'), days: param.count('Older than (days)', 365), partial: param.choice('Rows of a partition that is not old as a whole', ['stay', 'go too']), bound: param.ms('Others wait at most', 150) },
  find: async (ask, { params, role }): Promise<Due | null> => {
    const family = await findArchives(ask, params.table, role);
    if (!family) return null;
    const cutoff = cutoffOf(family, params.days);
    const due: Due = { ...family, cutoff, needed: 0, astray: await isAstray(ask, family, cutoff), going: goingOf(family, cutoff, params.partial === 'go too') };
    const going = await withProofs(ask, await withRows(ask, due));
    const byRow = going.filter(({ whole }) => whole === null).map(({ part }) => part);
    return { ...due, going, needed: await copiedBytes(ask, byRow, due.others.map(({ table }) => table)) };
  },
  guards: (object, { params, role, server }) => [
    ...standbyGuard(server.inRecovery),
    ...rightGuards(tablesIn(object), role, true), ...timeGuard(object.top), ...policyGuard(tablesIn(object)), ...pendingGuard(tablesIn(object)), ...archiveGuards(object), ...leftGuards(object),
    ...(params.days > 0 ? [] : [{ name: 'retention', says: 'With no day of retention everything would go.', saferWay: 'Say how many days stay.' }]),
    ...(object.going.some(({ whole }) => whole === null) ? childGuards(object) : childGuards(object).filter(({ name }) => name !== 'unindexed')),
  ],
  plan: (object, { params, role }) => (object.going.length === 0 ? [] : [...createArchives(object, role), ...archiveSteps(object, object.going, role).map((step) => ({ ...step, holdMs: params.bound }))]),
  blocks,
  blocksOf: ({ going }) => `${blocks}${readOnce(going.flatMap(wholeParts))}`,
  disk: ({ needed }) => needed || null,
  place: () => ({ tablespace: '' }),
  progress: null,
  tells: withoutSkipped,
  figures: (ask, object) => archiveFigures(ask, object as Due),
  inverse: ({ going, name, main }) => {
    const along = axisIn(main.table);
    const [first, last] = [going[0], going.at(-1)];
    return along && first && last && Number.isFinite(first.part.from) ? { action: 'partitions.restore', params: { table: name, from: new Date(first.part.from).toISOString(), to: new Date(last.until).toISOString() } } : null;
  },
  settle: async (ask, object, { params, role }) => {
    const family = await findArchives(ask, object.name, role);
    if (!family) return { state: 'undone', says: 'The table is gone.', mend: [] };
    const left = await withRows(ask, { top: family.top, going: goingOf(family, object.cutoff, params.partial === 'go too') });
    if (left.length === 0) return { state: 'done', says: 'Nothing that old is left in the table.', mend: [] };
    return { state: 'resumable', says: `Every row is either in the table or in the archive, with what refers to it; ${left.length} ${left.length === 1 ? 'partition is' : 'partitions are'} still to go.`, mend: [] };
  },
  stale: ['partitions', 'indexes', 'tables'],
});
