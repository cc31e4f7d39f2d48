import { col } from '@/lib/kit/column';
import { needs } from '@/lib/kit/captured';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { param } from '@/lib/kit/param';
import { formatCount, formatMs } from '@/lib/units';
import { mostStatements, unpruned } from './pruning-facts';
import { verdicts } from './pruning-plan';

/** From so many on, planning and locking alone cost more than a lookup by an index. */
const many = 100;

export const pruning = diagnostic({
  name: 'pruning',
  title: 'Statements over every partition',
  why: 'A statement without a condition on the partition key plans, locks and searches every partition: each new partition makes it slower.',
  how: `By their text: the ${formatCount(mostStatements)} statements of pg_stat_statements called most, read by PostgreSQL’s own grammar. Listed where no WHERE, ON or HAVING compares the key itself with a value; a parameter counts as one, because the executor prunes by it, and so does a join on the key, which can. Not judged: keys that are expressions, tables reached through a view or function, a name that relations of several schemas share. What the text leaves open is not listed. The planner is asked about the costliest of them; where its plan reads fewer partitions the row stands and is no finding. Partitions opened: calls by partitions, a measure of what the statement costs, not a count.`,
  permission: 'stats:read',
  params: { min_calls: param.count('Calls at least', 100), min_parts: param.count('Partitions at least', 8) },
  row: {
    tab: col.code('Table'),
    key: col.code('Partition key'),
    why: col.text('Because'),
    detail: col.maybe(col.code('Where')),
    planner: col.text('Its plan', { note: 'Of the costliest, as EXPLAIN has it without values; nothing is run' }),
    query: col.sql('Statement'),
    usr: col.code('Role'),
    calls: col.count('Calls'),
    partition_count: col.count('Partitions'),
    opened: col.count('Opened', { note: 'Calls by partitions' }),
    mean_ms: col.ms('Mean', { note: 'Execution alone: planning over every partition comes on top' }),
    total_ms: col.ms('Total time'),
    queryid: col.maybe(col.code('Query id')),
    userid: col.code('Role OID'),
    toplevel: col.flag('Top level', { note: 'No: called from inside a function' }),
  },
  key: ['queryid', 'userid', 'toplevel', 'tab'],
  search: ['tab', 'query', 'usr', 'why'],
  sort: '-opened',
  show: ['tab', 'key', 'why', 'detail', 'planner', 'query', 'calls', 'partition_count', 'opened', 'mean_ms'],
  needs: [{ monitor: 'Without pg_monitor the statements of other roles are hidden: what is asked of the tables would be known in part.' }, ...needs],
  charts: [],
  codes: {
    'partitions.unpruned': 'A statement touches every partition of a table, because nothing in it compares the partition key with a value.',
    'partitions.walked': 'A statement names the partition key in ORDER BY … LIMIT only: every partition is planned and locked.',
  },
  refreshSeconds: 300,
  source: 'facts',
  read: (ask, { params, server, planner }) => unpruned(ask, server, planner, params),
  findings: (rows) =>
    rows.filter((row) => row.planner !== verdicts.denied).map((row): Finding => {
      const { calls, partition_count: partitions, opened, mean_ms, total_ms, queryid } = row;
      const walked = row.why === 'order only';
      return {
        code: walked ? 'partitions.walked' : 'partitions.unpruned',
        severity: partitions >= many && !walked ? 'warning' : 'info',
        about: `${row.tab}: ${shortened(row.query)}`,
        says: `${reason(row)} So each of its ${formatCount(calls)} calls touches all ${formatCount(partitions)} partitions of ${row.tab}, by its ${row.planner === verdicts.confirmed ? 'plan' : 'text'}; ${formatMs(mean_ms)} a call without planning.`,
        evidence: { calls, partitions, opened, mean_ms, total_ms, plan: row.planner, query_id: queryid },
        remedy: { sql: advice(row) },
      };
    }),
});

type Row = { tab: string; key: string; why: string; detail: string | null; query: string };

const shortened = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 90 ? `${line.slice(0, 89)}…` : line;
};

function reason({ why, detail, key }: Row): string {
  switch (why) {
    case 'key inside a function or cast':
      return `It has the partition key in ${detail}: the planner compares bounds with the bare key only.`;
    case 'row comparison':
      return `It compares a row of several columns (…, ${detail}, …), by which the planner leaves out no partition.`;
    case 'one side of OR only':
      return `Its condition on ${detail} is one side of an OR: rows that fit the other side can be anywhere.`;
    case 'not equality on every key column':
      return `A hash partition is found by equality on all of ${key} alone, which it does not have.`;
    case 'order only':
      return `It has the partition key ${detail} in ORDER BY … LIMIT, but in no condition; in the order of the bounds it may read few of them, yet all are planned and locked.`;
    default:
      return `Nothing in it compares the partition key (${key}) in a way that leaves partitions out.`;
  }
}

/** Comments alone: which bounds are meant, only a person knows. */
function advice({ why, detail, key, query }: Row): string {
  const first = key.split(', ')[0] ?? key;
  const hints: Record<string, string> = {
    'key inside a function or cast': `-- instead of a condition on ${detail}, compare the key itself with the two ends: ${first} >= $1 AND ${first} < $2`,
    'row comparison': `-- beside the row comparison say it of the key alone as well, which prunes: AND ${first} <= $1  (>= for the other direction)`,
    'one side of OR only': `-- give both sides a condition on ${first}, or ask two statements with UNION ALL`,
    'not equality on every key column': `-- equality on each of ${key}: = or IN`,
  };
  return `${hints[why] ?? `-- add what is known of the key: AND ${first} >= $n AND ${first} < $m`}\n${query.slice(0, 2000).split('\n').map((line) => `-- ${line}`).join('\n')}`;
}
