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
