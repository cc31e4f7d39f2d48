import type { Remedy } from '@/lib/kit/finding';
import { col, type RowOf } from '@/lib/kit/column';
import { countingSince } from '@/lib/pg/counters';
import { busy, held } from '@/lib/pg/index-facts';
import { sql, type SQL } from '@/lib/pg/sql';
import { formatBytes } from '@/lib/units';

export { busy, held };

/** Schemas of people, for the namespace `n`. */
export const ownSchemas = sql`n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_toast%'`;

export const blockSize = sql`current_setting('block_size')::float8`;

/** What has parts of its own among the parts of something, `h` of pg_inherits: to walk down all of twenty thousand would be three times the way. */
const divided = sql`h.inhrelid in (select g.inhparent from pg_inherits g)`;

/** Every index under the topmost partitioned index it is part of; an index that is part of none is its own top. Temporary tables left out. */
export const tree = sql`top as materialized (
        select c.oid, c.relkind from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('i', 'I') and not c.relispartition and c.relpersistence <> 't' and ${ownSchemas}
      ), walk(root, node) as (
        select oid, oid from top where relkind = 'I'
        union all
        select walk.root, h.inhrelid from walk join pg_inherits h on h.inhparent = walk.node where ${divided}
      ), tree(root, leaf) as (
        select oid, oid from top
        union all
        select walk.root, h.inhrelid from walk join pg_inherits h on h.inhparent = walk.node
      )`;

/** Opening an index costs this backend some kilobytes that it keeps: of many parts only so many are, the largest by their pages. */
const mostOpened = 500;

/** `oid, size_bytes, definition` of the indexes that `shown` (a query of one column of OIDs as text) names: late columns, for the rows shown only. NULL while one is locked. */
const lateSql = (shown: SQL): SQL => sql`
      with recursive shown_index(oid, relkind) as materialized (
        select c.oid, c.relkind from (${shown}) w(oid) join pg_class c on c.oid = w.oid::oid
      ), ${busy}, walk(root, node) as (
        select oid, oid from shown_index where relkind = 'I'
        union all
        select walk.root, h.inhrelid from walk join pg_inherits h on h.inhparent = walk.node where ${divided}
      ), part(root, oid) as (
        select oid, oid from shown_index where relkind = 'I'
        union all
        select walk.root, h.inhrelid from walk join pg_inherits h on h.inhparent = walk.node
      ), file as materialized (
        select part.root, c.oid, c.relpages * ${blockSize} as bytes from part join pg_class c on c.oid = part.oid and c.relkind = 'i'
        union all
        select c.oid, c.oid, c.relpages * ${blockSize} from shown_index join pg_class c on c.oid = shown_index.oid and c.relkind = 'i'
      ), opened as (
        (select * from file where oid <> root order by bytes desc, oid limit ${mostOpened})
        union all
        select * from file where oid = root
      ), exact as (
        select root, sum(coalesce(pg_relation_size(oid) - bytes, 0)) as more from opened where oid not in (select relation from busy) group by root
      ), away as (
        select root from part where exists (select from busy) and oid in (select relation from busy)
        union
        select relation from busy
      ), sized as (
        select root, sum(bytes) as bytes from file group by root
      )
      select s.oid::text as oid, case when s.oid not in (select root from away) then coalesce(sized.bytes, 0) + coalesce(exact.more, 0) end as size_bytes, ${definitionOf(sql`s.oid`)} as definition
      from shown_index s left join sized on sized.root = s.oid left join exact on exact.root = s.oid`;

export const late = { by: 'oid', columns: ['size_bytes', 'definition'], sql: lateSql };

/** What a column of sizes from there has to say. */
export const sizeNote = `Unknown while the index is locked exclusively; of a partitioned index the ${mostOpened} largest parts, the others by their pages at the last VACUUM`;

/** The statement that makes the index of a row of pg_index again, where it stands: PostgreSQL’s own leaves the tablespace out, which comes before WHERE. */
export const statementOf = (index: SQL): SQL => sql`(
          select case when space.spcname is null then d.whole else left(d.whole, length(d.whole) - length(d.condition)) || ' TABLESPACE ' || quote_ident(space.spcname) || d.condition end
          from (select pg_get_indexdef(${index}.indexrelid) as whole, coalesce(' WHERE ' || pg_get_expr(${index}.indpred, ${index}.indrelid), '') as condition) d
            join pg_class made on made.oid = ${index}.indexrelid left join pg_tablespace space on space.oid = made.reltablespace)`;

/** The index as it would be created, NULL while its table is locked. For few. */
export const definitionOf = (index: SQL): SQL => sql`(
          select ${statementOf(sql`p`)} from pg_index p
          where p.indexrelid = ${index} and p.indexrelid not in (select relation from busy) and p.indrelid not in (select relation from busy))`;

export { countingSince };

/** Counters that are younger say nothing about a rare reader. It names no row, so PostgreSQL looks at it first and, where it does not hold, at nothing else. */
export const countedFor = (days: number): SQL => sql`now() - ${countingSince} >= ${days}::float8 * interval '1 day'`;

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

