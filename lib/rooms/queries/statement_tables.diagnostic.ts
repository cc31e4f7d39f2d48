import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { parseSql } from '@/lib/pg/parser';
import { tableSizes } from '@/lib/pg/relations';
import { sql } from '@/lib/pg/sql';
import { leaves, resolved, type Written } from './antipatterns/catalog';
import { needs, statements } from './statements';
import { tablesIn } from './written';

type Row = {
  place: number; tab: string | null; kind: string | null; candidates: number | null; row_estimate: number | null; partition_count: number | null; heap_bytes: number | null; index_bytes: number | null;
  index_count: number | null; seq_scans: number | null; dead_rows: number | null; changed_rows: number | null; analyzed_at: string | null;
};

const kinds: Record<string, string> = { r: 'table', p: 'partitioned table', m: 'materialized view', v: 'view', f: 'foreign table' };

/** How sure it is that the name means this relation. */
function meaning({ schema }: Written, candidates: number | null): string {
  if (candidates === null) return 'none of this name here: gone, temporary, or in a schema of another name';
  if (schema !== null) return 'named with its schema';
  return candidates === 1 ? 'the only one of this name' : `one of ${candidates} of this name: the caller’s search_path decides`;
}

const asWritten = ({ schema, name }: Written): string => (schema === null ? name : `${schema}.${name}`);

export const statement_tables = diagnostic({
  name: 'statement_tables',
  title: 'Tables that it names',
  why: 'How big they are and how fresh their statistics decide the plan.',
  how: 'The kept text is parsed by PostgreSQL’s own grammar, and its names are looked up in the catalog. Tables behind views and inside functions are not among them. Scans and dead rows count since the statistics were last reset; rows are the estimate of the last analyze.',
  permission: 'stats:read',
  params: { queryid: param.text('Query id') },
  concerns: 'queryid',
  row: {
    written: col.code('As written'),
    tab: col.maybe(col.code('Table')),
    meaning: col.text('How it is known'),
    kind: col.maybe(col.text('Kind')),
    row_estimate: col.maybe(col.count('Rows', { note: 'Estimate of the last vacuum or analyze' })),
    partition_count: col.maybe(col.count('Partitions')),
    heap_bytes: col.maybe(col.bytes('Heap')),
    index_bytes: col.maybe(col.bytes('Indexes')),
    index_count: col.maybe(col.count('Number of indexes')),
    seq_scans: col.maybe(col.count('Sequential scans', { note: 'By any statement' })),
    dead_rows: col.maybe(col.count('Dead rows')),
    changed_rows: col.maybe(col.count('Changed since analyze')),
    analyzed_at: col.maybe(col.time('Last analyze', { note: 'By hand or by autovacuum; of partitions, the one longest ago' })),
  },
  key: ['written'],
  search: ['written', 'tab'],
  sort: '-heap_bytes',
  show: ['written', 'tab', 'meaning', 'row_estimate', 'heap_bytes', 'index_bytes', 'index_count', 'analyzed_at'],
  needs,
  charts: [],
  codes: {},
  refreshSeconds: 60,
  source: 'facts',
  read: async (ask, { params, server }) => {
    const [kept] = await ask<{ query: string }>(sql`select s.query from ${statements(server, 'pg_stat_statements')} s where s.dbid = (select oid from pg_database where datname = current_database()) and s.queryid::text = ${params.queryid} limit 1`);
    const parsed = await parseSql(kept?.query ?? '');
    const names = 'statements' in parsed ? parsed.statements.flatMap(tablesIn).slice(0, 100) : [];
    const found = await ask<Row>(sql`
      with recursive ${resolved(names)}, ${leaves}, analyzed as (
        select l.place, count(*)::int as parts, sum(case when c.reltuples >= 0 then c.reltuples end)::float8 as rows, sum(pg_stat_get_numscans(l.oid))::float8 as scans, sum(pg_stat_get_dead_tuples(l.oid))::float8 as dead,
          sum(pg_stat_get_mod_since_analyze(l.oid))::float8 as changed,
          case when bool_and(greatest(pg_stat_get_last_analyze_time(l.oid), pg_stat_get_last_autoanalyze_time(l.oid)) is not null) then min(greatest(pg_stat_get_last_analyze_time(l.oid), pg_stat_get_last_autoanalyze_time(l.oid))) end as at
        from leaf l join pg_class c on c.oid = l.oid where l.kind in ('r', 'm') group by l.place
      ), sized as (
        select l.place, sum(s.heap_bytes) as heap_bytes, sum(s.index_bytes) as index_bytes
        from (${tableSizes(sql`select oid from leaf where kind in ('r', 'm')`, { few: true })}) s join leaf l on l.oid = s.tab group by l.place
      )
      select r.place::int as place, format('%I.%I', r.nspname, r.relname) as tab, r.relkind::text as kind, r.candidates::int as candidates, a.rows as row_estimate,
        case when r.relkind = 'p' then coalesce(a.parts, 0) end as partition_count, z.heap_bytes, z.index_bytes,
        case when r.relkind in ('r', 'p', 'm') then (select count(*)::int from pg_index x where x.indrelid = r.oid) end as index_count, a.scans as seq_scans, a.dead as dead_rows, a.changed as changed_rows, a.at as analyzed_at
      from resolved r left join analyzed a on a.place = r.place left join sized z on z.place = r.place`);
    return names.map((name, index) => {
      const { place: _, candidates = null, kind = null, ...rest } = found.find(({ place }) => place === index + 1) ?? { place: 0, ...nothing };
      return { ...rest, written: asWritten(name), meaning: meaning(name, candidates), kind: kind === null ? null : (kinds[kind] ?? kind) };
    });
  },
  findings: () => [],
});

const nothing = { tab: null, kind: null, candidates: null, row_estimate: null, partition_count: null, heap_bytes: null, index_bytes: null, index_count: null, seq_scans: null, dead_rows: null, changed_rows: null, analyzed_at: null };
