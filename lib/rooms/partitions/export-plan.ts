import { isDeepStrictEqual } from 'node:util';
import type { ActionObject, Step } from '@/lib/kit/action';
import type { ExportedFile, ExportTable, ImportPlan, KeptExport } from '@/lib/kit/export';
import { ident, inlineNumber, join, literal, render, sql, type SQL } from '@/lib/pg/sql';
import { named, written, type Table } from './family';
import { list } from './move';
import { columnsOf } from './tree-sql';

export type Archive = { oid: string; schema: string; rel: string; /** Made by `partitions.archive`. */ is_archive: boolean; bound: string };
/** A table to be exported, with what the catalog says of it beyond `Table`. */
export type Leaving = Table & {
  filenode: string; bytes: number; /** Its indexes included. */ total_bytes: number; persistence: string; readable: boolean;
  /** `columnsOf`, to see that it is the same still. */
  shape: string | null;
  ddl: string[]; ties: string[]; keys: string[];
  /** A table that refers to it, and a view that reads it. */
  referring: string | null; views: string | null;
};
export type Exported = ActionObject & { tables: Leaving[]; parent: Archive | null; /** Has the columns of a partitioned table. */ alike: boolean; /** Archives that are not cut by time, whose rows of it stay. */ beside: string[]; database: string; free_bytes: number | null; /** The newest export that is whole and of these very tables, where its files are to be kept. */ earlier: KeptExport | null };

/** So that a value is written, and read, in one way, now and when it is looked at again. */
export const plainWriting = sql`SELECT set_config('DateStyle', 'ISO, MDY', true), set_config('IntervalStyle', 'postgres', true), set_config('TimeZone', 'UTC', true), set_config('extra_float_digits', '1', true), set_config('bytea_output', 'hex', true), set_config('row_security', 'off', true)`;

type Summed = Pick<Table, 'schema' | 'rel' | 'columns' | 'primary_key'>;

const storedColumns = ({ columns }: Summed) => columns.filter(({ generated }) => !generated);

/** A function takes no more than a hundred arguments. */
const atOnce = 90;

/** A row as text that nothing but this row has, as the console makes it of a line of the file. */
function lineOf(table: Summed): SQL {
  const names = storedColumns(table).map(({ name }) => ident(name));
  const parts = Array.from({ length: Math.ceil(names.length / atOnce) }, (_, index) => names.slice(index * atOnce, (index + 1) * atOnce));
  return join(parts.map((part) => sql`format(${literal(part.map(() => '%L').join(','))}, ${join(part, sql`, `)})`), sql` || ',' || `);
}

/** One order, whatever has no key: rows that are the same as text may change places. */
const orderOf = (table: Summed): SQL => (table.primary_key.length > 0 ? join(table.primary_key.map((name) => ident(name)), sql`, `) : sql`${lineOf(table)} COLLATE "C"`);

export const sumOf = (table: Summed): SQL => sql`SELECT count(*)::text AS rows, coalesce(sum(('x' || left(encode(sha256(convert_to(n || ' ' || line, 'UTF8')), 'hex'), 15))::bit(60)::bigint), 0)::text AS checksum FROM (SELECT row_number() OVER (ORDER BY ${orderOf(table)}) AS n, ${lineOf(table)} AS line FROM ONLY ${named(table)}) r`;

const remembered = (index: number): SQL => literal(`riskdesk.export_${index + 1}`);
export const copyFormat = sql`(FORMAT csv, HEADER true, ENCODING 'UTF8')`;

const planned = (table: Leaving): ExportTable => ({
  schema: table.schema, table: table.rel, columns: storedColumns(table).map(({ name, type }) => ({ name, type })), ddl: table.ddl, ties: table.ties,
  summed: render(sumOf(table)).text, copy_from: render(sql`COPY ${named(table)} (${list(table.columns)}) FROM STDIN ${copyFormat}`).text, table_bytes: table.total_bytes,
});

/** What a step has to know of a file to verify it. */
export const planOf = ({ schema, table, columns, file, rows, checksum, bytes, csv_bytes, sha256 }: ExportedFile): ImportPlan['tables'][number] => ({ schema, table, columns, file, rows, checksum, bytes, csv_bytes, sha256 });

const onlyThese = (tables: Table[]): SQL => join(tables.map((table) => sql`ONLY ${named(table)}`), sql`, `);
const namesOf = (tables: Table[]): string => tables.map(({ rel }) => rel).join(', ');