/** Scans of an index with all its parts, and the reads and writes of its tables in the same time. Each counter is asked for once: `asked` per table, `counted` per index. */
export const scanned = sql`counted as materialized (
        select x.indexrelid, x.indrelid, pg_stat_get_numscans(x.indexrelid) as scans from pg_index x
      ), asked as materialized (
        select k.indrelid, pg_stat_get_numscans(k.indrelid) + sum(k.scans) as scans,
          pg_stat_get_tuples_inserted(k.indrelid) + pg_stat_get_tuples_updated(k.indrelid) - pg_stat_get_tuples_hot_updated(k.indrelid) as writes
        from counted k group by k.indrelid
      ), scanned as (
        select tree.root, count(*) filter (where c.relkind = 'i') as parts, sum(k.scans)::float8 as scans,
          sum(greatest(c.relpages, 0))::float8 * ${blockSize} as pages_bytes, sum(asked.scans)::float8 as table_scans, sum(asked.writes)::float8 as writes
        from tree join pg_class c on c.oid = tree.leaf join counted k on k.indexrelid = tree.leaf join asked on asked.indrelid = k.indrelid
        group by tree.root
      )`;

/** Can the check of the foreign key `f` look up the key at this position of the index `x`? By an operator class that knows its operator, in the column’s own collation. */
const lookedUp = (at: SQL): SQL => sql`exists (
              select from unnest(f.conkey, f.conpfeqop) u(att, op)
                join pg_attribute a on a.attrelid = f.conrelid and a.attnum = u.att join pg_opclass oc on oc.oid = x.indclass[${at}] join pg_amop o on o.amopfamily = oc.opcfamily and o.amopopr = u.op
              where x.indkey[${at}] = u.att and x.indcollation[${at}] = a.attcollation)`;

/** Rows that its predicate leaves out may be those alone where a column of the key is NULL, which never match. While the table is locked that cannot be read, and is taken to be so. */
const leavesOutNulls = sql`case when x.indpred is null or x.indrelid in (select relation from busy) then true else pg_get_expr(x.indpred, x.indrelid) in (
              select format('(%I IS NOT NULL)', a.attname) from pg_attribute a where a.attrelid = f.conrelid and a.attnum = any (f.conkey)
              union all
              select '(' || string_agg(format('(%I IS NOT NULL)', a.attname), ' AND ' order by u.at) || ')'
              from unnest(f.conkey) with ordinality u(att, at) join pg_attribute a on a.attrelid = f.conrelid and a.attnum = u.att) end`;

/** Does the index `x` lead the check of the foreign key `f` to its rows, maybe among others, at least by its first column? Needs `busy`. */
export const narrows = sql`case when x.indisvalid and x.indislive and x.indkey[0] = any (f.conkey) then ${lookedUp(sql`0`)} and ${leavesOutNulls} else false end`;

/** Where it does: to no others? All columns of the key are its first columns, in any order. BRIN and bloom give others too. */
export const finds = sql`case when am.amname in ('btree', 'hash', 'gist', 'spgist', 'gin') and cardinality(f.conkey) <= x.indnkeyatts and (x.indkey::int2[])[0:cardinality(f.conkey) - 1] @> f.conkey
            then not exists (select from generate_series(1, cardinality(f.conkey) - 1) p where not ${lookedUp(sql`p`)}) else false end`;

/** The foreign keys that each topmost index serves; in part where no other does better. Needs `top` of `tree` and `busy`. */
export const supporting = sql`led as (
        select x.indexrelid, f.conname, ${finds} as finds, bool_or(${finds}) over (partition by f.oid) as found
        from top join pg_index x on x.indexrelid = top.oid join pg_constraint f on f.conrelid = x.indrelid and f.contype = 'f' join pg_class i on i.oid = top.oid join pg_am am on am.oid = i.relam
        where ${narrows}
      ), supporting as materialized (
        select indexrelid, string_agg(quote_ident(conname) || case when finds then '' else ' in part' end, ', ' order by conname) as supports from led where finds or not found group by indexrelid
      )`;

/** Every line of it, so that a name with a line break in it stays inside. */
export const asComment = (text: string): string => text.split('\n').map((line) => `-- ${line}`).join('\n');

/** Definitions come without CONCURRENTLY, which a partitioned index does not know. */
const concurrently = (definition: string): string => definition.replace(/^CREATE (UNIQUE )?INDEX /, 'CREATE $1INDEX CONCURRENTLY ');

export type Droppable = { index: string; partitioned: boolean; definition: string | null };

/** Dropping it by the action, which keeps what brings it back. */
export const dropping = ({ index }: Droppable): Remedy => ({ action: 'indexes.drop', params: { index } });

/** The statement that drops an index, with what brings it back. */
export function dropIndex({ index, partitioned, definition }: Droppable): { sql: string } {
  const back = definition === null ? '' : `\n-- to undo:\n${asComment(`${partitioned ? definition : concurrently(definition)};`)}`;
  if (!partitioned) return { sql: `-- outside a transaction, without lock_timeout: a drop that is cut off leaves the index invalid\nDROP INDEX CONCURRENTLY ${index};${back}` };
  return {
    sql: `-- CONCURRENTLY is not possible for an index of a partitioned table: this locks the table and every partition exclusively, shortly.\nBEGIN;\nSET LOCAL lock_timeout = '2s'; -- rather fail than queue everybody behind it; run it again\nDROP INDEX ${index};\nCOMMIT;${back}`,
  };
}

/** `, 1.2 GB` where the size is known. */
export const sized = (bytes: number | null): string => (bytes === null ? '' : `, ${formatBytes(bytes)}`);
