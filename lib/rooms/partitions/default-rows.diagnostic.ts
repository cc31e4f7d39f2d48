import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { formatCount } from '@/lib/units';
import { mostCounted, readDefaults } from './default-rows';

export const defaultRows = diagnostic({
  name: 'default_rows',
  title: 'Rows in DEFAULT',
  why: 'Rows that found no partition lie in DEFAULT: no pruning, no archiving, and the partition they belong in cannot be attached before they are moved.',
  how: `Every DEFAULT partition. Up to ${formatCount(mostCounted)} rows are counted, where the monitoring role may read the table and no row-level security hides rows from it; else the estimate of the last vacuum or analyze. The twenty largest are counted.`,
  permission: 'stats:read',
  params: {},
  row: {
    part: col.code('DEFAULT partition'),
    parent: col.code('Table'),
    strategy: col.text('Strategy'),
    counted: col.maybe(col.count('Rows counted')),
    more: col.flag('And more', { note: 'Counting stopped' }),
    row_estimate: col.maybe(col.count('Rows, estimated')),
    file_bytes: col.maybe(col.bytes('Heap')),
    says: col.text('How known'),
  },
  key: ['part'],
  search: ['part', 'parent'],
  sort: '-counted',
  show: ['part', 'parent', 'strategy', 'counted', 'more', 'row_estimate', 'file_bytes', 'says'],
  needs: [],
  charts: [],
  codes: {
    'partitions.default_rows': 'A DEFAULT partition holds rows.',
    'partitions.default_unknown': 'Whether a DEFAULT partition holds rows is not known.',
  },
  actions: [{ action: 'partitions.rescue_default', from: { table: 'parent' } }],
  refreshSeconds: 120,
  source: 'facts',
  read: readDefaults,
  findings: (rows) =>
    rows.flatMap((row): Finding[] => {
      const amount = row.counted ?? row.row_estimate;
      const evidence = { counted: row.counted, more: row.more, row_estimate: row.row_estimate, file_bytes: row.file_bytes };
      if (amount === null) return [{ code: 'partitions.default_unknown', severity: 'info', about: row.part, says: `Whether it holds rows is not known: ${row.says}.`, evidence, remedy: null }];
      if (amount === 0) return [];
      const many = `${row.more ? 'More than ' : row.counted === null ? 'About ' : ''}${formatCount(amount)} ${amount === 1 ? 'row of' : 'rows of'} ${row.parent}`;
      // In a list, DEFAULT is often meant for the rest.
      const meant = row.strategy === 'list' ? 'A list’s DEFAULT may be meant for the rest; still, a partition for one of its values cannot be attached before its rows are moved.' : 'A partition for their range cannot be attached before they are moved out, and every ATTACH reads DEFAULT under ACCESS EXCLUSIVE on it.';
      return [{ code: 'partitions.default_rows', severity: row.strategy === 'list' ? 'info' : 'warning', about: row.part, says: `${many} found no partition. ${meant}`, evidence, remedy: row.strategy === 'range' ? { action: 'partitions.rescue_default', params: { table: row.parent } } : null }];
    }),
});
