import { col } from '@/lib/kit/column';
import { diagnostic, type Ask } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { param } from '@/lib/kit/param';
import type { Tree } from '@/lib/pg/parser';
import { sql } from '@/lib/pg/sql';
import { keyOf, tablesNamed } from './antipatterns/catalog';
import { antipatternsOf, rules, statementIn } from './antipatterns/rules';
import { context, needs, oneLine, ratio, statementPage, statements } from './statements';
import { tablesIn } from './written';

type Kept = { queryid: string; query: string; calls: number; total_ms: number; mean_ms: number; share_ratio: number | null; row_count: number };

/** A longer text is generated, and nobody rewrites it by hand. */
const mostCharacters = 20_000;

/** A rule about a quick and rare statement is noise; but that it may return nothing at all is not. */
const isWorthSaying = ({ code, mean_ms: mean, total_ms: total }: { code: string; mean_ms: number; total_ms: number }): boolean => code === 'queries.not_in' || mean >= 5 || total >= 10_000;

export const antipatterns = diagnostic({
  name: 'antipatterns',
  title: 'Anti-patterns',
  why: 'Some ways of asking cost more than what is asked for: these are found in the statements that cost the server most, with another way to write each.',
  how: 'The texts of pg_stat_statements, the most expensive first, parsed by PostgreSQL’s own grammar and held against the catalog: columns, indexes, and rows as last analysed. A name without a schema is judged where there is but one relation of that name. What a text does not show is not judged: values are parameters in it, so whether LIKE $1 begins with a wildcard is not known. Texts that the grammar of PostgreSQL 18 does not take (interval $1, extract($1 from …)), texts over 20 kB and tables never analysed are left out. Each rewrite was parsed again and compared with what was meant; try its plan before you use it.',
  permission: 'stats:read',
  params: { statements: param.count('Statements looked at', 200), queryid: param.text('Query id') },
  row: {
    query: col.sql('Statement'),
    pattern: col.text('Anti-pattern'),
    says: col.text('What it does'),
    certainty: col.text('How sure', { note: 'sure: it follows from text and catalog. likely: it depends on values or on the plan' }),
    rewrite: col.maybe(col.sql('Written otherwise')),
    helps: col.maybe(col.sql('What else helps')),
    note: col.maybe(col.text('In what it differs')),
    calls: col.count('Calls'),
    total_ms: col.ms('Total time'),
    share_ratio: col.maybe(col.ratio('Share', { note: 'Of the execution time of all statements of this database' })),
    mean_ms: col.ms('Mean'),
    rows_per_call: col.maybe(col.mean('Rows a call')),
    queryid: col.code('Query id'),
    code: col.code('Code'),
  },
  key: ['queryid', 'code', 'says'],
  search: ['query', 'pattern', 'says', 'queryid'],
  page: statementPage,
  sort: '-total_ms',
  show: ['query', 'pattern', 'certainty', 'calls', 'total_ms', 'mean_ms'],
  needs,
  charts: [],
  codes: Object.fromEntries(rules.map(({ name, title, why }) => [`queries.${name}`, `${title}. ${why}`])),
  context,
  refreshSeconds: 60,
  source: 'facts',
  read: async (ask, { params, server }) => {
    const share = ratio(sql`sum(s.total_exec_time)`, sql`(select sum(total_exec_time) from counted)`);
    const kept = await ask<Kept>(sql`
      with counted as (
        select * from ${statements(server, 'pg_stat_statements')} where dbid = (select oid from pg_database where datname = current_database())
      )
      select s.queryid::text as queryid, max(s.query) as query, sum(s.calls)::float8 as calls, sum(s.total_exec_time) as total_ms, sum(s.total_exec_time) / nullif(sum(s.calls), 0) as mean_ms,
        ${share} as share_ratio, sum(s.rows)::float8 as row_count
      from counted s
      where s.queryid is not null and s.query not like '%/* riskdesk:%' and length(s.query) <= ${mostCharacters} and s.calls > 0
        and s.query ~* '^[\\s(]*(/\\*.*?\\*/[\\s(]*)*(select|with|update|delete|insert|merge)\\M' and (${params.queryid} = '' or s.queryid::text = ${params.queryid})
      group by s.queryid order by total_ms desc limit ${Math.min(1000, Math.max(1, params.statements))}`);
    return judged(ask, kept);
  },
  findings: (rows) => rows.filter(isWorthSaying).slice(0, 30).map((row): Finding => ({
    code: row.code as Finding['code'],
    severity: row.certainty === 'sure' && (row.mean_ms >= 1000 || (row.share_ratio ?? 0) >= 0.2) ? 'warning' : 'info',
    about: oneLine(row.query),
    says: `${row.pattern}. ${row.says}${row.note && row.rewrite ? '' : ` ${row.note ?? ''}`}`.trim(),
    evidence: { queryid: row.queryid, how_sure: row.certainty, calls: row.calls, mean_ms: row.mean_ms, total_ms: row.total_ms },
    remedy: remedyOf(row),
  })),
});

/** Every line of it: a name with a line break in it stays inside. */
const asComment = (text: string): string => text.split(/[\n\r]/).map((line) => `-- ${line}`).join('\n');

export function remedyOf({ rewrite, helps, note }: { rewrite: string | null; helps: string | null; note: string | null }): Finding['remedy'] {
  if (rewrite !== null) return { sql: `${asComment(note ?? 'written otherwise')}\n${rewrite};` };
  return helps === null ? null : { sql: helps };
}

/** Parsing holds the process up: between some of them others get their turn. */
const atOnce = 20;

async function judged(ask: Ask, kept: Kept[]) {
  const parsed: { one: Kept; statement: Tree }[] = [];
  for (const [index, one] of kept.entries()) {
    const statement = await statementIn(one.query);
    if (statement) parsed.push({ one, statement });
    if (index % atOnce === atOnce - 1) await new Promise(setImmediate);
  }
  const tables = await tablesNamed(ask, parsed.flatMap(({ statement }) => tablesIn(statement)));
  const rows = [];
  for (const [index, { one: { query, queryid, calls, total_ms, mean_ms, share_ratio, row_count }, statement }] of parsed.entries()) {
    const found = await antipatternsOf(statement, (name) => tables.get(keyOf(name)) ?? null, { calls, rows: row_count });
    for (const { rule, says, certainty, rewrite, helps, note } of found) rows.push({ query, pattern: rule.title, says, certainty, rewrite, helps, note, calls, total_ms, share_ratio, mean_ms, rows_per_call: row_count / calls, queryid, code: `queries.${rule.name}` });
    if (index % atOnce === atOnce - 1) await new Promise(setImmediate);
  }
  return rows;
}
