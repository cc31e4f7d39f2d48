import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { late, sizeNote } from './catalog';
import { creating } from './definition-parts';
import { partitionGapsSql } from './partition-gaps-sql';

export const partitionGaps = diagnostic({
  name: 'partition_gaps',
  title: 'Gaps between partitions',
  why: 'A query over all partitions is as slow as the one without the index, and new partitions get only what the partitioned table has.',
  how: 'Per partitioned table: indexes made on partitions themselves, of the same columns, operator classes, order, expressions and predicate, that some partitions have and others lack; and indexes of the partitioned table that are invalid because a partition has no part. Some differ on purpose (an old partition that is no longer searched). Foreign partitions do not count.',
  permission: 'stats:read',
  params: {},
  row: {
    table: col.code('Partitioned table'),
    keys: col.code('Keys'),
    method: col.code('Method'),
    unique: col.flag('Unique'),
    kind: col.text('Kind'),
    index: col.code('Index', { note: 'Of the partitioned table, or one of a partition as an example' }),
    having_it: col.count('Partitions with'),
    parts: col.count('Of'),
    without: col.maybe(col.code('Without', { note: 'The first five' })),
    size_bytes: col.maybe(col.bytes('Size', { note: sizeNote })),
    definition: col.maybe(col.sql('Definition')),
    oid: col.code('OID'),
  },
  key: ['oid'],
  search: ['table', 'keys', 'index', 'without'],
  sort: 'table',
  show: ['table', 'keys', 'method', 'kind', 'index', 'having_it', 'parts', 'without'],
  needs: [],
  charts: [],
  codes: { 'indexes.partition_gap': 'Some partitions have an index and others do not.' },
  refreshSeconds: 300,
  source: 'sql',
  late,
  sql: { 14: partitionGapsSql },
  findings: (rows) =>
    rows.map((row) => {
      const left = row.kind === 'invalid on the parent';
      const missing = row.parts - row.having_it;
      const partitions = `${missing} of ${row.parts} partitions`;
      return {
        code: 'indexes.partition_gap',
        severity: left ? 'warning' : 'info',
        about: left ? row.index : row.table,
        says: left
          ? `Invalid: ${missing === 0 ? 'every partition has a valid index of its own, and one between them and the table is not valid' : `${partitions} have no part of it (${row.without})`}. New partitions get theirs; the old ones stay without until one is made and attached.`
          : `${partitions} lack the index on (${row.keys}) that ${row.having_it === 1 ? 'one has' : `${row.having_it} have`} (${row.index}): ${row.without}. It belongs to no index of the table, so new partitions lack it as well.`,
        evidence: { keys: row.keys, having_it: row.having_it, parts: row.parts, without: row.without, index: row.index },
        remedy: creating(row.table, row.definition),
      };
    }),
});
