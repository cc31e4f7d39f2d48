import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { sql } from '@/lib/pg/sql';
import { archivable, type Size } from './archive';
import { branches, members, parents, type Member, type Parent } from './tree-sql';

export const archive = diagnostic({
  name: 'archive',
  title: 'Archive candidates',
  why: 'A whole partition past its retention is detached in a moment; row by row the same takes hours and leaves bloat.',
  how: 'Partitions of time-keyed range tables (as under “Runway”) whose whole range is older than the days given. What the retention is, only you know: these are candidates, not findings. A partition that foreign keys refer to cannot be detached while rows refer to it. Nothing is said of DEFAULT partitions: their rows have no common age.',
  permission: 'stats:read',
  params: { days: param.count('Older than (days)', 365) },
  row: {
    part: col.code('Partition'),
    parent: col.code('Table'),
    from_at: col.maybe(col.time('From')),
    to_at: col.time('To'),
    older_ms: col.ms('Older by', { note: 'Than the retention' }),
    total_bytes: col.maybe(col.bytes('Total')),
    row_estimate: col.maybe(col.count('Rows')),
    detach_sql: col.sql('To detach', { note: 'Concurrently where the table has no DEFAULT: reads and writes go on' }),
  },
  key: ['part'],
  search: ['part', 'parent'],
  sort: 'to_at',
  show: ['part', 'parent', 'from_at', 'to_at', 'older_ms', 'total_bytes', 'row_estimate'],
  needs: [],
  charts: [],
  codes: {},
  actions: [{ action: 'partitions.archive', from: { table: 'parent' } }, { action: 'partitions.detach', from: { partition: 'part' } }],
  refreshSeconds: 300,
  source: 'facts',
  read: async (ask, { params }) => {
    const tables = await ask<Parent>(parents);
    const candidates = archivable(tables, await ask<Member>(members), params.days);
    const sizes = await ask<Size>(sql`select b.rel::text as id, b.total_bytes, b.row_estimate from (${branches}) b`);
    const byId = new Map(sizes.map((size) => [size.id, size]));
    return candidates.map(({ id, ...row }) => ({ ...row, total_bytes: byId.get(id)?.total_bytes ?? null, row_estimate: byId.get(id)?.row_estimate ?? null }));
  },
  findings: () => [],
});
