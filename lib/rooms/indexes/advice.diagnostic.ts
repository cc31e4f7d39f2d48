import { needs } from '@/lib/kit/captured';
import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { param } from '@/lib/kit/param';
import { formatCount, formatMs, formatRatio } from '@/lib/units';
import { advise } from './advice-read';
import { rowsOf, type AdviceRow } from './advice-rows';
import { sized } from './catalog';

const mostStatements = 100;

/** Of the time of all captured statements. */
const muchTime = 0.05;

export const advice = diagnostic({
  name: 'advice',
  title: 'Advice',
  why: 'A statement that reads a whole table for a few rows costs that every time it is called; one index can serve several.',
  how: 'The captured statements of this database in order of their total time, or the one whose query id is given. Candidates come from the parsed statement: equality first, then one range or the order, joins, expressions, covering columns, constant conditions. With HypoPG each is tried as a hypothetical index: kept if the plan uses it and its cost falls by a tenth, and only what is needed beside the others. Plans are generic, as parameters have no values here; costs are the planner’s estimates, and milliseconds assume that time follows them. Without HypoPG a candidate is named where today’s plan reads a large table from front to end for few rows, and is not proved. Tables of fewer than 16 pages are left out, views are not looked into. The size is the most that a fresh index takes.',
  permission: 'stats:read',
  params: { queryid: param.text('Query id'), statements: param.count('Statements, by total time', 20), show: param.choice('Show', ['advice', 'every statement']) },
  row: {
    verdict: col.text('Verdict', { note: 'proved, not proved, not known (it could not be planned), no index' }),
    table: col.maybe(col.code('Table')),
    index_on: col.maybe(col.code('Index on')),
    because: col.text('Because'),
    saved_ms: col.maybe(col.ms('Could save', { note: 'Of the captured time, if time follows cost' })),
    gain_ratio: col.maybe(col.ratio('Of their cost', { note: 'Share of the statements’ cost that it saves' })),
    share_ratio: col.maybe(col.ratio('Their share', { note: 'Of the time of all captured statements' })),
    statements: col.count('Statements'),
    query: col.maybe(col.sql('Costliest of them')),
    cost_before: col.maybe(col.count('Cost now')),
    cost_after: col.maybe(col.count('Cost then')),
    plan_before: col.maybe(col.text('Read by now')),
    plan_after: col.maybe(col.text('Read by then')),
    size_bytes: col.maybe(col.bytes('Size', { note: 'Estimate: rows × (12 bytes + columns) / 0.9; unknown for conditions without statistics' })),
    entries_per_day: col.maybe(col.count('New entries a day')),
    write_cost: col.maybe(col.text('What it costs writers')),
    ddl: col.maybe(col.sql('To create it')),
    keys: col.maybe(col.code('Keys')),
    method: col.maybe(col.code('Method')),
    include: col.maybe(col.code('Included')),
    predicate: col.maybe(col.code('Condition')),
    queryids: col.code('Query ids'),
    id: col.code('Id'),
  },
  key: ['id'],
  search: ['index_on', 'query', 'queryids', 'verdict'],
  sort: '-saved_ms',
  show: ['verdict', 'index_on', 'because', 'saved_ms', 'gain_ratio', 'size_bytes', 'query'],
  needs: [...needs, { monitor: 'Without pg_monitor the statements of other roles are hidden: advice from the rest would be a part that looks like the whole.' }],
  charts: [],
  codes: {
    'indexes.advice': 'An index would lower the cost of captured statements: shown by the planner with a hypothetical index.',
    'indexes.advice_unproved': 'A captured statement reads a large table for few rows; an index could help, which is not proved.',
    'indexes.unjudged': 'Captured statements that could not be planned, and of which nothing is known.',
  },
  refreshSeconds: 300,
  actions: [{ action: 'indexes.create', from: { table: 'table', columns: 'keys', method: 'method', include: 'include', where: 'predicate' } }],
  source: 'facts',
  read: async (ask, { params, server, planner }) => {
    const found = await advise(ask, server, planner, { queryid: params.queryid.trim(), most: Math.min(params.statements, mostStatements) });
    return rowsOf(ask, server, found, params.queryid.trim() !== '' || params.show === 'every statement');
  },
  findings: (rows) => rows.flatMap((row): Finding[] => {
    const evidence = { statement: row.queryids.split(' ')[0] ?? null, saved_ms: row.saved_ms, cost_before: row.cost_before, cost_after: row.cost_after, size_bytes: row.size_bytes, statements: row.statements };
    const remedy = remedyOf(row);
    // Two indexes of one table are two findings, of which one can be accepted.
    const about = row.index_on ?? row.id;
    if (row.verdict === 'not known') return [{ code: 'indexes.unjudged', severity: 'info', about, says: row.because, evidence: { statements: row.statements, share_ratio: row.share_ratio }, remedy }];
    if (row.verdict === 'not proved') return [{ code: 'indexes.advice_unproved', severity: 'info', about, says: `An index on ${row.index_on} could help. ${row.because} ${row.write_cost ?? ''}`.trim(), evidence, remedy }];
    if (row.verdict !== 'proved') return [];
    const share = (row.share_ratio ?? 0) * (row.gain_ratio ?? 0);
    return [{
      code: 'indexes.advice', severity: share >= muchTime ? 'warning' : 'info', about,
      says: `An index on ${row.index_on} would lower the planner’s cost of ${row.statements === 1 ? 'a captured statement' : `${row.statements} captured statements`}, the costliest from ${formatCount(row.cost_before ?? 0)} to ${formatCount(row.cost_after ?? 0)}: about ${formatMs(row.saved_ms ?? 0)} of the time counted so far, ${formatRatio(share)} of all. It takes at most${sized(row.size_bytes).replace(',', '') || ' what is not known'}. ${row.write_cost ?? ''}`,
      evidence, remedy,
    }];
  }),
});

function remedyOf({ table, keys, method, include, predicate, ddl }: AdviceRow): Finding['remedy'] {
  if (table !== null && keys !== null) return { action: 'indexes.create', params: { table, columns: keys, method, include, where: predicate } };
  return ddl === null ? null : { sql: ddl };
}
