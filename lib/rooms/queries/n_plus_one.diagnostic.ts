import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { sql } from '@/lib/pg/sql';
import { formatCount, formatMs } from '@/lib/units';
import { forAllKeys, lookupsAmong, parentsOf, type Kept as Judgeable } from './lookups';
import { columns, context, counted, oneLine, shared } from './statements';
import { saidBy } from './tags';

type Kept = Judgeable & { usr: string; total_ms: number; share_ratio: number | null; mean_ms: number; rows_per_call: number | null; toplevel: boolean };

/** Bounded work for each answer: the most called first. */
const most = 200;

export const n_plus_one = diagnostic({
  ...shared,
  name: 'n_plus_one',
  title: 'One by one',
  why: 'Rows that are fetched one at a time in a loop cost a way to the server for each; asked for together they cost one.',
  how: 'A suspicion, not a proof: SELECTs that PostgreSQL’s grammar shows to look up a table by columns equal to values, without aggregates, called very often, each quick and for about one row. A lookup by key that users cause one by one looks the same. A candidate for the loop is a statement of the same role that gave as many rows as the lookup had calls, within 20 %, and that a foreign key or the same route in both comments connects with it; pg_stat_statements does not keep who called what. The comment in a text is its first caller’s. For this console itself, By route of this console counts exactly.',
  params: { min_calls: param.count('Calls at least', 10_000) },
  row: {
    ...columns,
    looks_up: col.text('Looks up'),
    by_key: col.flag('By a key', { note: 'A unique index says that it is one row at most' }),
    said_by: col.maybe(col.text('First caller', { note: 'What the comment in the kept text says of the application' })),
    parent: col.maybe(col.sql('May be called for each row of', { note: 'A candidate, not a proof' })),
    parent_rows: col.maybe(col.count('Rows of that')),
    parent_why: col.maybe(col.text('What speaks for it')),
    parent_queryid: col.maybe(col.code('Query id of that')),
    together: col.maybe(col.sql('For all keys at once')),
  },
  sort: '-calls',
  show: ['query', 'calls', 'rows_per_call', 'mean_ms', 'looks_up', 'parent'],
  charts: [],
  codes: { 'queries.n_plus_one': 'A lookup of one row is called so often that it may run in a loop.' },
  context,
  source: 'facts',
  read: async (ask, { params, server }) => {
    const keys = Object.keys(columns);
    const often = await ask<Kept>(sql`${counted(server, keys, sql`s.toplevel and s.queryid is not null and s.calls >= ${params.min_calls} and s.rows between s.calls * 0.5 and s.calls * 1.5 and s.mean_exec_time < 5 and length(s.query) <= 20000`)}
      order by s.calls desc limit ${most}`);
    const lookups = await lookupsAmong(ask, often);
    const many = lookups.size === 0 ? [] : await ask<Kept>(sql`${counted(server, keys, sql`s.toplevel and s.queryid is not null and s.rows >= ${params.min_calls} * 0.8 and s.calls > 0 and s.rows > s.calls and length(s.query) <= 20000`)}
      order by s.rows desc limit ${most}`);
    const parents = await parentsOf(ask, lookups, many);
    return Promise.all(often.flatMap((one) => {
      const judged = lookups.get(one);
      if (!judged) return [];
      const parent = parents.get(one) ?? null;
      const { lookup, shown } = judged;
      const row = { ...one, looks_up: `${shown} by ${lookup.columns.join(', ')}`, by_key: lookup.unique, said_by: saidBy(lookup.tags), parent: parent?.query ?? null, parent_rows: parent?.rows ?? null, parent_why: parent?.why ?? null, parent_queryid: parent?.queryid ?? null };
      return [forAllKeys(judged).then((together) => ({ ...row, together }))];
    })) as never;
  },
  findings: (rows) =>
    rows.slice(0, 10).map((row) => ({
      code: 'queries.n_plus_one',
      severity: 'info',
      about: oneLine(row.query),
      says: `A suspicion: ${formatCount(row.calls)} calls by ${row.usr} for about one row each of ${row.looks_up}, ${formatMs(row.mean_ms)} a call without the way over the network.${row.said_by ? ` Its first caller says ${row.said_by}.` : ''}${row.parent ? ` A candidate for the loop, which gave ${formatCount(row.parent_rows ?? 0)} rows: ${oneLine(row.parent)} (${row.parent_why}).` : ''} If it runs in a loop, ask for all keys at once.`,
      evidence: { queryid: row.queryid, calls: row.calls, rows_per_call: row.rows_per_call, mean_ms: row.mean_ms, total_ms: row.total_ms, parent_queryid: row.parent_queryid, parent_rows: row.parent_rows },
      remedy: { sql: row.together ? `-- one call for all keys, as one array; with the key in the output, to tell the rows apart\n${row.together};` : `-- instead of one call a key: join what the loop goes over, or send the keys as arrays\n-- … JOIN unnest($1, $2) AS k (…) ON …\n${row.query.length <= 2000 ? row.query : '-- (a long statement)'}` },
    })),
});
