import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { runwayOf } from './runway';
import { judgeRunway } from './runway-findings';
import { members, parents, underParents, type Member, type Parent } from './tree-sql';
import { standings, valueRunwayOf } from './value-runway';

export const runway = diagnostic({
  name: 'runway',
  title: 'Runway',
  why: 'One day the next rows find no partition: they are refused, or pile up in DEFAULT.',
  how: 'From the bounds of every range-partitioned table, by its first key column; any partitioned table that has no partition is told too. A time (date, timestamp, a number whose bounds all look like an epoch, a uuid whose bounds are moments of UUIDv7): reckoned for rows dated at the moment of their insert; timestamps without a zone are read as UTC. A whole number that one sequence fills, whatever its values look like: how many values are left is certain, when they are used up is reckoned from the rows inserted since the counters began, and not known while that is too short a time or where a partition dropped since may have taken its count with it. Anything else cannot be told. A table that takes no new rows needs no runway.',
  permission: 'stats:read',
  params: { days: param.count('A finding below (days)', 14), rate_days: param.count('Rows counted for at least (days)', 1) },
  row: {
    tab: col.code('Table'),
    key: col.code('Key'),
    reads_as: col.text('Read as', { note: 'What the bounds were taken for' }),
    state: col.text('State'),
    covered_until: col.maybe(col.time('Covered until', { note: 'Without a gap from now on; once ended, when' })),
    left_ms: col.maybe(col.ms('Left')),
    left_values: col.maybe(col.count('Values left', { note: 'Of the sequence that fills the key, until a value has no partition' })),
    per_day: col.maybe(col.count('A day', { note: 'Rows inserted, on average since the counters began' })),
    used_ratio: col.maybe(col.ratio('Last one used', { note: 'How much of the last partition before the end the sequence has used' })),
    then_rows: col.text('Then rows'),
    gap_count: col.maybe(col.count('Gaps')),
    gaps: col.text('Where'),
    next_sql: col.maybe(col.sql('The next partition')),
  },
  key: ['tab'],
  search: ['tab', 'key', 'state'],
  sort: 'left_ms',
  show: ['tab', 'key', 'reads_as', 'state', 'covered_until', 'left_ms', 'left_values', 'then_rows', 'gap_count'],
  needs: [],
  charts: [],
  codes: {
    'partitions.ended': 'No partition holds rows of now, or the next key, or there is none at all: they are refused, or go to DEFAULT.',
    'partitions.runway': 'The partitions end in a few days, or after a few more keys.',
    'partitions.gap': 'Between two partitions lie keys that none holds.',
  },
  actions: [{ action: 'partitions.create', from: { table: 'tab' } }],
  refreshSeconds: 300,
  source: 'facts',
  read: async (ask, { params }) => {
    const tables = await ask<Parent>(parents);
    const under = underParents(await ask<Member>(members));
    const byId = new Map(tables.map((table) => [table.id, table]));
    const ranged = tables.filter((table) => table.strategy === 'r' || !under.has(table.id)).map((table) => ({ table, row: runwayOf(table, under.get(table.id) ?? [], byId.get(table.parent_id ?? '')) }));
    const byValue = ranged.filter(({ table, row }) => row.state === 'cannot tell' && table.whole && table.parent_id === null && under.has(table.id)).map(({ table }) => table.id);
    const found = byValue.length === 0 ? [] : await standings(ask, byValue);
    return ranged.map(({ table, row }) => (byValue.includes(table.id) ? valueRunwayOf(table, under.get(table.id) ?? [], found.filter(({ id }) => id === table.id), params.rate_days) : row));
  },
  findings: (rows, { params }) => rows.flatMap((row) => judgeRunway(row, params.days)),
});
