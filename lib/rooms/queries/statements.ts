import { needs, statements } from '@/lib/kit/captured';
import { col } from '@/lib/kit/column';
import type { Need, ServerFacts } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { ident, join, sql, type SQL } from '@/lib/pg/sql';

/** The block-time columns follow the extension's version: renamed to shared_blk_* in 1.11. Read through JSON, a missing one is NULL. */
const ioTime = sql`coalesce((to_jsonb(s)->>'shared_blk_read_time')::float8, (to_jsonb(s)->>'blk_read_time')::float8, 0)
  + coalesce((to_jsonb(s)->>'shared_blk_write_time')::float8, (to_jsonb(s)->>'blk_write_time')::float8, 0)`;

/** Utility statements are kept word for word. The engine masks their secrets; here the literals go, so that a search cannot guess at them either. */
const shownText = sql`case when s.query ~* '(password|passwd|secret|token|connection|identified|user mapping)' and s.query !~* '^\\s*(select|insert|update|delete|merge|with|values)\\M'
  then regexp_replace(s.query, '''(?:[^'']|'''')*(?:''|$)', '''…''', 'g') else s.query end`;

export { needs, statements };

export const ratio = (part: SQL, whole: SQL): SQL => sql`(${part})::float8 / nullif((${whole})::float8, 0)`;
const ofAll = (column: string): SQL => ratio(ident('s', column), sql`(select sum(${ident(column)}) from counted)`);
const blockBytes = (blocks: SQL): SQL => sql`(${blocks})::float8 * current_setting('block_size')::int`;

/** What a row can hold: its column, and how it is computed. */
const figures = {
  query: sql`${shownText}`,
  usr: sql`pg_get_userbyid(s.userid)::text`,
  calls: sql`s.calls`,
  total_ms: sql`s.total_exec_time`,
  share_ratio: ofAll('total_exec_time'),
  calls_ratio: ofAll('calls'),
  mean_ms: sql`s.mean_exec_time`,
  min_ms: sql`s.min_exec_time`,
  max_ms: sql`s.max_exec_time`,
  stddev_ms: sql`s.stddev_exec_time`,
  row_count: sql`s.rows`,
  rows_per_call: ratio(sql`s.rows`, sql`s.calls`),
  hit_ratio: ratio(sql`s.shared_blks_hit`, sql`s.shared_blks_hit + s.shared_blks_read`),
  read_bytes: blockBytes(sql`s.shared_blks_read`),
  written_bytes: blockBytes(sql`s.shared_blks_written`),
  dirtied_bytes: blockBytes(sql`s.shared_blks_dirtied`),
  io_ms: ioTime,
  temp_bytes: blockBytes(sql`s.temp_blks_written`),
  temp_per_call_bytes: sql`${blockBytes(sql`s.temp_blks_written`)} / nullif(s.calls, 0)`,
  wal_bytes: sql`s.wal_bytes::float8`,
  wal_per_call_bytes: sql`s.wal_bytes::float8 / nullif(s.calls, 0)`,
  toplevel: sql`s.toplevel`,
  queryid: sql`s.queryid::text`,
  userid: sql`s.userid::text`,
} satisfies Record<string, SQL>;

type Figure = keyof typeof figures;

export const columns = {
  query: col.sql('Statement', { note: 'One text for all who send it: a comment in it, route=… say, is the first caller’s' }),
  usr: col.code('Role'),
  calls: col.count('Calls'),
  total_ms: col.ms('Total time'),
  share_ratio: col.maybe(col.ratio('Share', { note: 'Of the execution time of all statements of this database' })),
  mean_ms: col.ms('Mean'),
  row_count: col.count('Rows'),
  rows_per_call: col.maybe(col.mean('Rows a call')),
  toplevel: col.flag('Top level', { note: 'No: called from inside a function' }),
  queryid: col.maybe(col.code('Query id')),
  userid: col.code('Role OID'),
};

/** Statements of this database but the console's own diagnostics, with the figures of these columns. */
export function counted(server: ServerFacts, keys: readonly string[], where: SQL): SQL {
  const known = keys.filter((key): key is Figure => key in figures);
  return sql`
    with counted as (
      select * from ${statements(server, 'pg_stat_statements')}
      where dbid = (select oid from pg_database where datname = current_database())
    )
    select ${join(known.map((key) => sql`${figures[key]} as ${ident(key)}`), sql`, `)}
    from counted s
    where s.query not like '%/* riskdesk:%' and (${where})`;
}

/** The page of one statement. */
export const statementPage = { path: '/queries/statement', by: { queryid: 'queryid' } } as const;

type Common = { page: typeof statementPage; permission: 'stats:read'; key: ('queryid' | 'userid' | 'toplevel')[]; search: ('query' | 'usr' | 'queryid')[]; needs: Need[]; refreshSeconds: number };

/** Equal in every diagnostic over pg_stat_statements. */
export const shared: Common = { page: statementPage, permission: 'stats:read', key: ['queryid', 'userid', 'toplevel'], search: ['query', 'usr', 'queryid'], needs, refreshSeconds: 15 };

const contextRow = {
  stats_reset: col.maybe(col.time('Counting since')),
  evicted: col.count('Evictions', { note: 'Times that the least used entries were dropped to make room' }),
  tracked: col.count('Statements kept'),
  most: col.count('Room for'),
  hidden: col.count('Hidden from us'),
  io_timed: col.flag('I/O timed'),
};

type Context = { stats_reset: string | null; evicted: number; tracked: number; most: number; hidden: number; io_timed: boolean };

export const context = {
  row: contextRow,
  sql: ({ server }: { server: ServerFacts }) => sql`
    select i.stats_reset, i.dealloc as evicted, t.tracked, t.hidden, current_setting('pg_stat_statements.max')::int as most,
      current_setting('track_io_timing')::bool as io_timed
    from ${statements(server, 'pg_stat_statements_info')} i,
      (select count(*) as tracked, count(*) filter (where queryid is null) as hidden from ${statements(server, 'pg_stat_statements')}(false)) t`,
  since: (facts: Context) => facts.stats_reset,
};

export const partCodes = {
  'queries.evicted': 'pg_stat_statements had to forget statements: totals are too low and some statements are missing.',
  'queries.hidden': 'The monitoring role may not see the statements of other roles.',
};

/** Where the list is a part that looks like the whole. */
export function partFindings(facts: Context | null): Finding[] {
  const found: Finding[] = [];
  if (facts && facts.evicted > 0) {
    found.push({
      code: 'queries.evicted',
      severity: 'info',
      about: 'pg_stat_statements',
      says: `Entries were evicted ${facts.evicted} times because more than ${facts.most} different statements ran. Totals are too low; rare statements may be missing.`,
      evidence: { evicted: facts.evicted, most: facts.most },
      remedy: { action: 'config.set', params: { name: 'pg_stat_statements.max', value: String(facts.most * 2) } },
    });
  }
  if (facts && facts.hidden > 0) {
    found.push({
      code: 'queries.hidden',
      severity: 'warning',
      about: 'pg_stat_statements',
      says: `${facts.hidden} statements of other roles are hidden: the monitoring role is not a member of pg_monitor. What is shown is not the whole.`,
      evidence: { hidden: facts.hidden, tracked: facts.tracked },
      remedy: { sql: 'GRANT pg_monitor TO <the monitoring role>;' },
    });
  }
  return found;
}

export const oneLine = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
};
