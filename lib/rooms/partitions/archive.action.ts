import { action } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { standbyGuard } from '@/lib/kit/relation-object';
import { sql } from '@/lib/pg/sql';
import { archiveSteps, cutoffOf, goingOf, type Going } from './archive-plan';
import { archiveGuards, createArchives, findArchives, type ArchiveFamily } from './archives';
import { axisIn, named } from './family';
import { childGuards, pendingGuard, policyGuard, rightGuards, timeGuard } from './family-guards';
import { inRange } from './partition-steps';

type Due = ArchiveFamily & { cutoff: number; going: Going[] };

const tablesIn = ({ top, children }: ArchiveFamily) => [top, ...children];

/** Of partitions that go row by row, those that hold rows to go; all of them where they may not be read. */
async function withRows(ask: Ask, { top, going }: Due): Promise<Going[]> {
  const along = axisIn(top);
  const left: Going[] = [];
  for (const one of going) {
    const [may] = await ask<{ may: boolean }>(sql`select has_table_privilege(${one.part.oid}::oid, 'select') as may`);
    const found = one.whole || !along || !may?.may ? true : (await ask(sql`select from only ${named(one.part)} where ${inRange(along.axis, top.key ?? '', { from: -Infinity, to: one.until })} limit 1`)).length > 0;
    if (found) left.push(one);
  }
  return left;
}

export const archive = action({
  name: 'archive',
  title: 'Archive old partitions',
  about: 'Takes what is older than so many days, and what refers to it, into archive tables beside: whole partitions in the catalog alone, others row by row.',
  permission: 'maintenance:destroy',
  risk: 'heavy',
  params: { table: param.object('Partitioned table'), days: param.count('Older than (days)', 365), partial: param.choice('Rows of a partition that is not old as a whole', ['stay', 'go too']) },
  find: async (ask, { params, role }): Promise<Due | null> => {
    const family = await findArchives(ask, params.table, role);
    if (!family) return null;
    const cutoff = cutoffOf(family, params.days);
    const due: Due = { ...family, cutoff, going: goingOf(family, cutoff, params.partial === 'go too') };
    return { ...due, going: await withRows(ask, due) };
  },
  guards: (object, { params, role, server }) => [
    ...standbyGuard(server.inRecovery),
    ...rightGuards(tablesIn(object), role, true), ...timeGuard(object.top), ...policyGuard(tablesIn(object)), ...pendingGuard(tablesIn(object)), ...archiveGuards(object),
    ...(params.days > 0 ? [] : [{ name: 'retention', says: 'With no day of retention everything would go.', saferWay: 'Say how many days stay.' }]),
    ...(object.going.some(({ whole }) => whole === null) ? childGuards(object) : childGuards(object).filter(({ name }) => name !== 'unindexed')),
  ],
  plan: (object, { role }) => (object.going.length === 0 ? [] : [...createArchives(object, role), ...archiveSteps(object, object.going, role)]),
  blocks: 'Whole partitions: reads and writes of the tables wait for the change in the catalog, at most 150 ms, queue included. Row by row: who changes one of the rows of the batch at hand waits for that batch. Archived rows are no longer seen in the tables, and no foreign key refers to them; triggers on deleting fire for rows, not for partitions.',
  progress: null,
  inverse: ({ going, name, main }) => {
    const along = axisIn(main.table);
    const [first, last] = [going[0], going.at(-1)];
    return along && first && last && Number.isFinite(first.part.from) ? { action: 'partitions.restore', params: { table: name, from: new Date(first.part.from).toISOString(), to: new Date(last.until).toISOString() } } : null;
  },
  settle: async (ask, object, { params, role }) => {
    const family = await findArchives(ask, object.name, role);
    if (!family) return { state: 'undone', says: 'The table is gone.', mend: [] };
    const left = await withRows(ask, { ...family, cutoff: object.cutoff, going: goingOf(family, object.cutoff, params.partial === 'go too') });
    if (left.length === 0) return { state: 'done', says: 'Nothing that old is left in the table.', mend: [] };
    return { state: 'resumable', says: `Every row is either in the table or in the archive, with what refers to it; ${left.length} ${left.length === 1 ? 'partition is' : 'partitions are'} still to go.`, mend: [] };
  },
  stale: ['partitions', 'indexes', 'tables'],
});
