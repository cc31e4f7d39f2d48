import type { Ask } from '@/lib/kit/diagnostic';
import { deparsed } from '@/lib/pg/deparse';
import { parseSql, walk, type Tree } from '@/lib/pg/parser';
import { array, sql } from '@/lib/pg/sql';
import { shapeOf, type StatementShape } from '@/lib/pg/statement-shape';
import { holdsKey } from './antipatterns/block';
import { keyOf, tablesNamed, type Table } from './antipatterns/catalog';
import { as, columnNames, copy } from './antipatterns/tree';
import { samePlace, tagsIn, type Tags } from './tags';
import { tablesIn } from './written';

export type Kept = { query: string; userid: string; queryid: string | null; calls: number; row_count: number };

/** A statement that looks up rows of one table by columns equal to values. */
export type Lookup = { table: string; columns: string[]; /** The columns hold a key: one row at most. */ unique: boolean; tables: string[]; tags: Tags };

type Read = { statement: Tree; shape: StatementShape; tables: (Table | null)[] };

/** The statements that the grammar takes, with what their names mean. */
async function readAll(ask: Ask, kept: readonly Kept[]): Promise<(Read | null)[]> {
  const statements: (Tree | null)[] = [];
  for (const [index, { query }] of kept.entries()) {
    const parsed = await parseSql(query);
    statements.push('statements' in parsed && parsed.statements.length === 1 ? (parsed.statements[0] ?? null) : null);
    if (index % 20 === 19) await new Promise(setImmediate);
  }
  const known = await tablesNamed(ask, statements.flatMap((statement) => (statement ? tablesIn(statement) : [])));
  const byName = new Map([...known.values()].map((table) => [keyOf(table), table]));
  return statements.map((statement) => {
    if (!statement) return null;
    const shape = shapeOf(statement, (name) => {
      const table = known.get(keyOf(name));
      return table ? { schema: table.schema, name: table.name, columns: table.columns.map(({ name: column }) => column) } : null;
    });
    return { statement, shape, tables: shape.relations.map((relation) => byName.get(keyOf(relation)) ?? null) };
  });
}

/** By columns equal to parameters or constants, for rows as they are: no aggregate, no grouping, nothing written. Null for anything else. */
function lookupIn({ shape, tables }: Read, query: string): Lookup | null {
  const [outer] = shape.queries;
  if (outer?.kind !== 'select' || outer.aggregates || outer.windows || outer.group.length > 0) return null;
  const found = outer.relations.flatMap((place): Lookup[] => {
    const relation = shape.relations[place];
    const table = tables[place] ?? null;
    const columns = (relation?.conditions ?? []).filter(({ test, narrows, wrapped, value }) => test === 'equality' && narrows && !wrapped && (value?.kind === 'parameter' || value?.kind === 'constant')).map(({ column }) => column);
    if (!relation || !table || columns.length === 0 || relation.conditions.some(({ test }) => test === 'any')) return [];
    return [{ table: table.oid, columns: [...new Set(columns)], unique: holdsKey(table, columns), tables: tables.flatMap((one) => one?.oid ?? []), tags: tagsIn(query) }];
  });
  return found.find(({ unique }) => unique) ?? found[0] ?? null;
}

export type Judged = { lookup: Lookup; shown: string; statement: Tree };

/** Which of the statements are lookups of a row by its key. */
export async function lookupsAmong(ask: Ask, kept: readonly Kept[]): Promise<Map<Kept, Judged>> {
  const all = await readAll(ask, kept);
  return new Map(kept.flatMap((one, at): [Kept, Judged][] => {
    const read = all[at];
    const lookup = read ? lookupIn(read, one.query) : null;
    const table = read?.tables.find((candidate) => candidate?.oid === lookup?.table);
    return read && lookup && table ? [[one, { lookup, shown: table.shown, statement: read.statement }]] : [];
  }));
}

export type Parent = { query: string; queryid: string | null; rows: number; why: string };

type ForeignKey = { name: string; from_oid: string; to_oid: string; from_shown: string; to_shown: string; from_columns: string[]; to_columns: string[] };

