import pg from 'pg';

/**
 * What node-postgres gives as text becomes a value once, here. int8 and numeric become numbers, and a number that a
 * double cannot hold exactly is an error rather than a rounded figure (R21); timestamps become ISO 8601 text with their
 * microseconds, because a JavaScript Date would cut them and break keyset pages.
 */
function toInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('an integer beyond 2^53 must be read as text');
  return value;
}

function toDecimal(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new RangeError('a numeric that is not finite must be read as text');
  return value;
}

/** `2026-01-31 12:00:00.123456+00` as `2026-01-31T12:00:00.123456Z`; other offsets and infinities stay as PostgreSQL wrote them. */
function toIsoTime(text: string): string {
  return text.endsWith('+00') ? `${text.slice(0, -3).replace(' ', 'T')}Z` : text;
}

const { builtins } = pg.types;

const parsers = new Map<number, (text: string) => unknown>([
  [builtins.INT8, toInteger],
  [builtins.NUMERIC, toDecimal],
  [builtins.TIMESTAMPTZ, toIsoTime],
  [builtins.TIMESTAMP, (text) => text.replace(' ', 'T')],
  [builtins.DATE, (text) => text],
  [builtins.INTERVAL, (text) => text],
]);

/** The `types` option of a node-postgres client. */
export const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    const parser = format === 'binary' ? undefined : parsers.get(oid);
    return parser ?? pg.types.getTypeParser(oid, format);
  },
};
