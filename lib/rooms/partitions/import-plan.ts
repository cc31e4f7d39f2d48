import type { ActionObject, Step } from '@/lib/kit/action';
import type { ExportedFile } from '@/lib/kit/export';
import { checkedText, ident, literal, render, sql, type CheckedText, type SQL } from '@/lib/pg/sql';
import type { TableStatements } from '@/lib/pg/table-statements';
import { copyFormat, plainWriting, planOf, sumOf } from './export-plan';
import { named, written, type Table } from './family';
import { list } from './move';
import { dropCheck, joinSteps } from './partition-steps';
import type { Range } from './time-axis';

type Named = { schema: string; rel: string };

/** Where a table was attached, as it stands: `range` is null where the bounds are none that can be reckoned with. */
export type Home = { parent: Named; bound: string; top: Table | null; range: Range | null };
/** A table of an export that comes back. */
export type Coming = Named & {
  file: ExportedFile; says: TableStatements; home: Home | null;
  /** The table of this name that is there, if any: `begun` by this very import, or `back` by it. */
  there: { oid: string; state: 'begun' | 'back' | 'other'; attached: boolean } | null;
};
export type Importing = ActionObject & {
  id: string; server_version: string; tables: Coming[]; damaged: string[];
  /** A statement of the manifest that is none of a table that comes back. */
  strayed: string | null;
  /** Indexes of these names are there already; schemas in which the role may create nothing; roles and types that are gone; tables that are referred to and gone. */
  taken: string[]; closed: string[]; no_roles: string[]; no_types: string[]; no_tables: string[];
};

const begunBy = (id: string): string => `Coming back from the export ${id}, not all of it yet`;
const backBy = (id: string): string => `Brought back from the export ${id}`;

/** By its comment a table is known as one that an import has made, which is all that a crash leaves to be read. */
export const stateOf = (id: string, comment: string | null): 'begun' | 'back' | 'other' => (comment === begunBy(id) ? 'begun' : comment === backBy(id) ? 'back' : 'other');

const marked = (table: Named, text: string): SQL => sql`COMMENT ON TABLE ${named(table)} IS ${literal(text)}`;

const summedOf = ({ schema, rel, file, says }: Coming) => ({ schema, rel, columns: file.columns.map((column) => ({ ...column, generated: false })), primary_key: says.primary_key });

function copySql(table: Coming): SQL {
  return sql`COPY ${named(table)} (${list(summedOf(table).columns)}) FROM STDIN ${copyFormat}`;
}

function compareSql(table: Coming): SQL {
  const says = literal(`The rows of ${written(table)} are not those of the manifest once they are in the table, by number or checksum, or its key sorts otherwise here: nothing was made.`);
  return sql`SELECT CASE WHEN (SELECT rows || ' ' || checksum FROM (${sumOf(summedOf(table))}) s) IS DISTINCT FROM ${literal(`${table.file.rows} ${table.file.checksum}`)} THEN ${says} END AS refuses`;
}

/** An identity’s sequence is a new one: it goes on behind what is there. */
const goingOn = (table: Coming): SQL[] => table.says.identities.map((column) =>
  sql`SELECT setval(pg_get_serial_sequence(${literal(render(named(table)).text)}, ${literal(column)})::regclass, max(${ident(column)})) FROM ${named(table)} HAVING max(${ident(column)}) > 0`);

const texts = (all: CheckedText[]): SQL[] => all.map((text) => checkedText(text));
const namesOf = (tables: Named[]): string => tables.map(({ rel }) => rel).join(', ');

function loadStep({ id, tables }: Importing, mark: string): Step {
  return {
    sql: [
      plainWriting, ...tables.map(({ says }) => checkedText(says.create)), ...tables.map(copySql), ...tables.flatMap(({ says }) => texts(says.own)),
      ...tables.map(compareSql), ...tables.flatMap(goingOn), ...tables.map((table) => marked(table, mark)), ...tables.flatMap(({ says }) => texts(says.belongs)),
    ],
    note: `Holds every file against the manifest; then makes ${namesOf(tables)} in one transaction, fills ${tables.length === 1 ? 'it' : 'them'}, and holds number and checksum of the rows, as the server says them, against the manifest.`,
    lock: null, waits: 'bounded', imports: { id, tables: tables.map(({ file }) => planOf(file)) },
  };
}

/** Proved after they are added, so that what a table refers to is locked for a moment alone. */
function referSteps(tables: Coming[]): Step[] {
  return tables.flatMap((table) => table.says.references.flatMap(({ text, name, valid, to }): Step[] => [
    { sql: [dropCheck(table, name), valid ? sql`${checkedText(text)} NOT VALID` : checkedText(text)], note: `${table.rel} refers to ${to.rel} again.`, lock: 'SHARE ROW EXCLUSIVE', waits: 'bounded' },
    ...(valid ? [{ sql: sql`ALTER TABLE ${named(table)} VALIDATE CONSTRAINT ${ident(name)}`, note: `Every row of ${table.rel} refers to one of ${to.rel}; reads and writes go on.`, lock: 'ROW SHARE', waits: 'bounded' } satisfies Step] : []),
  ]));
}

const joining = (tables: Coming[], checkName: string): Step[] =>
  tables.flatMap((table) => (table.home?.top && table.home.range && !table.there?.attached ? joinSteps(table.home.top, table, table.home.range, table.says.checks.includes(checkName)) : []));

/** What is left to be done, from what is there. */
export function importSteps(object: Importing, { attach, checkName }: { attach: boolean; checkName: string }): Step[] {
  const { id, tables } = object;
  const after = [...referSteps(tables), ...(attach ? joining(tables, checkName) : [])];
  const load = tables.some(({ there }) => there) ? [] : [loadStep(object, after.length === 0 ? backBy(id) : begunBy(id))];
  const end: Step[] = load.length > 0 && after.length === 0 ? [] : [{ sql: tables.map((table) => marked(table, backBy(id))), note: 'All of it is back: its comment says so.', lock: 'SHARE UPDATE EXCLUSIVE', waits: 'bounded' }];
  return [...load, ...after, ...end];
}
