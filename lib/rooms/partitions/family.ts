import type { ActionObject } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { array, ident, inlineNumber, literal, render, sql, type SQL } from '@/lib/pg/sql';
import { keyColumns, type Key } from './references';
import { axisOf, rangeEnds, rangeOn, type Range } from './time-axis';
import { bound, keyType } from './tree-sql';

export type Column = { name: string; type: string; generated: boolean };
export type Part = { parent: string; oid: string; schema: string; rel: string; kind: string; bound: string; pending: boolean; bytes: number; rows: number | null; /** A CHECK proves its bounds, where `provenOf` was asked. */ proven: boolean; /** It is still to be cut into its periods: see rescue-plan. */ several: boolean; secured: boolean };
export type Table = {
  oid: string; schema: string; rel: string; kind: string; owner: string; owned: boolean; creates: boolean; /** Row security holds for its owner too. */ forced: boolean; /** Its owner sees all rows, whatever its policies. */ sees_all: boolean;
  /** Of a partitioned table, with how many columns its key has and the first of them, its type as `keyType` says. */
  strategy: string | null; key_columns: number; key: string | null; key_type: string | null;
  columns: Column[]; primary_key: string[]; parts: Part[]; fallback: Part | null;
};
/** A table with a foreign key to another one. */
export type Child = Table & Key & { indexed: boolean; referred: boolean };
export type Family = ActionObject & { top: Table; children: Child[]; now_ms: number; database: string };

type Facts = Omit<Table, 'parts' | 'fallback'>;

const facts = (oids: string[], role: string): SQL => sql`
  select c.oid::text as oid, n.nspname::text as schema, c.relname::text as rel, c.relkind::text as kind, pg_get_userbyid(c.relowner)::text as owner, pg_has_role(${role}::name, c.relowner, 'USAGE') as owned,
    has_schema_privilege(${role}::name, n.oid, 'CREATE') as creates, c.relrowsecurity and c.relforcerowsecurity as forced, (select o.rolsuper or o.rolbypassrls from pg_roles o where o.oid = c.relowner) as sees_all, p.partstrat::text as strategy, coalesce(p.partnatts, 0)::int as key_columns,
    (select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum = p.partattrs[0]) as key, ${keyType} as key_type,
    (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'generated', a.attgenerated <> '') order by a.attnum) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
    (select coalesce(json_agg(a.attname order by k.place), '[]') from pg_index i cross join unnest(i.indkey) with ordinality k(num, place) join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.num
      where i.indrelid = c.oid and i.indisprimary and k.place <= i.indnkeyatts) as primary_key
  from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_partitioned_table p on p.partrelid = c.oid where c.oid = any (${array(oids)}::oid[])`;

export const severalComment = 'riskdesk: holds several periods, which get partitions of their own';

const partsOf = (oids: string[]): SQL => sql`
  select i.inhparent::text as parent, c.oid::text as oid, n.nspname::text as schema, c.relname::text as rel, c.relkind::text as kind, coalesce(${bound(sql`c`)}, '') as bound, i.inhdetachpending as pending,
    c.relpages::float8 * current_setting('block_size')::int as bytes, case when c.reltuples >= 0 then c.reltuples::float8 end as rows,
    false as proven, coalesce(obj_description(c.oid, 'pg_class') = ${severalComment}, false) as several, c.relrowsecurity as secured
  from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_namespace n on n.oid = c.relnamespace where i.inhparent = any (${array(oids)}::oid[])`;

/** Foreign keys to a table, that of a partition being its parent's; `indexed` where an index begins with their columns, `referred` where others refer on. */
const referring = (oid: string): SQL => sql`
  select k.conrelid::text as oid, ${keyColumns},
    exists (select from pg_index i where i.indrelid = k.conrelid and i.indisvalid and i.indpred is null and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey) as indexed,
    exists (select from pg_constraint r where r.confrelid = k.conrelid and r.contype = 'f' and r.conparentid = 0) as referred
  from pg_constraint k where k.confrelid = ${oid}::oid and k.contype = 'f' and k.conparentid = 0`;

