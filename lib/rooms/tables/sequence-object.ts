import type { ActionObject } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { ident, sql } from '@/lib/pg/sql';
import { domainBases } from './sequences-sql';

type Column = { oid: string; schema: string; rel: string; column: string; /** Of a domain what it is of in the end, with its precision. */ type: string; domain: string | null; identity: boolean; kind: string; bytes: number; rows: number; table_owned: boolean; indexed: boolean; readable: boolean; views: number; references: string[] };
export type SequenceObject = ActionObject & { oid: string; schema: string; rel: string; type: string; step: number; last: string | null; lowest: string; highest: string; owned: boolean; persistence: string; column: Column | null; /** The highest value of the column, where an index gives it. */ top: string | null };

type Row = Pick<SequenceObject, 'oid' | 'schema' | 'rel' | 'type' | 'step' | 'last' | 'lowest' | 'highest' | 'owned' | 'persistence'> & { name: string };

export async function findSequence(ask: Ask, name: string, role: string): Promise<SequenceObject | null> {
  const [row] = await ask<Row>(sql`
    select format('%I.%I', n.nspname, c.relname) as name, c.oid::text as oid, n.nspname::text as schema, c.relname::text as rel, format_type(q.seqtypid, null) as type, q.seqincrement::float8 as step, c.relpersistence::text as persistence,
      q.seqmin::text as lowest, q.seqmax::text as highest, case when has_sequence_privilege(c.oid, 'select, usage') then pg_sequence_last_value(c.oid) end::text as last, pg_has_role(${role}::name, c.relowner, 'USAGE') as owned
    from pg_class c join pg_sequence q on q.seqrelid = c.oid join pg_namespace n on n.oid = c.relnamespace where c.oid = to_regclass(${name}) and c.relkind = 'S'`);
  if (!row) return null;
  const column = await columnOf(ask, row.oid, role);
  const top = column?.indexed && column.readable ? await topOf(ask, column, row.step) : null;
  return { ...row, column, top, key: `relation ${column?.oid ?? row.oid}`, identity: [row.oid, row.type, row.lowest, row.highest, column?.type ?? ''].join(' '), table: column?.oid ?? row.oid, bytes: column?.bytes ?? null };
}

/** The column that owns it. What references that column, directly, has to hold its values too. */
async function columnOf(ask: Ask, oid: string, role: string): Promise<Column | null> {
  const [found] = await ask<Column>(sql`
    select c.oid::text as oid, n.nspname::text as schema, c.relname::text as rel, a.attname::text as "column", format_type(coalesce(base.base, a.atttypid), coalesce(base.typmod, a.atttypmod)) as type, case when base.oid is not null then format_type(a.atttypid, null) end as domain, a.attidentity <> '' as identity, c.relkind::text as kind, pg_total_relation_size(c.oid)::float8 as bytes,
      greatest(c.reltuples, 0)::float8 as rows, pg_has_role(${role}::name, c.relowner, 'USAGE') as table_owned, has_column_privilege(c.oid, a.attnum, 'SELECT') as readable,
      exists (select from pg_index i where i.indrelid = c.oid and i.indisvalid and i.indpred is null and i.indkey[0] = a.attnum) as indexed,
      (select count(distinct v.objid)::int from pg_depend v where v.refobjid = c.oid and v.refobjsubid = a.attnum and v.classid = 'pg_rewrite'::regclass) as views,
      array(select format('%s.%I', k.conrelid::regclass, f.attname) from pg_constraint k cross join lateral unnest(k.conkey, k.confkey) u (own, theirs) join pg_attribute f on f.attrelid = k.conrelid and f.attnum = u.own
        where k.contype = 'f' and k.confrelid = c.oid and u.theirs = a.attnum and f.atttypid <> 'int8'::regtype) as "references"
    from pg_depend d join pg_class c on c.oid = d.refobjid join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
      left join (${domainBases}) base on base.oid = a.atttypid
    where d.classid = 'pg_class'::regclass and d.objid = ${oid}::oid and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i') and d.refobjsubid > 0`);
  return found ?? null;
}

async function topOf(ask: Ask, { schema, rel, column }: Column, step: number): Promise<string | null> {
  const [found] = await ask<{ top: string | null }>(step > 0 ? sql`select max(${ident(column)})::text as top from ${ident(schema, rel)}` : sql`select min(${ident(column)})::text as top from ${ident(schema, rel)}`);
  return found?.top ?? null;
}

/** A bigint’s nineteen digits before the point, and as many behind it as before: `numeric(5,2)` becomes `numeric(21,2)`. Rows stay as they are. */
export const wideDecimal = (type: string): string => {
  const scale = Number(/,(-?\d+)\)$/.exec(type)?.[1] ?? 0);
  return `numeric(${Math.max(1, 19 + scale)},${scale})`;
};

const most: Record<string, bigint> = { smallint: 32_767n, integer: 2_147_483_647n };
const biggest = 9_223_372_036_854_775_807n;

/** The highest whole number of a type, of those that a sequence gives. */
function highestOf(type: string): bigint {
  const digits = /^numeric\((\d+),(-?\d+)\)$/.exec(type);
  const held = digits ? 10n ** BigInt(Math.max(0, Number(digits[1]) - Number(digits[2]))) - 1n : (most[type] ?? biggest);
  return held < biggest ? held : biggest;
}

/** The column's type ends it before its own does, or together with it. */
export const isColumnNearer = ({ type }: { type: string }, column: { type: string }): boolean => highestOf(column.type) < biggest && highestOf(column.type) <= highestOf(type);

/** Its own MAXVALUE or MINVALUE ends it before the types of sequence and column do. */
export function isCapped({ type, column, step, lowest, highest }: SequenceObject): boolean {
  const [own, its] = [highestOf(type), highestOf(column?.type ?? '')];
  const end = own < its ? own : its;
  return step > 0 ? BigInt(highest) < end : BigInt(lowest) > -end - 1n;
}
