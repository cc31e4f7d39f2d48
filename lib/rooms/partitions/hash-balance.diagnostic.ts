import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { param } from '@/lib/kit/param';
import { formatRatio } from '@/lib/units';
import { sql } from '@/lib/pg/sql';
import { balanceOf, type Branch } from './hash';
import { branchesOf, members, parents, underParents, type Member, type Parent } from './tree-sql';

/** Hash-partitioned tables and what is partitioned further below them. */
const underHash = sql`exists (select from pg_partition_ancestors(p.partrelid) a join pg_partitioned_table h on h.partrelid = a.relid where h.partstrat = 'h')`;

export const hashBalance = diagnostic({
  name: 'hash_balance',
  title: 'Hash balance',
  why: 'A hash partition that is missing refuses its share of all inserts; one that is far fuller than its share gains nothing from the others.',
  how: 'Every partition of hash-partitioned tables with its share of the estimated rows against the share that its modulus gives it. Rows hash by the key: one value that most rows carry lands in one partition, and no modulus changes that. Unknown while a partition was never vacuumed or analyzed.',
  permission: 'stats:read',
  params: { times: param.count('A finding from (times its share)', 2), min_rows: param.count('and from (rows in the table)', 10_000) },
  row: {
    tab: col.code('Table'),
    modulus: col.count('Modulus'),
    remainder: col.count('Remainder'),
    state: col.text('State'),
    part: col.maybe(col.code('Partition', { note: 'None: rows of this remainder are refused' })),
    row_estimate: col.maybe(col.count('Rows')),
    share_ratio: col.maybe(col.ratio('Share')),
    fair_ratio: col.ratio('Fair share'),
    times_fair: col.maybe(col.count('Times fair')),
    total_bytes: col.maybe(col.bytes('Total')),
    table_rows: col.maybe(col.count('Rows in table')),
  },
  key: ['tab', 'modulus', 'remainder'],
  search: ['tab', 'part'],
  sort: 'state',
  show: ['tab', 'modulus', 'remainder', 'state', 'part', 'row_estimate', 'share_ratio', 'fair_ratio', 'total_bytes'],
  needs: [],
  charts: [],
  codes: {
    'partitions.hash_missing': 'A hash-partitioned table lacks partitions: inserts that hash there fail.',
    'partitions.hash_skew': 'One hash partition holds far more than its share.',
  },
  refreshSeconds: 120,
  source: 'facts',
  read: async (ask) => {
    const tables = (await ask<Parent>(parents)).filter(({ strategy }) => strategy === 'h');
    if (tables.length === 0) return [];
    const under = underParents(await ask<Member>(members));
    const sizes = await ask<Branch>(sql`select b.rel::text as id, b.row_estimate, b.total_bytes from (${branchesOf(underHash)}) b`);
    return tables.flatMap((table) => balanceOf(table, under.get(table.id) ?? [], new Map(sizes.map((size) => [size.id, size]))));
  },
  findings: (rows, { params }) => [
    ...[...new Set(rows.filter((row) => row.part === null).map((row) => row.tab))].map((tab): Finding => {
      const missing = rows.filter((row) => row.tab === tab && row.part === null);
      const share = missing.reduce((sum, row) => sum + row.fair_ratio, 0);
      return {
        code: 'partitions.hash_missing', severity: 'critical', about: tab,
        says: `${missing.length} of its remainders ${missing.length === 1 ? 'has' : 'have'} no partition: about ${formatRatio(share)} of all inserts fail.`,
        evidence: { modulus: missing[0]?.modulus ?? null, remainders: missing.map((row) => row.remainder).join(', ') }, remedy: { action: 'partitions.create', params: { table: tab } },
      };
    }),
    ...rows.filter((row) => (row.table_rows ?? 0) >= params.min_rows && (row.times_fair ?? 0) >= Math.max(1.1, params.times)).map((row): Finding => ({
      code: 'partitions.hash_skew', severity: 'info', about: row.part ?? row.tab,
      says: `Holds ${formatRatio(row.share_ratio ?? 0)} of the rows of ${row.tab}, where its share would be ${formatRatio(row.fair_ratio)}: probably a few key values that most rows carry.`,
      evidence: { row_estimate: row.row_estimate, share_ratio: row.share_ratio, fair_ratio: row.fair_ratio }, remedy: null,
    })),
  ],
});
