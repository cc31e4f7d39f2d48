import type { Range } from './time-axis';

/** Ranges in order, those that touch or overlap made one. */
export function contiguousRanges(ranges: Range[]): Range[] {
  const joined: Range[] = [];
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined;
}

export const overlaps = (a: Range, b: Range): boolean => a.from < b.to && b.from < a.to;