const foreignKeys = (ask: Ask, oids: readonly string[]): Promise<ForeignKey[]> => ask<ForeignKey>(sql`
    select k.conname::text as name, k.conrelid::text as from_oid, k.confrelid::text as to_oid, format('%I.%I', fn.nspname, f.relname) as from_shown, format('%I.%I', tn.nspname, t.relname) as to_shown,
      (select json_agg(a.attname order by c.place) from unnest(k.conkey) with ordinality as c (att, place) join pg_attribute a on a.attrelid = k.conrelid and a.attnum = c.att) as from_columns,
      (select json_agg(a.attname order by c.place) from unnest(k.confkey) with ordinality as c (att, place) join pg_attribute a on a.attrelid = k.confrelid and a.attnum = c.att) as to_columns
    from pg_constraint k join pg_class f on f.oid = k.conrelid join pg_namespace fn on fn.oid = f.relnamespace join pg_class t on t.oid = k.confrelid join pg_namespace tn on tn.oid = t.relnamespace
    where k.contype = 'f' and k.conrelid = any (${array(oids)}::oid[]) and k.confrelid = any (${array(oids)}::oid[])`);

/** So close must the rows of one be to the calls of the other. */
const within = 0.2;

const isClose = (rows: number, calls: number): boolean => Math.abs(rows - calls) <= calls * within;

/** The foreign key by which the rows of the one lead to the lookups of the other. */
function leading(keys: readonly ForeignKey[], { table, columns }: Lookup, tables: readonly string[]): string | null {
  const holds = (wanted: readonly string[]) => wanted.every((column) => columns.includes(column));
  const down = keys.find((key) => key.from_oid === table && tables.includes(key.to_oid) && holds(key.from_columns));
  if (down) return `${down.from_columns.join(', ')} references ${down.to_shown}, which it reads`;
  const up = keys.find((key) => key.to_oid === table && tables.includes(key.from_oid) && holds(key.to_columns));
  return up ? `it reads ${up.from_shown}, whose ${up.from_columns.join(', ')} references ${up.to_columns.join(', ')}` : null;
}

/** For each lookup the statement whose rows it may be called for; none where nothing but the numbers speaks for it. */
export async function parentsOf(ask: Ask, lookups: ReadonlyMap<Kept, Judged>, kept: readonly Kept[]): Promise<Map<Kept, Parent>> {
  const near = kept.filter((one) => [...lookups.keys()].some((child) => child !== one && child.queryid !== one.queryid && child.userid === one.userid && isClose(one.row_count, child.calls)));
  if (near.length === 0) return new Map();
  const read = await readAll(ask, near);
  const possible = near.flatMap((one, at) => {
    const found = read[at];
    return found && found.shape.queries[0]?.kind === 'select' && found.shape.relations.length > 0 ? [{ one, tables: found.tables.flatMap((table) => table?.oid ?? []), tags: tagsIn(one.query) }] : [];
  });
  const keys = await foreignKeys(ask, [...new Set([...possible.flatMap(({ tables }) => tables), ...[...lookups.values()].map(({ lookup }) => lookup.table)])]);
  return new Map([...lookups].flatMap(([child, { lookup }]): [Kept, Parent][] => {
    const candidates = possible.flatMap(({ one, tables, tags }) => {
      if (one === child || one.queryid === child.queryid || one.userid !== child.userid || !isClose(one.row_count, child.calls)) return [];
      const [reference, place] = [leading(keys, lookup, tables), samePlace(tags, lookup.tags) ? 'both carry the same route in their comment' : null];
      const why = [reference, place].filter((part) => part !== null);
      return why.length > 0 ? [{ one, why, distance: Math.abs(one.row_count - child.calls) }] : [];
    });
    const [best] = candidates.toSorted((a, b) => b.why.length - a.why.length || a.distance - b.distance);
    return best ? [[child, { query: best.one.query, queryid: best.one.queryid, rows: best.one.row_count, why: best.why.join('; ') }]] : [];
  }));
}

/** `column = $1` as `column = ANY ($1)`: one call for all; null where it is not that simple. */
export async function forAllKeys({ statement, lookup: { columns } }: Judged): Promise<string | null> {
  const tree = copy(statement);
  const found: Tree[] = [];
  walk(tree, (kind, node) => {
    const name = kind === 'A_Expr' && node['kind'] === 'AEXPR_OP' && as('ParamRef', node['rexpr']) ? columnNames(node['lexpr'])?.at(-1) : undefined;
    if (name !== undefined && columns.includes(name)) found.push(node);
  });
  const [only] = found;
  if (!only || found.length > 1 || columns.length > 1 || as('SelectStmt', tree)?.['limitCount']) return null;
  only['kind'] = 'AEXPR_OP_ANY';
  return deparsed(tree);
}
