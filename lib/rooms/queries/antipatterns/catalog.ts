import type { Ask } from '@/lib/kit/diagnostic';
import { lockedAway } from '@/lib/pg/relations';
import { array, sql, type SQL } from '@/lib/pg/sql';
import type { RelationName } from '@/lib/pg/statement-shape';

/** A relation as a statement writes it. */
export type Written = RelationName;

export type Column = { name: string; type: string; notNull: boolean };

export type Index = {
  name: string;
  method: string;
  unique: boolean;
  partial: boolean;
  /** Key columns in order; null where an expression stands. */
  columns: (string | null)[];
  classes: string[];
  /** The expressions, one after the other; null where there are none, or the table is locked. */
  expressions: string | null;
};

export type Table = {
  oid: string;
  schema: string;
  name: string;
  /** `schema.name`, quoted where needed. */
  shown: string;
  /** As pg_class has it: r, p, m, v, f. */
  kind: string;
  /** As last analysed, all partitions together; null where nothing is known. */
  rows: number | null;
  bytes: number;
  columns: Column[];
  /** Valid ones, and the partition key of a partitioned table. */
  indexes: Index[];
};

export const keyOf = ({ schema, name }: Written): string => JSON.stringify([schema, name]);

/**
 * `resolved (place, oid, schema, name, kind, candidates)`: what each name means. A name without its schema means what the search path of whoever
 * runs the statement says, which nobody else knows: the only relation of that name, or the first that the monitoring role would find.
 */
export function resolved(names: readonly Written[]): SQL {
  return sql`named as materialized (
      select t.schema, t.name, t.place from unnest(${array(names.map(({ schema }) => schema ?? ''))}::text[], ${array(names.map(({ name }) => name))}::text[]) with ordinality as t (schema, name, place)
    ), candidate as materialized (
      select d.place, c.oid, n.nspname, c.relname, c.relkind, c.reltuples, c.relpages, count(*) over (partition by d.place) as candidates,
        row_number() over (partition by d.place order by n.nspname = 'pg_catalog' desc, coalesce(pg_table_is_visible(c.oid), false) desc, n.nspname) as rank
      from named d join pg_class c on c.relname = d.name join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'm', 'v', 'f') and n.nspname !~ '^pg_(toast|temp)' and (d.schema = '' or n.nspname = d.schema)
    ), resolved as materialized (
      select place, oid, nspname, relname, relkind, reltuples, relpages, candidates from candidate where rank = 1
    )`;
}

/** The leaves of each: itself where it is no partitioned table. Without pg_partition_tree, which locks them all. */
export const leaves = sql`leaf (place, oid, kind) as (
      select place, oid, relkind from resolved
      union all
      select l.place, h.inhrelid, c.relkind from leaf l join pg_inherits h on h.inhparent = l.oid join pg_class c on c.oid = h.inhrelid where l.kind = 'p'
    )`;

type Found = Table & { place: number; candidates: number; partition_key: (string | null)[] | null };

/** A condition on a partitioned table's key leads to some of its partitions, as an index leads to some rows. */
const byPartition = (columns: (string | null)[]): Index => ({ name: 'the partition key', method: 'partition', unique: false, partial: false, columns, classes: [], expressions: null });

/**
 * Each name's relation with its columns and indexes, by `keyOf`. Names that mean nothing here are left out, and so are those that mean another relation
 * for another search path.
 */
export async function tablesNamed(ask: Ask, names: readonly Written[]): Promise<Map<string, Table>> {
  const asked = [...new Map(names.map((name) => [keyOf(name), name])).values()].slice(0, 500);
  const found = await ask<Found>(sql`
    with recursive ${resolved(asked)}, ${leaves}, locked as materialized (${lockedAway}), sums as (
      select l.place, sum(case when c.reltuples >= 0 then c.reltuples end)::float8 as rows, sum(c.relpages)::float8 * current_setting('block_size')::int as bytes
      from leaf l join pg_class c on c.oid = l.oid where l.kind <> 'p' group by l.place
    )
    select r.place::int as place, r.oid::text as oid, r.nspname::text as schema, r.relname::text as name, format('%I.%I', r.nspname, r.relname) as shown, r.relkind::text as kind,
      sums.rows, coalesce(sums.bytes, 0) as bytes, r.candidates::int as candidates,
      coalesce((select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, null), 'notNull', a.attnotnull and not exists (
            select from pg_constraint k where k.conrelid = a.attrelid and k.contype = 'n' and a.attnum = any (k.conkey) and (not k.convalidated or k.connoinherit))) order by a.attnum)
        from pg_attribute a where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped), '[]') as columns,
      coalesce((select json_agg(json_build_object('name', ic.relname, 'method', am.amname, 'unique', x.indisunique and x.indimmediate and (r.relkind <> 'r' or not exists (select from pg_inherits h where h.inhparent = r.oid)), 'partial', x.indpred is not null,
          'columns', (select json_agg(a.attname order by k.place) from unnest(x.indkey::int2[]) with ordinality as k (att, place) left join pg_attribute a on a.attrelid = x.indrelid and a.attnum = k.att and k.att > 0 where k.place <= x.indnkeyatts),
          'classes', (select json_agg(o.opcname order by k.place) from unnest(x.indclass::oid[]) with ordinality as k (class, place) left join pg_opclass o on o.oid = k.class),
          'expressions', case when x.indexprs is not null and r.oid not in (select relation from locked) then pg_get_expr(x.indexprs, x.indrelid) end) order by ic.relname)
        from pg_index x join pg_class ic on ic.oid = x.indexrelid join pg_am am on am.oid = ic.relam where x.indrelid = r.oid and x.indisvalid and x.indisready), '[]') as indexes,
      (select json_agg(a.attname order by k.place) from pg_partitioned_table t cross join unnest(t.partattrs::int2[]) with ordinality as k (att, place)
        left join pg_attribute a on a.attrelid = t.partrelid and a.attnum = k.att and k.att > 0 where t.partrelid = r.oid) as partition_key
    from resolved r left join sums on sums.place = r.place`);
  return new Map(found.flatMap(({ place, candidates, partition_key: key, ...table }) => {
    const name = asked[place - 1];
    const isSure = name?.schema !== null || candidates === 1 || table.schema === 'pg_catalog';
    return name && isSure ? [[keyOf(name), { ...table, indexes: key ? [...table.indexes, byPartition(key)] : table.indexes }] as const] : [];
  }));
}
