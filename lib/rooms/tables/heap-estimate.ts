/** A column as a row stores it: `len` −1 where its length varies, `width` the average that ANALYZE found, in whole bytes and cut off. */
export type StoredColumn = { len: number; align: number; null_ratio: number; width: number; /** Added later with a default that older rows do not hold. */ added: boolean };

export type Heap = {
  pages: number;
  page_bytes: number;
  /** Live rows at the last vacuum or analyze. */
  rows: number;
  /** How many rows may have come and gone since. */
  more: number;
  fewer: number;
  fill_factor: number;
  /** Columns ever made, dropped ones included: the null bitmap has a bit for each. */
  attributes: number;
  has_dropped: boolean;
  columns: StoredColumn[];
  /** Rows came from a sample of the pages. */
  sampled: boolean;
};

export type Estimate = { pages: number; least_pages: number; most_pages: number; row_bytes: number };

const pageHeader = 24;
const linePointer = 4;
const rowHeader = 23;
const maxAlign = 8;
/** A value shorter than this keeps a header of one byte and is not aligned. */
const shortValue = 127;
/** What a sample of 30,000 rows leaves open of an average width, and of a density read from part of the pages. */
const sampleError = 0.01;
const densityError = 0.02;

const up = (bytes: number, to: number): number => Math.ceil(bytes / to) * to;

type Widths = { least: number; expected: number; most: number; /** Rows differ in length. */ varies: boolean };

/**
 * Width of a row's data with its alignment. A walk over the columns keeps how likely each offset (modulo 8) is: behind a fixed length the padding
 * is known, behind a varying one every offset is as likely as the next. The bounds take the least and the most padding, and what ANALYZE cut off the averages.
 */
function dataWidths(columns: StoredColumn[]): Widths {
  let at: number[] = Array.from({ length: maxAlign }, (_, offset) => (offset === 0 ? 1 : 0));
  const widths: Widths = { least: 0, expected: 0, most: 0, varies: false };
  for (const column of columns) {
    const present = 1 - column.null_ratio;
    if (present === 0) continue;
    const fixed = column.len > 0;
    const aligned = fixed || column.width >= shortValue ? column.align : 1;
    const { padding, least, most, next } = place(at, aligned, fixed ? column.len : null);
    const length = fixed ? column.len : column.width + 0.5;
    const error = fixed ? 0 : 0.5 + length * sampleError;
    widths.expected += present * (length + padding);
    widths.least += column.added ? 0 : present * (length - error + least);
    widths.most += present * (length + error + most);
    if (!fixed || column.null_ratio > 0) widths.varies = true;
    at = at.map((share, offset) => share * column.null_ratio + (next[offset] ?? 0) * present);
  }
  return widths;
}

/** Padding in front of a value, and where it ends. */
function place(at: number[], align: number, length: number | null): { padding: number; least: number; most: number; next: number[] } {
  const next: number[] = Array.from({ length: maxAlign }, () => (length === null ? 1 / maxAlign : 0));
  const pads = at.map((_, offset) => up(offset, align) - offset);
  const likely = pads.filter((_, offset) => (at[offset] ?? 0) > 1e-9);
  if (length !== null) {
    for (const [offset, share] of at.entries()) {
      const end = (offset + (pads[offset] ?? 0) + length) % maxAlign;
      next[end] = (next[end] ?? 0) + share;
    }
  }
  return { padding: pads.reduce((sum, pad, offset) => sum + pad * (at[offset] ?? 0), 0), least: Math.min(...likely), most: Math.max(...likely), next };
}

/** The header with its null bitmap, which rows with a null carry: between the columns' nulls falling together and never. */
function headers({ columns, attributes, has_dropped: hasDropped }: Heap): { least: number; expected: number; most: number } {
  const plain = up(rowHeader, maxAlign);
  const extra = up(rowHeader + Math.ceil(attributes / 8), maxAlign) - plain;
  const nulls = columns.map((column) => column.null_ratio);
  if (hasDropped) nulls.push(1);
  const any = 1 - nulls.reduce((none, share) => none * (1 - share), 1);
  return { least: plain + extra * Math.max(0, ...nulls), expected: plain + extra * any, most: plain + extra * Math.min(1, nulls.reduce((sum, share) => sum + share, 0)) };
}

/** A long row among short ones that does not fit leaves the rest of the page empty: of a few hundred bytes on average, at most. */
const restBytes = 400;

/** Pages that a rewrite of the live rows would fill. Rows of one length leave a known rest on each page; of many lengths, half a row on average. */
function pagesFor(rows: number, rowBytes: number, heap: Heap, rest: 'none' | 'half' | 'whole' | 'known'): number {
  const usable = heap.page_bytes - pageHeader - (heap.page_bytes * (100 - heap.fill_factor)) / 100;
  const fitting = usable / (rowBytes + linePointer);
  const perPage = { none: fitting, half: fitting - 0.5, whole: fitting - Math.max(1, restBytes / rowBytes), known: Math.floor(fitting) }[rest];
  return rows <= 0 ? 0 : Math.ceil(rows / Math.max(1, perPage));
}

/** The pages that the live rows need, and the interval that this knowledge leaves. */
export function estimateHeap(heap: Heap): Estimate {
  const data = dataWidths(heap.columns);
  const header = headers(heap);
  const whole = (bytes: number) => up(bytes, maxAlign);
  const fixed = !data.varies;
  // A varying length ends anywhere: half of what the alignment of the next row can take.
  const expected = header.expected + (fixed ? whole(data.expected) : data.expected + (maxAlign - 1) / 2);
  const least = header.least + (fixed ? whole(data.least) : data.least);
  const most = header.most + (fixed ? whole(data.most) : data.most + maxAlign - 1);
  const density = heap.sampled ? densityError : 0.005;
  return {
    pages: pagesFor(heap.rows, expected, heap, fixed ? 'known' : 'half'),
    least_pages: pagesFor(Math.max(0, heap.rows - heap.fewer) * (1 - density), least, heap, fixed ? 'known' : 'none'),
    most_pages: pagesFor((heap.rows + heap.more) * (1 + density), most, heap, fixed ? 'known' : 'whole'),
    row_bytes: expected,
  };
}