type Referring = Key & Pick<Child, 'oid' | 'indexed' | 'referred'>;

export async function tablesOf(ask: Ask, oids: string[], role: string): Promise<Map<string, Table>> {
  const [found, parts] = [await ask<Facts>(facts(oids, role)), await ask<Part>(partsOf(oids))];
  return new Map(found.map((one) => {
    const own = parts.filter(({ parent }) => parent === one.oid);
    return [one.oid, { ...one, parts: own.filter((part) => part.bound !== 'DEFAULT'), fallback: own.find((part) => part.bound === 'DEFAULT') ?? null }];
  }));
}

/** A table of this name (written as SQL writes it, of these pg_class.relkind) with those that refer to it. */
export async function findFamily(ask: Ask, name: string, role: string, kinds = 'p'): Promise<Family | null> {
  const [found] = await ask<{ oid: string; name: string; now_ms: number; database: string }>(sql`
    select c.oid::text as oid, format('%I.%I', n.nspname, c.relname) as name, extract(epoch from now())::float8 * 1000 as now_ms, format('%I', current_database()) as database
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = to_regclass(${name}) and position(c.relkind in ${kinds}) > 0`);
  if (!found) return null;
  const refer = await ask<Referring>(referring(found.oid));
  const tables = await tablesOf(ask, [found.oid, ...refer.map(({ oid }) => oid)], role);
  const top = tables.get(found.oid);
  if (!top) return null;
  const children = refer.flatMap((one): Child[] => {
    const table = tables.get(one.oid);
    return table ? [{ ...table, ...one }] : [];
  });
  const bytes = [top, ...children].flatMap(({ parts, fallback }) => [...parts, ...(fallback ? [fallback] : [])]).reduce((sum, part) => sum + part.bytes, 0);
  return { name: found.name, key: `relation ${found.oid}`, identity: found.oid, table: found.oid, bytes, top, children, now_ms: found.now_ms, database: found.database };
}

export const named = ({ schema, rel }: { schema: string; rel: string }): SQL => ident(schema, rel);
/** Which relation, by its OID, or by the name that it has when the statement runs. */
export type Which = string | { schema: string; rel: string };
export const oidOf = (which: Which): SQL => (typeof which === 'string' ? sql`${inlineNumber(Number(which))}::oid` : sql`${literal(render(named(which)).text)}::regclass::oid`);
export const written = ({ schema, rel }: { schema: string; rel: string }): string => `${schema}.${rel}`;

export type Axis = NonNullable<ReturnType<typeof axisOf>>;
export type Placed = Part & Range;

/** The time along which a table is cut, with its partitions on it; null where its key is none, or none alone. */
export function axisIn(table: Table): { axis: Axis; parts: Placed[] } | null {
  if (table.strategy !== 'r' || table.key_columns !== 1 || table.key === null) return null;
  const bounds = table.parts.flatMap((part) => {
    const ends = rangeEnds(part.bound);
    return ends ? [{ part, pair: [ends[0].first, ends[1].first] as [string, string] }] : [];
  });
  const axis = axisOf(table.key_type, bounds.length === 0 ? [['MINVALUE', 'MAXVALUE']] : bounds.map(({ pair }) => pair));
  if (!axis) return null;
  const parts = bounds.flatMap(({ part, pair }): Placed[] => {
    const range = rangeOn(axis, pair);
    return range ? [{ ...part, ...range }] : [];
  });
  return { axis, parts: parts.toSorted((a, b) => a.from - b.from) };
}

/** Children that are cut along the same column as the table they refer to, so that their rows lie in the partition of the same bounds. */
export const alike = (top: Table, child: Child): boolean => child.strategy === 'r' && child.key_columns === 1 && child.key !== null && child.from[child.to.indexOf(top.key ?? '')] === child.key && child.key_type === top.key_type;
