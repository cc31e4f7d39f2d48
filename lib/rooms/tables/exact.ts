import type { Ask, SqlContext } from '@/lib/kit/diagnostic';
import type { Param } from '@/lib/kit/param';
import { lockedAway, ofPeople, qualified } from '@/lib/pg/relations';
import { ident, sql, type SQL } from '@/lib/pg/sql';

type Params = { table: Param<string>; method: Param<'visible pages skipped' | 'whole'> };

type Named = { oid: number; relation: string; kind: string; size_bytes: number; locked: boolean };
type Figures = { scanned_ratio: number | null; live_rows: number | null; live_bytes: number | null; dead_rows: number | null; dead_bytes: number | null; free_bytes: number | null; waste_ratio: number | null; fragmented_ratio: number | null };

const nothing: Figures = { scanned_ratio: null, live_rows: null, live_bytes: null, dead_rows: null, dead_bytes: null, free_bytes: null, waste_ratio: null, fragmented_ratio: null };

const scannable = new Set(['heap', 'btree', 'hash', 'gist']);

/** Relations with a file, by the size that pg_class knows; a partitioned table's name stands for its partitions. */
const relations = (chosen: SQL): SQL => sql`
  with away as materialized (${lockedAway}), chosen as materialized (
    select c.oid::int8::float8 as oid, ${qualified} as relation, coalesce(m.amname::text, 'none') as kind, c.relpages, c.oid in (select relation from away) as locked, c.oid as id
    from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_am m on m.oid = c.relam
    where c.relkind in ('r', 'm', 'i') and ${ofPeople} and ${chosen}
    order by c.relpages desc, 2 limit 100
  )
  select oid, relation, kind, locked, coalesce(case when not locked then pg_relation_size(id) end, relpages::bigint * current_setting('block_size')::bigint)::float8 as size_bytes from chosen`;

/** The name as PostgreSQL would write it, or as it is without quotes; of a partitioned table or index, its leaves. */
const named = (name: string): SQL => sql`(exists (
  select from pg_class w join pg_namespace s on s.oid = w.relnamespace
  where (w.oid = c.oid or (w.relkind in ('p', 'I') and c.relispartition and w.oid in (select relid from pg_partition_ancestors(c.oid))))
    and ${name}::text in (format('%I.%I', s.nspname, w.relname), s.nspname || '.' || w.relname, w.relname)))`;

function scan(kind: string, oid: number, method: string, schema: string): SQL {
  const of = sql`(${oid}::int8::oid::regclass)`;
  if (kind === 'btree') {
    return sql`select 1::float8 as scanned_ratio, null::float8 as live_rows, null::float8 as live_bytes, null::float8 as dead_rows, null::float8 as dead_bytes,
      (leaf_pages * current_setting('block_size')::int * (1 - coalesce(nullif(avg_leaf_density, 'NaN'), 100) / 100))::float8 as free_bytes,
      (1 - nullif(avg_leaf_density, 'NaN') / 100)::float8 as waste_ratio, (nullif(leaf_fragmentation, 'NaN') / 100)::float8 as fragmented_ratio from ${ident(schema, 'pgstatindex')}${of}`;
  }
  if (kind === 'heap' && method !== 'whole') {
    return sql`select (scanned_percent / 100)::float8 as scanned_ratio, approx_tuple_count::float8 as live_rows, approx_tuple_len::float8 as live_bytes, dead_tuple_count::float8 as dead_rows,
      dead_tuple_len::float8 as dead_bytes, approx_free_space::float8 as free_bytes, ((dead_tuple_len + approx_free_space)::float8 / nullif(table_len, 0)) as waste_ratio, null::float8 as fragmented_ratio
      from ${ident(schema, 'pgstattuple_approx')}${of}`;
  }
  return sql`select 1::float8 as scanned_ratio, tuple_count::float8 as live_rows, tuple_len::float8 as live_bytes, dead_tuple_count::float8 as dead_rows, dead_tuple_len::float8 as dead_bytes,
    free_space::float8 as free_bytes, ((dead_tuple_len + free_space)::float8 / nullif(table_len, 0)) as waste_ratio, null::float8 as fragmented_ratio from ${ident(schema, 'pgstattuple')}${of}`;
}

/** One relation is scanned; where the name fits several, or none was given, they are listed with what a scan of each would read. */
export async function readExact(ask: Ask, { params, server }: SqlContext<Params>) {
  const found = await ask<Named>(relations(params.table === '' ? sql`c.relpages > 0` : named(params.table)));
  const [only] = found;
  const why = found.length > 1 ? (params.table === '' ? 'Not scanned' : 'Not scanned: several have this name') : null;
  const answers = [];
  for (const { relation, kind, size_bytes, locked } of found) answers.push({ relation, kind, size_bytes, ...nothing, says: stateOf(kind, locked) ?? why ?? 'Scanned' });
  if (!only || params.table === '' || why !== null || stateOf(only.kind, only.locked) !== null) return answers;
  const [figures] = await ask<Figures>(scan(only.kind, only.oid, params.method, server.extensions.get('pgstattuple')?.schema ?? 'public'));
  return answers.map((answer) => ({ ...answer, ...figures }));
}

function stateOf(kind: string, locked: boolean): string | null {
  if (!scannable.has(kind)) return 'Cannot be scanned';
  return locked ? 'Not scanned: it is locked' : null;
}
