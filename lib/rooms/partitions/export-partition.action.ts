import { action, type Refusal } from '@/lib/kit/action';
import { param } from '@/lib/kit/param';
import { standbyGuard } from '@/lib/kit/relation-object';
import { array, sql } from '@/lib/pg/sql';
import { formatBytes } from '@/lib/units';
import { findExported } from './export-facts';
import { exportSteps, type Exported } from './export-plan';
import { written } from './family';
import { policyGuard, rightGuards } from './family-guards';

/** What a server reads and sums in a second at the very least, and what is left free besides. */
const [bytesPerMs, spareBytes] = [20_000, 64 * 1024 * 1024];

const params = { partition: param.object('Partition'), tables: param.choice('The table, and those that go with it', ['stay', 'are dropped']), bound: param.ms('Writes of them wait at most', 10_000), files: param.choice('Files', ['are written', 'are those of the last export']) };

const refuse = (name: string, says: string | false | null | undefined, saferWay: string | null = null): Refusal[] => (says ? [{ name, says, saferWay }] : []);

/** What may leave as files. */
function exportGuards({ tables, parent, free_bytes: free, bytes, earlier }: Exported, reuses: boolean): Refusal[] {
  const [first] = tables;
  const needs = reuses ? 0 : (bytes ?? 0) + spareBytes;
  const secret = tables.find(({ readable }) => !readable);
  return [
    ...refuse('attached', parent && !parent.is_archive && `It is a partition of ${written(parent)}: its rows are in use.`, 'Detach it first: partitions.detach; or archive it, with what refers to it: partitions.archive.'),
    ...refuse('kind', first?.kind !== 'r' && 'It is partitioned itself.', 'Export the partitions under it.'), ...refuse('temporary', tables.some(({ persistence }) => persistence === 't') && 'It is another session’s temporary table.'),
    ...refuse('system', ['pg_catalog', 'information_schema', 'pg_toast'].includes(first?.schema ?? '') && 'It belongs to PostgreSQL itself.'),
    ...refuse('columns', tables.some(({ columns }) => columns.every(({ generated }) => generated)) && 'It has no column to be written.'), ...refuse('privilege', secret && `${written(secret)} may not be read.`),
    ...refuse('export_directory', free === null && 'This console has no directory for exports, or may not write to it.', 'Set EXPORT_DIR to a directory that its account may write to; in a container, to one of a volume.'),
    ...refuse('earlier', reuses && !earlier && 'No export of it lies here whole, with the columns, indexes, constraints and grants that it has now.', 'Let the files be written.'),
    ...refuse('disk', free !== null && free < needs && `The directory of the exports has ${formatBytes(free)} free; this may need ${formatBytes(needs)}.`, 'Make room there, or set EXPORT_DIR to another disk.'),
  ];
}

/** What may be gone after it. */
function dropGuards({ tables, parent, alike, beside, bytes }: Exported, bound: number): Refusal[] {
  const needs = Math.ceil((bytes ?? 0) / bytesPerMs);
  const inUse = tables.flatMap(({ referring, views }) => (referring ? [`${referring} refers to it`] : views ? [`${views} reads it`] : []));
  return [
    ...refuse('partition', !parent && !alike && 'No partitioned table has its columns: it is not what was once a partition.', 'Export it, and drop it by hand.'),
    ...refuse('referred', inUse[0] && `${inUse[0]}.`), ...refuse('beside', beside[0] && `${beside[0]} holds rows that refer to these, and is not cut by time: they would be left without.`, 'Export it without dropping.'),
    ...refuse('bound', bound < needs && `Before it is dropped its ${formatBytes(bytes ?? 0)} are read again while writes wait, which may take ${Math.ceil(needs / 1000)} s.`, `Let them wait for up to ${Math.ceil(needs / 1000) * 1000} ms: nobody writes to an archive.`),
  ];
}

const reusing = ({ files }: { files: string }) => files === 'are those of the last export';
const dropping = ({ tables }: { tables: string }) => tables === 'are dropped';

export const exportPartition = action({
  name: 'export',
  title: 'Export a partition',
  about: 'Writes an archived or detached partition to compressed CSV with a manifest, together with what referred to it in the same month, reads it back, and drops it if wanted.',
  permission: 'maintenance:destroy',
  risk: 'light',
  recurs: false,
  riskOf: (asked) => (dropping(asked) ? 'destructive' : 'light'),
  params,
  find: async (ask, { params: asked, role, server, exports }) => findExported(ask, { partition: asked.partition, role, major: server.major, free_bytes: await exports.free(), kept: reusing(asked) ? await exports.list() : [] }),
  guards: (object, { params: asked, role, server }) => [
    ...exportGuards(object, reusing(asked)), ...rightGuards(object.tables, role, false), ...policyGuard(object.tables),
    ...(dropping(asked) ? [...standbyGuard(server.inRecovery), ...dropGuards(object, asked.bound)] : []),
  ],
  plan: (object, { params: asked }) => exportSteps(object, { drop: dropping(asked), bound: asked.bound }),
  blocks: 'Reads and writes go on while files are written; the snapshot holds vacuum back for that long, as any long read does. Where it is dropped, who writes to it waits as long as given at most, and what it refers to is locked for a moment. The files hold all of its rows: they lie on this console’s disk, unencrypted, for who may fetch them here.',
  progress: null,
  settle: async (ask, { tables, earlier }, { params: asked, exports }) => {
    const made = earlier ? (await exports.find(earlier.id)) !== null : await exports.made();
    const left = await ask(sql`select from pg_class where oid = any (${array(tables.map(({ oid }) => oid))}::oid[])`);
    if (left.length === 0) return { state: 'done', says: `${tables.length === 1 ? 'The table is' : 'The tables are'} dropped, after ${made ? 'the export was complete' : 'the export was complete: it lies with the console that began this'}.`, mend: [] };
    if (!made) return { state: 'undone', says: 'Nothing was dropped, and nothing of the export is kept.', mend: [] };
    return dropping(asked) ? { state: 'undone', says: 'The export is complete. Nothing was dropped; foreign keys of the table may be.', mend: [] } : { state: 'done', says: 'The export is complete.', mend: [] };
  },
  stale: ['partitions', 'tables', 'indexes'],
});
