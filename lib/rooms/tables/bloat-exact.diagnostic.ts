import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { readExact } from './exact';

export const bloatExact = diagnostic({
  name: 'bloat_exact',
  title: 'Bloat, measured',
  why: 'An estimate says where to look; before a rewrite one wants to know.',
  how: 'By the extension pgstattuple. “Visible pages skipped” (pgstattuple_approx) takes pages that are all visible from the free space map and reads the others; “whole” (pgstattuple) reads all. A B-tree is read whole (pgstatindex): its free share is 1 − average leaf density, of which the fill factor’s reserve (10 % as made) is no bloat. The reserve of a heap’s fill factor counts as free here. Only a share lock that reads take; nothing is written.',
  permission: 'stats:read',
  params: { table: param.text('Table or index'), method: param.choice('Heap', ['visible pages skipped', 'whole']) },
  row: {
    relation: col.code('Relation'),
    kind: col.text('Kind'),
    size_bytes: col.bytes('Size', { note: 'As much is read at most' }),
    scanned_ratio: col.maybe(col.ratio('Read', { note: 'Share of the pages that were read' })),
    live_rows: col.maybe(col.count('Live rows')),
    live_bytes: col.maybe(col.bytes('Live')),
    dead_rows: col.maybe(col.count('Dead rows', { note: 'Those that vacuum has not removed yet' })),
    dead_bytes: col.maybe(col.bytes('Dead')),
    free_bytes: col.maybe(col.bytes('Free', { note: 'Reusable for new rows; in an index, on leaf pages' })),
    waste_ratio: col.maybe(col.ratio('Dead and free')),
    fragmented_ratio: col.maybe(col.ratio('Leaves out of order')),
    says: col.text('State', { note: 'pgstattuple reads heaps, B-trees, hash and GiST indexes, no others; a relation with an ACCESS EXCLUSIVE lock held or waited for is left alone' }),
  },
  key: ['relation'],
  search: ['relation', 'kind'],
  sort: '-size_bytes',
  show: ['relation', 'kind', 'size_bytes', 'scanned_ratio', 'dead_bytes', 'free_bytes', 'waste_ratio', 'says'],
  needs: [{ extension: 'pgstattuple' }],
  charts: [],
  codes: {},
  refreshSeconds: 3600,
  onDemand: 'Without a table or index this lists the largest ones with what a scan of each would read. With one (such as public.orders) it is scanned now: up to its whole size is read from disk into the buffer cache, for at most 60 seconds, with no lock beyond that of a SELECT. One scan runs at a time.',
  timeLimitMs: 60_000,
  source: 'facts',
  read: readExact,
  findings: () => [],
});
