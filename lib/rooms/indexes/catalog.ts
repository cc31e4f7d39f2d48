import { col, type RowOf } from '@/lib/kit/column';
import { busy, held, lockedRelations } from '@/lib/pg/index-facts';
import { sql, type SQL } from '@/lib/pg/sql';
import { formatBytes } from '@/lib/units';

export { busy, held };

/** Schemas of people, for the namespace `n`. */
export const ownSchemas = sql`n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_toast%'`;

/** Every index under the topmost partitioned index it is part of; an index that is part of none is its own top. Temporary tables left out. */
export const tree = sql`tree(root, leaf) as (
        select c.oid, c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('i', 'I') and not c.relispartition and c.relpersistence <> 't' and ${ownSchemas}
        union all
        select tree.root, h.inhrelid from tree join pg_inherits h on h.inhparent = tree.leaf
      )`;

/*
 * Sizes and definitions are worked out for the rows that are shown only: PostgreSQL puts a costly column after the engine's ORDER BY and LIMIT if it can
 * pull the statement up into it, which it cannot do with a WITH of its own. So what these stand in has its WITH inside a FROM.
 */

/** The size of an index (`kind` is its relkind) with all its parts, NULL while one is locked. */
export const sizeOf = (root: SQL, kind: SQL): SQL => sql`case when ${kind} = 'i' then (
            select pg_relation_size(s.oid)::float8 from pg_class s where s.oid = ${root} and s.oid not in (${lockedRelations}))
          else (
            with recursive part(oid) as (select ${root} union all select h.inhrelid from part join pg_inherits h on h.inhparent = part.oid)
            select case when bool_or(part.oid in (${lockedRelations})) then null else sum(case when part.oid not in (${lockedRelations}) then pg_relation_size(part.oid) end)::float8 end from part) end`;

/** The index as it would be created, NULL while its table is locked. */
export const definitionOf = (index: SQL): SQL => sql`(
          select pg_get_indexdef(p.indexrelid) from pg_index p
          where p.indexrelid = ${index} and p.indexrelid not in (${lockedRelations}) and p.indrelid not in (${lockedRelations}))`;

export const blockSize = sql`current_setting('block_size')::float8`;

/**
 * Since when this server counts scans. A crash zeroes the counters and leaves pg_stat_database.stats_reset as it was, but it resets the cluster-wide
 * views as well: it cannot be later than the oldest of those.
 */
export const countingSince = sql`(
          select greatest(d.stats_reset, least(b.stats_reset, a.stats_reset, w.stats_reset))
          from pg_stat_database d, pg_stat_bgwriter b, pg_stat_archiver a, pg_stat_wal w where d.datname = current_database())`;

/** Physical standbys: those that stream, and slots kept for one that is away. */
const standbys = sql`(
          (select count(*) from pg_stat_replication r where r.state is distinct from 'backup'
            and not exists (select from pg_replication_slots s where s.slot_type = 'logical' and s.active_pid = r.pid))
          + (select count(*) from pg_replication_slots s where s.slot_type = 'physical' and not s.active))::int`;

/** What every question about scans has to say about the counters. */
export const counters = {
  row: {
    since_at: col.maybe(col.time('Counting since', { note: 'The last reset or crash at the latest' })),
    age_ms: col.maybe(col.ms('Counted for')),
    standbys: col.count('Standbys', { note: 'Their scans are counted there and not seen here' }),
    commit_times: col.flag('Creation times', { note: 'track_commit_timestamp: without it nobody knows when an index was made' }),
  },
  sql: () => sql`
      select s.since_at, (extract(epoch from clock_timestamp() - s.since_at) * 1000)::float8 as age_ms, ${standbys} as standbys,
        current_setting('track_commit_timestamp')::bool as commit_times
      from (select ${countingSince} as since_at) s`,
  since: (facts: { since_at: string | null }) => facts.since_at,
};

export type Counters = RowOf<typeof counters.row>;

/** Scans of an index with all its parts, and the reads and writes of its tables in the same time; `asked` names the tables whose scans are summed up. */
export const scanned = sql`asked as materialized (
        select x.indrelid, pg_stat_get_numscans(x.indrelid) + sum(pg_stat_get_numscans(x.indexrelid)) as scans from pg_index x group by x.indrelid
      ), scanned as (
        select tree.root, count(*) filter (where c.relkind = 'i') as parts, sum(pg_stat_get_numscans(tree.leaf))::float8 as scans,
          sum(greatest(c.relpages, 0))::float8 * ${blockSize} as pages_bytes, sum(asked.scans)::float8 as table_scans,
          sum(pg_stat_get_tuples_inserted(x.indrelid) + pg_stat_get_tuples_updated(x.indrelid) - pg_stat_get_tuples_hot_updated(x.indrelid))::float8 as writes
        from tree join pg_class c on c.oid = tree.leaf join pg_index x on x.indexrelid = tree.leaf join asked on asked.indrelid = x.indrelid
        group by tree.root
      )`;

/** The foreign keys whose referencing columns are the first columns of the index `x`, in any order. */
export const supportedBy = sql`(
          select string_agg(quote_ident(f.conname), ', ' order by f.conname) from pg_constraint f
          where f.conrelid = x.indrelid and f.contype = 'f' and am.amname in ('btree', 'hash')
            and cardinality(f.conkey) <= x.indnkeyatts and (x.indkey::int2[])[0:cardinality(f.conkey) - 1] @> f.conkey)`;

/** Every line of it, so that a name with a line break in it stays inside. */
export const asComment = (text: string): string => text.split('\n').map((line) => `-- ${line}`).join('\n');

/** Definitions come without CONCURRENTLY, which a partitioned index does not know. */
const concurrently = (definition: string): string => definition.replace(/^CREATE (UNIQUE )?INDEX /, 'CREATE $1INDEX CONCURRENTLY ');

export type Droppable = { index: string; partitioned: boolean; definition: string | null; tablespace: string | null };

/** The statement that drops an index, with what brings it back. */
export function dropIndex({ index, partitioned, definition, tablespace }: Droppable): { sql: string } {
  const place = tablespace === null ? '' : `SET default_tablespace = ${tablespace};\n`;
  const back = definition === null ? '' : `\n-- to undo:\n${asComment(`${place}${partitioned ? definition : concurrently(definition)};`)}`;
  if (!partitioned) return { sql: `-- outside a transaction, without lock_timeout: a drop that is cut off leaves the index invalid\nDROP INDEX CONCURRENTLY ${index};${back}` };
  return {
    sql: `-- CONCURRENTLY is not possible for an index of a partitioned table: this locks the table and every partition exclusively, shortly.\nBEGIN;\nSET LOCAL lock_timeout = '2s'; -- rather fail than queue everybody behind it; run it again\nDROP INDEX ${index};\nCOMMIT;${back}`,
  };
}

/** `, 1.2 GB` where the size is known. */
export const sized = (bytes: number | null): string => (bytes === null ? '' : `, ${formatBytes(bytes)}`);
