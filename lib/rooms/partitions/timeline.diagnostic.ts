import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { sql } from '@/lib/pg/sql';
import { mostTables, timelineOf, type Branch } from './timeline';
import { branches, members, parents, underParents, type Member, type Parent } from './tree-sql';

export const timeline = diagnostic({
  name: 'timeline',
  title: 'Bounds over time',
  why: 'One look tells where the partitions end, what lies between them, and which are the heavy ones.',
  how: `Range-partitioned tables whose first key column is a time (as under “Runway”), the ${mostTables} largest or the one named; times in UTC. Where there are many partitions neighbours are drawn as one. A gap holds no rows; what comes for it goes to DEFAULT or is refused. Two partitions can share a stretch only where the key has several columns. Sizes as under “Partitioned tables”, rows as the last vacuum or analyze counted them.`,
  permission: 'stats:read',
  params: { table: param.text('Of table') },
  row: {
    place: col.count('Order'),
    tab: col.code('Table'),
    part: col.code('Partition'),
    state: col.text('State', { note: 'held: by partitions; gap: by none; overlap: by two; outside: DEFAULT; end: where the partitions end for rows of now and later' }),
    from_at: col.maybe(col.time('From', { note: 'Unknown: open' })),
    to_at: col.maybe(col.time('To')),
    part_count: col.count('Partitions'),
    gap_count: col.count('Gaps'),
    total_bytes: col.maybe(col.bytes('Total')),
    row_estimate: col.maybe(col.count('Rows')),
  },
  key: ['place'],
  search: ['tab', 'part', 'state'],
  sort: 'place',
  show: ['tab', 'part', 'state', 'from_at', 'to_at', 'part_count', 'gap_count', 'total_bytes', 'row_estimate'],
  needs: [],
  charts: [{ kind: 'timeline', title: 'Partitions along time', lane: 'tab', label: 'part', from: 'from_at', to: 'to_at', state: 'state', value: 'total_bytes' }],
  codes: {},
  refreshSeconds: 120,
  source: 'facts',
  read: async (ask, { params }) => {
    const every = await ask<Parent>(parents);
    const named = every.filter(({ tab, rel_name, schema_name }) => [tab, rel_name, `${schema_name}.${rel_name}`, ''].includes(params.table));
    const under = underParents(await ask<Member>(members));
    const sizes = await ask<Branch>(sql`select b.rel::text as id, b.total_bytes, b.row_estimate from (${branches}) b`);
    return timelineOf(named, every, under, new Map(sizes.map((size) => [size.id, size])));
  },
  findings: () => [],
});
