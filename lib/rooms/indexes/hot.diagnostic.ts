import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { relOption } from '@/lib/pg/relations';
import { sql, type SQL } from '@/lib/pg/sql';
import { formatCount, formatRatio } from '@/lib/units';
import { counters, ownSchemas } from './catalog';

const hotSql = (newPage: SQL) => ({ params }: { params: { min_updates: number } }): SQL => sql`
      with recursive part(root, oid) as (
        select c.oid, c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't' and ${ownSchemas}
        union all
        select part.root, h.inhrelid from part join pg_class p on p.oid = part.oid and p.relkind = 'p' join pg_inherits h on h.inhparent = part.oid
      ), updated as (
        select part.root, count(*) as parts, sum(pg_stat_get_tuples_updated(c.oid))::float8 as updates, sum(pg_stat_get_tuples_hot_updated(c.oid))::float8 as hot, ${newPage} as new_page,
          min(coalesce(${relOption('fillfactor')}::float8, 100)) / 100 as fill_ratio
        from part join pg_class c on c.oid = part.oid and c.relkind = 'r' group by part.root
      )
      select format('%I.%I', n.nspname, t.relname) as "table", u.updates, u.hot, u.hot / u.updates as hot_ratio, u.new_page / u.updates as new_page_ratio, u.fill_ratio,
        (select count(*) from pg_index x where x.indrelid = t.oid and x.indislive)::int as indexes, u.parts::int as parts, t.oid::text as oid
      from updated u join pg_class t on t.oid = u.root join pg_namespace n on n.oid = t.relnamespace
      where u.updates >= greatest(${params.min_updates}::float8, 1)`;

export const hot = diagnostic({
  name: 'hot',
  title: 'Write cost (HOT)',
  why: 'An update that is not HOT writes an entry into every index of the table, whether its columns changed or not.',
  how: 'Updates and HOT updates per table since the statistics were reset. An update is HOT if no indexed column changed (key, INCLUDE, expression or predicate; from 16 on BRIN does not count) and the page has room for the new row. Which of the two prevented it is counted from 16 on as updates to a new page; which column changed is counted nowhere, so no index is named here.',
  permission: 'stats:read',
  params: { min_updates: param.count('Updates at least', 1000) },
  row: {
    table: col.code('Table'),
    updates: col.count('Updates'),
    hot: col.count('HOT'),
    hot_ratio: col.ratio('HOT share'),
    new_page_ratio: col.maybe(col.ratio('To a new page', { note: 'PostgreSQL 16 and newer: the page had no room' })),
    fill_ratio: col.ratio('Fill factor', { note: 'The least of its partitions' }),
    indexes: col.count('Indexes', { note: 'Each of them is written by an update that is not HOT' }),
    parts: col.count('Parts'),
    oid: col.code('OID'),
  },
  key: ['oid'],
  search: ['table'],
  sort: '-updates',
  needs: [],
  charts: [{ kind: 'bars', title: 'Updates', label: 'table', values: ['updates'], top: 10 }],
  codes: { 'indexes.hot': 'Most updates of a table with several indexes are not HOT.' },
  context: counters,
  refreshSeconds: 120,
  source: 'sql',
  alarm: () => sql`d.hot_ratio < 0.5 and d.indexes > 1 and d.updates >= 10000`,
  sql: { 14: hotSql(sql`null::float8`), 16: hotSql(sql`sum(pg_stat_get_tuples_newpage_updated(c.oid))::float8`) },
  findings: (rows) =>
    rows
      .filter((row) => row.hot_ratio < 0.5 && row.indexes > 1 && row.updates >= 10_000)
      .map((row) => ({
        code: 'indexes.hot',
        severity: 'info',
        about: row.table,
        says: `${formatRatio(row.hot_ratio)} of ${formatCount(row.updates)} updates were HOT; each of the others wrote into ${row.indexes} indexes. ${cause(row.new_page_ratio, 1 - row.hot_ratio, row.fill_ratio)}`,
        evidence: { updates: row.updates, hot: row.hot, hot_ratio: row.hot_ratio, new_page_ratio: row.new_page_ratio, indexes: row.indexes, fill_ratio: row.fill_ratio },
        remedy: null,
      })),
});

function cause(newPage: number | null, notHot: number, fill: number): string {
  if (newPage === null) return 'Whether an indexed column changed or the page was full is not counted before PostgreSQL 16.';
  if (newPage >= notHot / 2) return `Most of them (${formatRatio(newPage)} of all) went to another page: there was no room (fill factor ${Math.round(fill * 100)}); whether an indexed column changed as well, is not counted.`;
  return 'Most of them stayed on their page, so an indexed column changed; which one is counted nowhere.';
}
