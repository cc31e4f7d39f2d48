/** How a range key's bounds are moments: as ms since 1970, −∞ and ∞ for MINVALUE and MAXVALUE. */
export type Axis = { kind: string; write: (ms: number) => string };
/** `zoned`: its ends are moments, and what day that is depends on a time zone; else they are the days themselves. */
export type Range = { from: number; to: number; zoned?: boolean };

/** One end of a range: the value of the first key column without its quotes, and those of the other columns as PostgreSQL wrote them. */
export type End = { first: string; rest: string };

/** The two ends of a range; null for any other bound, and where the first column has a value that is no plain constant. */
export function rangeEnds(bound: string | null): [End, End] | null {
  const from = bound?.startsWith(lead) ? readList(bound, lead.length) : null;
  const to = from && bound?.startsWith(' TO (', from.after) ? readList(bound, from.after + ' TO ('.length) : null;
  const [a, b] = [endOf(from?.items), endOf(to?.items)];
  return a && b ? [a, b] : null;
}

/** The same for the first column alone. */
export function ends(bound: string | null): [string, string] | null {
  const pair = rangeEnds(bound);
  return pair && [pair[0].first, pair[1].first];
}

const lead = 'FOR VALUES FROM (';

/** Values up to the closing parenthesis; quotes inside a value are doubled. */
function readList(text: string, start: number): { items: string[]; after: number } | null {
  const items: string[] = [];
  let from = start;
  let quoted = false;
  for (let at = start; at < text.length; at += 1) {
    const char = text[at];
    if (char === "'") quoted = !quoted;
    else if (!quoted && (char === ',' || char === ')')) {
      items.push(text.slice(from, at).trim());
      if (char === ')') return { items, after: at + 1 };
      from = at + 1;
    }
  }
  return null;
}

function endOf(items: string[] | undefined): End | null {
  const first = unquoted(items?.[0]);
  return first === null || !items ? null : { first, rest: items.slice(1).join(', ') };
}

function unquoted(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (/^(MINVALUE|MAXVALUE|-?\d+(\.\d+)?)$/.test(text)) return text;
  return /^'([^']*)'$/.exec(text)?.[1] ?? null;
}

const open: Record<string, number> = { MINVALUE: -Infinity, MAXVALUE: Infinity, '-infinity': -Infinity, infinity: Infinity };

type Reading = Axis & { zoned: boolean; read: (text: string) => number | null };

const iso = /^(\d{4})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(?:\.(\d+))?)?(\+00)?$/;

function readTime(text: string): number | null {
  const found = iso.exec(text);
  if (!found) return null;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => Number(part ?? 0));
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second) + Number(`0.${found[7] ?? '0'}`) * 1000;
}

const stamp = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

const times: Record<string, Reading> = {
  date: { kind: 'date', zoned: false, read: readTime, write: (ms) => stamp(ms).slice(0, 10) },
  'timestamp without time zone': { kind: 'timestamp', zoned: false, read: readTime, write: stamp },
  'timestamp with time zone': { kind: 'timestamptz', zoned: true, read: readTime, write: (ms) => `${stamp(ms)}+00` },
};

/** Numbers are moments where every bound lies between 2001 and 2128 in one unit. */
const epochs: [string, number][] = [['epoch seconds', 1000], ['epoch ms', 1], ['epoch µs', 0.001], ['epoch ns', 0.000001]];
const earliest = Date.UTC(2001, 8, 9);
const latest = Date.UTC(2128, 0, 1);
const plausible = (ms: number) => ms >= earliest && ms <= latest;

const epoch = ([kind, scale]: [string, number]): Reading => ({ kind, zoned: true, read: (text) => (/^\d+$/.test(text) ? Number(text) * scale : null), write: (ms) => BigInt(Math.round(ms / scale)).toString() });

/** The first 48 bits of a UUIDv7 are its ms; a bound that is meant as a moment has nothing behind them, or the least that version 7 allows. */
const uuid7: Reading = {
  kind: 'UUIDv7',
  zoned: true,
  read: (text) => {
    const hex = text.replaceAll('-', '');
    return /^[0-9a-f]{12}(0{20}|70008000000000000000)$/.test(hex) ? Number.parseInt(hex.slice(0, 12), 16) : null;
  },
  write: (ms) => {
    const hex = Math.round(ms).toString(16).padStart(12, '0');
    return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
  },
};

/** What kind of time a key's bounds are, if any: by its type, or where numbers and uuids all look like moments. */
export function axisOf(keyType: string | null, bounds: [string, string][]): Reading | null {
  const texts = bounds.flat().filter((text) => !(text in open));
  if (bounds.length === 0 || keyType === null || (texts.length === 0 && !(keyType in times))) return null;
  const candidates = keyType in times ? [times[keyType]] : keyType === 'bigint' || keyType === 'integer' ? epochs.map(epoch) : keyType === 'uuid' ? [uuid7] : [];
  const fits = (reading: Reading | undefined): reading is Reading => reading !== undefined && texts.every((text) => {
    const ms = reading.read(text);
    return ms !== null && (keyType in times || plausible(ms));
  });
  return candidates.find(fits) ?? null;
}

export function rangeOn(axis: Reading, [from, to]: [string, string]): Range | null {
  const [a, b] = [open[from] ?? axis.read(from), open[to] ?? axis.read(to)];
  return a === null || b === null ? null : { from: a, to: b, zoned: axis.zoned };
}
