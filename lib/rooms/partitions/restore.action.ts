import { action, type Refusal } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { moment, param, type Param } from '@/lib/kit/param';
import { standbyGuard } from '@/lib/kit/relation-object';
import { sql } from '@/lib/pg/sql';
import { archiveFigures, archiveGuards, copiedBytes, findArchives, type ArchiveFamily } from './archives';
import { axisIn, named, written } from './family';
import { childGuards, pendingGuard, policyGuard, rightGuards, timeGuard } from './family-guards';
import { inRange, provenOf, readOnce, withoutSkipped } from './partition-steps';
import { comingOf, restoreSteps, type Coming } from './restore-plan';

type Back = ArchiveFamily & { coming: Coming[]; needed: number };

const at = (label: string): Param<string> => ({ label, kind: 'text', default: '', schema: moment });
const rangeOf = ({ from, to }: { from: string; to: string }) => ({ from: Date.parse(from), to: Date.parse(to) });

/** A partition of an archive that was emptied row by row has nothing to come back. */
async function withRows(ask: Ask, family: ArchiveFamily, coming: Coming[]): Promise<Coming[]> {
  const along = axisIn(family.top);
  const left: Coming[] = [];
  for (const one of coming) {
    if (!one.whole && one.of !== family.main) continue;
    const [may] = await ask<{ may: boolean }>(sql`select has_table_privilege(${one.part.oid}::oid, 'select') as may`);
    const found = one.whole || !along || !may?.may ? true : (await ask(sql`select from only ${named(one.part)} where ${inRange(along.axis, family.top.key ?? '', one.range)} limit 1`)).length > 0;
    if (found) left.push(one);
  }
  return left;
}

const archives = ({ main, others }: ArchiveFamily) => [main, ...others].flatMap(({ archive }) => (archive ? [archive] : []));

const nothingGuard = ({ main, top }: Back): Refusal[] => (main.archive ? [] : [{ name: 'archive', says: `${written(top)} has no archive: ${written(main.place)} is not there.`, saferWay: null }]);

const blocks = 'Whole partitions: reads and writes of the archive, and writes of the tables while a foreign key is added, wait as long as given at most, queue included; for some moments the rows are back and those that refer to them are still in the archive. Row by row: nobody but who changes the rows of the batch at hand. Triggers on inserting fire for rows, not for partitions.';

export const restore = action({
  name: 'restore',
  title: 'Bring archived rows back',
  about: 'Moves what was archived of a stretch of time back into its tables, with what refers to it: whole partitions in the catalog alone, others row by row.',
  permission: 'maintenance:destroy',
  risk: 'heavy',
  recurs: false,
  params: { table: param.object('Partitioned table'), from: at('From'), to: at('To (not included)'), bound: param.ms('Others wait at most', 150) },
  find: async (ask, { params, role }): Promise<Back | null> => {
    const family = await findArchives(ask, params.table, role);
    if (!family) return null;
    const coming = await withRows(ask, family, comingOf(family, rangeOf(params)));
    const known = await provenOf(ask, coming.filter(({ whole }) => whole).map(({ part }) => part));
    const byRow = coming.filter(({ whole }) => !whole).map(({ part }) => part);
    return { ...family, coming: coming.map((one) => ({ ...one, part: known.find(({ oid }) => oid === one.part.oid) ?? one.part })), needed: await copiedBytes(ask, byRow, family.others.flatMap(({ archive }) => archive ?? [])) };
  },
  guards: (object, { role, server }) => [
    ...standbyGuard(server.inRecovery),
    ...rightGuards([object.top, ...object.children, ...archives(object)], role, true), ...timeGuard(object.top), ...policyGuard([object.top, ...object.children]), ...pendingGuard([object.top, ...object.children, ...archives(object)]),
    ...nothingGuard(object), ...archiveGuards(object), ...childGuards(object),
  ],
  plan: (object, { params, role }) => restoreSteps(object, object.coming, role).map((step) => ({ ...step, holdMs: params.bound })),
  blocks,
  blocksOf: ({ coming }) => `${blocks}${readOnce(coming.filter(({ whole }) => whole).map(({ part }) => part))}`,
  disk: ({ needed }) => needed || null,
  place: () => ({ tablespace: '' }),
  progress: null,
  tells: withoutSkipped,
  figures: (ask, object) => archiveFigures(ask, object as Back),
  settle: async (ask, object, { params, role }) => {
    const family = await findArchives(ask, object.name, role);
    if (!family) return { state: 'undone', says: 'The table is gone.', mend: [] };
    const left = await withRows(ask, family, comingOf(family, rangeOf(params)));
    if (left.length === 0) return { state: 'done', says: 'Nothing of that time is left in the archive.', mend: [] };
    return { state: 'resumable', says: `Every row is either in the table or in the archive; ${left.length} ${left.length === 1 ? 'partition is' : 'partitions are'} still to come.`, mend: [] };
  },
  stale: ['partitions', 'indexes', 'tables'],
});
