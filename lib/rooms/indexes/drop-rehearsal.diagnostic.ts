import { needs } from '@/lib/kit/captured';
import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { rehearse } from './rehearsal';

const mostStatements = 200;

export const dropRehearsal = diagnostic({
  name: 'drop_rehearsal',
  title: 'Rehearsed drop',
  why: 'Scan counters tell that an index is read, not whether anything would be slower without it.',
  how: 'The captured statements of this database are planned, and each index of the tables that they read, or the one that is named, is looked for in their plans. With HypoPG 1.4 or newer the planner is made to overlook it in this session, and the costs are compared; nothing is dropped, and nobody else notices. Without that it is told which statements read it today, and which other index begins with the same column. Plans are generic, as parameters have no values here. It speaks of the captured statements only: not of what was never captured, of standbys, nor of foreign keys, whose checks are no captured statements.',
  permission: 'stats:read',
  params: { index: param.text('Index'), statements: param.count('Statements, by total time', 50) },
  row: {
    index: col.code('Index'),
    table: col.code('Table'),
    verdict: col.text('Without it', { note: 'worse, no worse (both by plans without the index), read (not proved), no plan reads it' }),
    because: col.text('Because'),
    statements: col.count('Statements', { note: 'That would be worse, or that read it' }),
    query: col.maybe(col.sql('Costliest of them')),
    cost_before: col.maybe(col.count('Cost now')),
    cost_after: col.maybe(col.count('Cost without')),
    size_bytes: col.maybe(col.bytes('Size', { note: 'Unknown while the index is locked exclusively' })),
    planned: col.count('Planned', { note: 'Statements whose plans were looked at' }),
    unjudged: col.count('Not planned', { note: 'Statements of which nothing is known' }),
    queryids: col.code('Query ids'),
    oid: col.code('OID'),
  },
  key: ['oid'],
  search: ['index', 'table', 'verdict', 'query'],
  sort: '-size_bytes',
  show: ['index', 'verdict', 'because', 'statements', 'size_bytes', 'query'],
  needs: [...needs, { monitor: 'Without pg_monitor the statements of other roles are hidden, and an index that only they read would look unused.' }],
  charts: [],
  codes: {},
  refreshSeconds: 300,
  source: 'facts',
  read: (ask, { params, server, planner }) => rehearse(ask, server, planner, { index: params.index.trim(), most: Math.min(params.statements, mostStatements) }),
  findings: () => [],
});
