/**
 * What a diagnostic's figures were at one time: by row, the sampled columns. `since` is when the server began to count, where its
 * figures are cumulative.
 */
export type Sample = { at: string; since: string | null; rows: ReadonlyMap<string, Readonly<Record<string, number | null>>> };

/** Values over time, for a chart: null where nothing is known. Times in ISO 8601. */
export type Line = { label: string; points: { at: string; value: number | null }[] };

/** A row's identity in samples: the values of its key columns. */
export const sampleKey = (row: Readonly<Record<string, unknown>>, key: readonly string[]): string => JSON.stringify(key.map((column) => row[column] ?? null));

const hourMs = 3_600_000;

export const hoursBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / hourMs;

export const valueAt = (sample: Sample, key: string, column: string): number | null => sample.rows.get(key)?.[column] ?? null;

/** A level (a size, a number of rows) over time. */
export const levelOf = (samples: readonly Sample[], key: string, column: string): Line['points'] => samples.map((sample) => ({ at: sample.at, value: valueAt(sample, key, column) }));

/**
 * By how much a counter grew from one sample to the next. Null across a reset, and where it is smaller than before: the entry was
 * dropped and counted anew. What grew in such a step nobody knows.
 */
export function increase(from: Sample, to: Sample, key: string, column: string): number | null {
  const [before, after] = [valueAt(from, key, column), valueAt(to, key, column)];
  if (before === null || after === null || from.since !== to.since || after < before) return null;
  return after - before;
}

/** The sum of a counter's increases over several samples, and the hours for which they are known. */
export function grownOver(samples: readonly Sample[], key: string, columns: readonly string[]): { by: Record<string, number>; hours: number } {
  const by: Record<string, number> = Object.fromEntries(columns.map((column) => [column, 0]));
  let hours = 0;
  for (const [index, to] of samples.entries()) {
    const from = samples[index - 1];
    const grown = from ? columns.map((column) => increase(from, to, key, column)) : [null];
    if (!from || grown.includes(null)) continue;
    columns.forEach((column, at) => { by[column] = (by[column] ?? 0) + (grown[at] ?? 0); });
    hours += hoursBetween(from.at, to.at);
  }
  return { by, hours };
}

/** More points than a wide screen has pixels for. */
const mostPoints = 600;

/**
 * Lines with as many times as a screen can show, no peak and no trough lost: of each stretch of time, those stay at which a line has its
 * least or its greatest value or is not known, and the stretch's own ends. Lines of the same times keep the same times.
 */
export function thinned(lines: readonly Line[], most = mostPoints): Line[] {
  const longest = lines.reduce((sum, { points }) => Math.max(sum, points.length), 0);
  if (longest <= most) return [...lines];
  const stretch = Math.ceil((longest / most) * (2 * lines.length + 2));
  const stay = new Set<string>();
  for (const { points } of lines) {
    for (let from = 0; from < points.length; from += stretch) for (const index of telling(points, from, Math.min(from + stretch, points.length))) stay.add(points[index]?.at ?? '');
  }
  return lines.map(({ label, points }) => ({ label, points: points.filter(({ at }) => stay.has(at)) }));
}

/** Of the points `from` to before `to`: the ends, the least, the greatest, and the first that is not known. */
function telling(points: Line['points'], from: number, to: number): number[] {
  let [least, greatest, unknown] = [from, from, from];
  let [low, high] = [Infinity, -Infinity];
  for (let index = from; index < to; index += 1) {
    const value = points[index]?.value ?? null;
    if (value === null) unknown = points[unknown]?.value === null ? unknown : index;
    else {
      if (value < low) [low, least] = [value, index];
      if (value > high) [high, greatest] = [value, index];
    }
  }
  return [from, to - 1, least, greatest, unknown];
}
