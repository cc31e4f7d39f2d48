import { estimateHeap } from './heap-estimate';
import type { HeapFacts } from './heap-facts';

export type BloatRow = {
  tab: string; heap_bytes: number; bloat_bytes: number | null; bloat_ratio: number | null; least_bytes: number | null; most_bytes: number | null;
  row_estimate: number | null; width_bytes: number | null; fill_factor: number; dropped: boolean; counted_at: string | null; knowledge: string;
};

/** A file that has grown or shrunk by more than this since its rows were counted, with no counter that says why, is another table. */
const staleShare = 0.1;

function whyUnknown(heap: HeapFacts): string | null {
  if (heap.row_estimate === null) return 'Never vacuumed or analyzed: rows not known';
  if (heap.row_estimate === 0 || heap.columns.every((column) => column.known)) return null;
  return heap.may_read ? 'Never analyzed: widths not known' : 'Hidden: no SELECT on the table, so no column statistics';
}

type Drift = { rows: number; more: number; fewer: number; knowledge: string };

/** Each change counted may be off by this much: aborted transactions, counters that were sent late. */
const countError = 0.05;

/**
 * The rows by now. After an analyze the live counter starts from its rows and follows inserts and deletes; what a session had not yet reported when
 * it analyzed is counted twice, so the count of the analyze stays the other end of the interval, and the better guess while the file has not grown.
 */
function drift(heap: HeapFacts): Drift | null {
  const rows = heap.row_estimate ?? 0;
  const grown = heap.counted_pages > 0 ? heap.pages / heap.counted_pages - 1 : 1;
  if (heap.last === null) {
    // The counters are lost or are another server's: the file alone tells.
    return Math.abs(grown) > staleShare ? null : { rows, more: rows * 0.05, fewer: rows * 0.05, knowledge: 'Rows changed since they were counted: not known' };
  }
  const now = heap.live < rows || grown > 0.01 ? heap.live : rows;
  const error = heap.changed * countError;
  const share = rows === 0 ? Math.sign(heap.changed) : heap.changed / rows;
  return {
    rows: now, more: Math.max(rows, heap.live) + error - now, fewer: Math.min(now, now - Math.min(rows, heap.live) + error),
    knowledge: share > 0.2 ? `Counted before ${share >= 2 ? 'more rows changed than it has' : `${Math.round(share * 100)} % as many rows changed`}` : 'Current',
  };
}

/** A table's estimate with its error bar; null figures where too little is known, with the reason. */
export function bloatOf(heap: HeapFacts): BloatRow {
  const { tab, pages, page_bytes: pageBytes, row_estimate: rows, fill_factor, has_dropped: dropped, last_at: countedAt } = heap;
  const known = { tab, heap_bytes: pages * pageBytes, row_estimate: rows, fill_factor, dropped, counted_at: countedAt };
  const unknown = { bloat_bytes: null, bloat_ratio: null, least_bytes: null, most_bytes: null, width_bytes: null };
  const why = whyUnknown(heap);
  const change = drift(heap);
  if (why !== null || change === null || rows === null) return { ...known, ...unknown, knowledge: why ?? 'Old: the file changed size since its rows were counted' };
  const { least_pages: least, pages: needed, most_pages: most, row_bytes: width } = estimateHeap({ ...heap, ...change });
  const free = (used: number) => Math.min(pages, Math.max(0, pages - used)) * pageBytes;
  return { ...known, bloat_bytes: free(needed), bloat_ratio: pages === 0 ? 0 : free(needed) / (pages * pageBytes), least_bytes: free(most), most_bytes: free(least), width_bytes: width, knowledge: change.knowledge };
}