const exportStep = ({ tables, database }: Exported): Step => ({
  sql: [
    sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY`, sql`LOCK TABLE ${onlyThese(tables)} IN ACCESS SHARE MODE`, plainWriting,
    ...tables.flatMap((table, index) => [
      sql`SELECT rows, checksum, set_config(${remembered(index)}, rows || ' ' || checksum, false) FROM (${sumOf(table)}) s`,
      sql`COPY (SELECT ${list(table.columns)} FROM ONLY ${named(table)} ORDER BY ${orderOf(table)}) TO STDOUT ${copyFormat}`,
    ]),
  ],
  note: `Writes ${namesOf(tables)} in one snapshot to compressed files of this console, reads them back, and holds number and checksum of their rows against what the server says.`,
  lock: 'ACCESS SHARE', waits: 'bounded', exports: { database, tables: tables.map(planned) },
});

/** Dropping a table that refers to another locks that one: here it is for a moment, before rows are read again. */
function untieSteps(tables: Leaving[]): Step[] {
  const tied = tables.filter(({ keys }) => keys.length > 0);
  if (tied.length === 0) return [];
  const statements = tied.map((table) => sql`ALTER TABLE ${named(table)} ${join(table.keys.map((name) => sql`DROP CONSTRAINT IF EXISTS ${ident(name)}`), sql`, `)}`);
  return [{ sql: statements, note: `Drops the foreign keys of ${namesOf(tied)}, so that what they refer to is locked for this moment alone.`, lock: 'ACCESS EXCLUSIVE', waits: 'bounded' }];
}

/** Number and checksum that a table has to have still: those that this session has exported, or those of an earlier manifest. */
const exported = ({ earlier }: Exported, table: Leaving, index: number): SQL => {
  const file = earlier && fileOf(earlier, table);
  return file ? literal(`${file.rows} ${file.checksum}`) : sql`nullif(current_setting(${remembered(index)}, true), '')`;
};

function unchanged(object: Exported, table: Leaving, index: number): SQL {
  const is = (says: string) => literal(`${written(table)} ${says}: nothing was dropped.`);
  return sql`SELECT CASE WHEN to_regclass(${literal(render(named(table)).text)})::oid IS DISTINCT FROM ${inlineNumber(Number(table.oid))}::oid OR ${columnsOf(sql`${inlineNumber(Number(table.oid))}`)} IS DISTINCT FROM ${literal(table.shape ?? '')} THEN ${is('is another table than the one that was exported')}
WHEN (SELECT rows || ' ' || checksum FROM (${sumOf(table)}) s) IS DISTINCT FROM ${exported(object, table, index)} THEN ${is('has changed since it was exported')} END AS refuses`;
}

const fileOf = ({ tables }: KeptExport, { schema, rel }: Table): ExportedFile | undefined => tables.find((file) => file.schema === schema && file.table === rel);

/** Whether an export has these tables, made as they are, and knows all that ties them. */
export const isOf = (kept: KeptExport, tables: Leaving[], database: string): boolean =>
  kept.database === database && kept.damaged.length === 0 && kept.tables.length === tables.length && tables.every((table) => {
    const file = fileOf(kept, table);
    return file !== undefined && isDeepStrictEqual(file.ddl, table.ddl) && table.ties.every((tie) => file.ties.includes(tie));
  });

/** Before a lock is asked for: the files are whole, and hold what the tables do. */
const verifyStep = (object: Exported, { id, tables: files }: KeptExport): Step => ({
  sql: [sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY`, plainWriting, ...object.tables.map((table, index) => unchanged(object, table, index))],
  note: `Holds every file of the export ${id} against its manifest, and ${namesOf(object.tables)} against that: nothing is written again.`,
  lock: 'ACCESS SHARE', waits: 'bounded', imports: { id, tables: files.map(planOf) },
});

const dropStep = (object: Exported, bound: number): Step => ({
  sql: [plainWriting, sql`LOCK TABLE ${onlyThese(object.tables)} IN SHARE MODE`, ...object.tables.map((table, index) => unchanged(object, table, index)), sql`DROP TABLE ${join(object.tables.map((table) => named(table)), sql`, `)}`],
  note: `Reads ${namesOf(object.tables)} once more, with writes locked out, and drops ${object.tables.length === 1 ? 'it' : 'them'} if every row is as it was exported.`,
  lock: 'ACCESS EXCLUSIVE', waits: 'bounded', holdMs: bound,
});

export const exportSteps = (object: Exported, { drop, bound }: { drop: boolean; bound: number }): Step[] =>
  [object.earlier ? verifyStep(object, object.earlier) : exportStep(object), ...(drop ? [...untieSteps(object.tables), dropStep(object, bound)] : [])];
