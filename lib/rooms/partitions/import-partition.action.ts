import { z } from 'zod';
import { action, type Refusal } from '@/lib/kit/action';
import { param, type Param } from '@/lib/kit/param';
import { standbyGuard } from '@/lib/kit/relation-object';
import { array, render, sql } from '@/lib/pg/sql';
import { axisIn, named, written } from './family';
import { pendingGuard, rightGuards } from './family-guards';
import { findImport } from './import-facts';
import { importSteps, stateOf, type Coming, type Importing } from './import-plan';
import { boundsCheck } from './partition-steps';
import { overlaps } from './range-sets';

const id: Param<string> = { label: 'Export, by its job', kind: 'text', default: '', schema: z.guid('must be the id of an export, as the list of exports has it') };
const params = { export: id, afterwards: param.choice('After that', ['it stays a table of its own', 'it is attached where it was']) };
const attaching = ({ afterwards }: { afterwards: string }): boolean => afterwards === 'it is attached where it was';

const refuse = (name: string, says: string | false | null | undefined, saferWay: string | null = null): Refusal[] => (says ? [{ name, says, saferWay }] : []);
const majorOf = (version: string): number => Number.parseInt(version, 10);
const shape = (columns: readonly { name: string; type: string }[]): string[] => columns.map(({ name, type }) => `${name} ${type}`);

/** Whether the files are whole, and what is to be run of the manifest is no more than a table. */
function fileGuards({ damaged, strayed, server_version: version }: Importing, major: number): Refusal[] {
  return [
    ...refuse('damaged', damaged.length > 0 && `${damaged.join(', ')} of the export ${damaged.length === 1 ? 'is' : 'are'} missing, or of another size than when it was made.`, 'Put back a copy of it, if there is one.'),
    ...refuse('manifest', strayed !== null && `The manifest has a statement that no export writes of its table: ${strayed.slice(0, 200)}`, 'See who has changed the directory of the exports.'),
    ...refuse('major', major < majorOf(version) && `It was made on PostgreSQL ${version}, and this is ${major}: an older server may not know what its tables are made of.`, 'Bring it back on that version or a later one.'),
  ];
}

/** Whether there is room for the names, and all that they rest on. */
function placeGuards({ tables, taken, closed, no_roles: roles, no_types: types, no_tables: referred }: Importing, role: string): Refusal[] {
  const [other] = tables.filter(({ there }) => there?.state === 'other');
  const [back] = tables.filter(({ there }) => there?.state === 'back');
  return [
    ...refuse('exists', other && `${written(other)} is there already, and is not from this export.`, 'Rename that one.'),
    ...refuse('back', back && `${written(back)} is back already from this export.`, 'To attach it: partitions.attach.'),
    ...refuse('taken', taken[0] && `An index or a table ${taken[0]} is there already, and one of that name comes back.`, 'Rename that one.'),
    ...refuse('privilege', closed[0] && `There is no schema ${closed[0]}, or ${role} may not create tables in it.`), ...refuse('role', roles[0] && `There is no role ${roles[0]}, who owned the table or might use it.`, 'Create it, without LOGIN if need be.'),
    ...refuse('type', types[0] && `There is no type ${types[0]}, which one of its columns has.`, 'Create the type first.'), ...refuse('referred', referred[0] && `${referred[0]}, which it referred to, is gone.`),
  ];
}

/** Whether its place among the partitions is as it was, and free. */
function homeGuards(table: Coming, role: string): Refusal[] {
  const { home, file, there } = table;
  if (there?.attached) return [];
  if (!home) return refuse('attach', `The export does not say of what ${written(table)} was a partition: it had been detached before.`, 'Leave it a table, and attach it then: partitions.attach.');
  const { top, range } = home;
  if (!top || top.kind !== 'p') return refuse('attach', `${written(home.parent)}, of which ${written(table)} was a partition, is no partitioned table here.`, 'Leave it a table.');
  const stored = top.columns.filter(({ generated }) => !generated);
  const [own, parents] = [shape(file.columns), shape(stored)];
  const [more, less] = [parents.filter((one) => !own.includes(one)), own.filter((one) => !parents.includes(one))];
  const over = range && axisIn(top)?.parts.find((one) => overlaps(one, range));
  return [
    ...refuse('columns', more[0] && `${written(top)} has a column that the export has not: ${more.join(', ')}.`, 'Leave it a table, change its columns until they are the same, and attach it then.'),
    ...refuse('columns', less[0] && `The export has a column that ${written(top)} has not: ${less.join(', ')}.`, 'Leave it a table, change its columns until they are the same, and attach it then.'),
    ...refuse('range', !range && `Its bounds are none that can be reckoned with: ${home.bound}.`, 'Leave it a table.'), ...refuse('overlap', over && `${written(over)} holds a part of its range.`, 'Leave it a table.'),
    ...rightGuards([top], role, false), ...pendingGuard([top]),
  ];
}

/** What it took, with something over for maps and for sorting; of an older export that is reckoned from its files, where rows and keys take less than in a table and its indexes. */
const onServer = ({ file: { table_bytes: bytes, csv_bytes: csv, rows }, says }: Coming): number => Math.ceil(1.1 * (bytes ?? csv + rows * 64 + says.indexes.length * (csv + rows * 32)));

export const importPartition = action({
  name: 'import',
  title: 'Bring an export back',
  about: 'Makes the tables of an export again as they were, with their rows, indexes and constraints; every file is verified before, and the rows in the tables after.',
  permission: 'maintenance:destroy',
  risk: 'heavy',
  recurs: false,
  params,
  find: async (ask, { params: asked, role, exports }): Promise<Importing | null> => {
    const kept = await exports.find(asked.export);
    return kept && findImport(ask, kept, role);
  },
  guards: (object, { params: asked, role, server }) => [
    ...standbyGuard(server.inRecovery), ...fileGuards(object, server.major), ...placeGuards(object, role), ...(attaching(asked) ? object.tables.flatMap((table) => homeGuards(table, role)) : []),
  ],
  plan: (object, { params: asked }) => importSteps(object, { attach: attaching(asked), checkName: boundsCheck }),
  blocks: 'Nobody while the tables are filled: nobody sees them before they are verified. What they refer to, and what they are attached to, is locked for 150 ms at most, queue included. One long transaction holds vacuum back for that long.',
  disk: ({ tables }) => (tables.some(({ there }) => there) ? 0 : tables.reduce((sum, table) => sum + onServer(table), 0)),
  place: () => ({ tablespace: '' }),
  progress: null,
  inverse: ({ tables: [first] }) => (first ? { action: 'partitions.export', params: { partition: render(named(first)).text, tables: 'are dropped', files: 'are those of the last export' } } : null),
  settle: async (ask, { id: made, tables }) => {
    const found = await ask<{ comment: string | null }>(sql`
      select obj_description(c.oid, 'pg_class') as comment from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname || '.' || c.relname = any (${array(tables.map((table) => written(table)))})`);
    const states = found.map(({ comment }) => stateOf(made, comment));
    if (states.includes('begun')) return { state: 'resumable', says: 'Every row is back and verified; what ties the table to others is still to come.', mend: [] };
    return states.length === tables.length && states.every((state) => state === 'back') ? { state: 'done', says: 'It is back.', mend: [] } : { state: 'undone', says: 'Nothing of the export is in the database.', mend: [] };
  },
  stale: ['partitions', 'tables', 'indexes'],
});
