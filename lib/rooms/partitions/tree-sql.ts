import { ofPeople, qualified, tableSizes } from '@/lib/pg/relations';
import { sql, type SQL } from '@/lib/pg/sql';

/** A bound holds no column, so no relation is named to deparse it: naming one opens and locks it from 18 on. */
export const bound = (rel: SQL): SQL => sql`pg_get_expr(${rel}.relpartbound, 0)`;

/** Of `f`, pg_attrdef of a column that is not generated: whether it gives a sequence’s values as they are. It holds no column either. */
export const isNextval: SQL = sql`pg_get_expr(f.adbin, 0) ~ '^\\(?nextval\\(''([^'']|'''')*''::regclass\\)\\)?(::(smallint|integer|bigint))?$'`;

/** Of `p`, pg_partitioned_table: the type of its first key column, what its bounds may be read by; null for an expression, and where a sequence fills it, whose values are no time whatever they look like. */
export const keyType: SQL = sql`(select format_type(k.atttypid, null) from pg_attribute k join pg_attribute a on a.attrelid = pg_partition_root(p.partrelid) and a.attname = k.attname
    left join pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum and a.attgenerated = ''
    where k.attrelid = p.partrelid and k.attnum = p.partattrs[0] and k.attnum <> 0 and a.attidentity = '' and (f.oid is null or not ${isNextval}))`;

/** Over `s`, rows of tableSizes. */
const summed = sql`sum(s.heap_bytes) as heap_bytes, sum(s.index_bytes) as index_bytes, sum(s.toast_bytes) as toast_bytes,
    sum(s.heap_bytes + s.index_bytes + s.toast_bytes) as total_bytes, bool_and(s.measured) as measured, count(*) as leaf_count,
    case when bool_and(s.reltuples >= 0) then sum(s.reltuples)::float8 end as row_estimate, sum(pg_stat_get_dead_tuples(s.tab))::float8 as dead_rows`;

/** Names and types of a table’s columns, in the order of their names: what a partition and its table have in common. */
export const columnsOf = (rel: SQL): SQL => sql`(select string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attname) from pg_attribute a where a.attrelid = ${rel} and a.attnum > 0 and not a.attisdropped)`;

/**
 * `rel, heap_bytes, index_bytes, toast_bytes, total_bytes, measured, leaf_count, row_estimate, dead_rows` of the partitioned tables that `chosen` (a condition on `p`, pg_partitioned_table)
 * names and of every leaf below them, each with all that is below it. Rows are unknown where one of the leaves was never counted.
 */
export const branchesOf = (chosen: SQL): SQL => sql`
  with recursive below(rel, oid) as (
    select p.partrelid, p.partrelid from pg_partitioned_table p where ${chosen}
    union all
    select below.rel, i.inhrelid from below join pg_inherits i on i.inhparent = below.oid
  ), leaf as materialized (${tableSizes(sql`select below.oid from below`)})
  select a.rel, ${summed}
  from (select tab as rel, tab from leaf union all select below.rel, below.oid from below) a join leaf s on s.tab = a.tab group by a.rel`;

/** The same of the tables and partitioned tables that `shown` (a query of one column of OIDs as text) names, where they are few. */
export const branchesUnder = (shown: SQL): SQL => sql`
  with recursive below(rel, oid) as (
    select w.oid::oid, w.oid::oid from (${shown}) w(oid)
    union all
    select below.rel, i.inhrelid from below join pg_class p on p.oid = below.oid and p.relkind = 'p' join pg_inherits i on i.inhparent = below.oid
  )
  select below.rel, ${summed} from below join (${tableSizes(sql`select below.oid from below`, { few: true })}) s on s.tab = below.oid group by below.rel`;

/** The same of every partitioned table and every partition. */
export const branches: SQL = branchesOf(sql`true`);

/** Every partitioned table with what its key is, the first column standing for several; `parent_bound` where it is itself a partition. */
export const parents: SQL = sql`
  select c.oid::text as id, ${qualified} as tab, n.nspname::text as schema_name, c.relname::text as rel_name, p.partstrat::text as strategy, pg_get_partkeydef(c.oid) as key,
    p.partnatts::int as key_columns, ${keyType} as key_type, exists (select from pg_attribute a where a.attrelid = c.oid and a.attnum = p.partattrs[0] and a.attnum <> 0 and a.atttypid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)) as whole,
    p.partdefid <> 0 as has_default, ${bound(sql`c`)} as parent_bound, (select i.inhparent::text from pg_inherits i where i.inhrelid = c.oid) as parent_id, extract(epoch from now())::float8 * 1000 as now_ms
  from pg_partitioned_table p join pg_class c on c.oid = p.partrelid join pg_namespace n on n.oid = c.relnamespace where ${ofPeople}`;

/** Every partition under its parent. */
export const members: SQL = sql`
  select i.inhparent::text as parent_id, c.oid::text as id, ${qualified} as part, c.relkind::text as kind, ${bound(sql`c`)} as bound, i.inhdetachpending as pending
  from pg_inherits i join pg_partitioned_table p on p.partrelid = i.inhparent join pg_class c on c.oid = i.inhrelid join pg_namespace n on n.oid = c.relnamespace where ${ofPeople}`;

export type Parent = { id: string; tab: string; schema_name: string; rel_name: string; strategy: string; key: string; /** As `keyType` says. */ key_type: string | null; /** The first column holds whole numbers. */ whole: boolean; key_columns: number; has_default: boolean; parent_bound: string | null; parent_id: string | null; now_ms: number };
export type Member = { parent_id: string; id: string; part: string; kind: string; bound: string | null; pending: boolean };

export function underParents(list: Member[]): Map<string, Member[]> {
  const under = new Map<string, Member[]>();
  for (const member of list) {
    const siblings = under.get(member.parent_id);
    if (siblings) siblings.push(member);
    else under.set(member.parent_id, [member]);
  }
  return under;
}
