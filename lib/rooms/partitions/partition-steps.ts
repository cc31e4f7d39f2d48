import type { Step } from '@/lib/kit/action';
import { ident, join, literal, sql, type SQL } from '@/lib/pg/sql';
import { axisIn, boundsCheck, named, type Axis, type Table } from './family';
import type { Range } from './time-axis';

type Named = { schema: string; rel: string };

/** A value of the key's type as DDL writes it. */
export const valueOn = (axis: Axis, ms: number): SQL => literal(axis.write(ms));

/** `FROM (…) TO (…)`; open ends as the catalog calls them. */
export function boundsOn(axis: Axis, { from, to }: Range): SQL {
  const end = (ms: number) => (ms === -Infinity ? sql`MINVALUE` : ms === Infinity ? sql`MAXVALUE` : valueOn(axis, ms));
  return sql`FOR VALUES FROM (${end(from)}) TO (${end(to)})`;
}

/** The condition on a key that a partition of this range stands for. */
export function inRange(axis: Axis, key: string, { from, to }: Range): SQL {
  const parts = [...(Number.isFinite(from) ? [sql`${ident(key)} >= ${valueOn(axis, from)}`] : []), ...(Number.isFinite(to) ? [sql`${ident(key)} < ${valueOn(axis, to)}`] : [])];
  return parts.length === 0 ? sql`true` : join(parts, sql` AND `);
}

/** As many bytes of a name as leave room for its ending. */
export function nameFor(rel: string, suffix: string): string {
  let start = rel;
  while (Buffer.byteLength(`${start}_${suffix}`) > 63) start = [...start].slice(0, -1).join('');
  return `${start}_${suffix}`;
}

export const attachSql = (parent: Named, part: Named, bounds: SQL): SQL => sql`ALTER TABLE ${named(parent)} ATTACH PARTITION ${named(part)} ${bounds}`;
export const detachSql = (parent: Named, part: Named): SQL => sql`ALTER TABLE ${named(parent)} DETACH PARTITION ${named(part)}`;
export const dropCheck = (part: Named, name = boundsCheck): SQL => sql`ALTER TABLE ${named(part)} DROP CONSTRAINT IF EXISTS ${ident(name)}`;

/** Who owns the parent owns the partition, whichever member of that role creates it. */
export const ownedBy = (part: Named, table: Table, role: string): SQL[] => (table.owner === role ? [] : [sql`ALTER TABLE ${named(part)} OWNER TO ${ident(table.owner)}`]);

/** An empty table like the parent, its indexes and checks included. From PostgreSQL 17 on one with an identity of its own is not attached. */
export const createLike = (part: Named, table: Named): SQL => sql`CREATE TABLE ${named(part)} (LIKE ${named(table)} INCLUDING ALL EXCLUDING IDENTITY)`;

/** One partition with a lock on the parent that lets reads and writes go on, where CREATE … PARTITION OF would not. */
export const newPartition = (table: Table, part: Named, { bounds, role }: { bounds: SQL; role: string }): Step => ({
  sql: [createLike(part, table), ...ownedBy(part, table, role), attachSql(table, part, bounds)],
  note: `Creates ${part.rel} with the indexes of ${table.rel} and attaches it. ${table.fallback ? 'DEFAULT is locked for a moment.' : 'Reads and writes go on.'}`,
  lock: table.fallback ? 'ACCESS EXCLUSIVE' : 'SHARE UPDATE EXCLUSIVE',
  waits: 'bounded',
});

/** A CHECK that PostgreSQL takes as proof, so that attaching reads nothing under a strong lock: added at once, validated while reads and writes go on. */
export const proveSteps = (part: Named, condition: SQL, { name = boundsCheck, what }: { name?: string; what: string }): Step[] => [
  { sql: [dropCheck(part, name), sql`ALTER TABLE ${named(part)} ADD CONSTRAINT ${ident(name)} CHECK (${condition}) NOT VALID`], note: `${part.rel}: a check that says ${what}, so that attaching need not read it.`, lock: 'ACCESS EXCLUSIVE', waits: 'bounded' },
  { sql: sql`ALTER TABLE ${named(part)} VALIDATE CONSTRAINT ${ident(name)}`, note: `${part.rel}: reads it once; reads and writes go on.`, lock: 'SHARE UPDATE EXCLUSIVE', waits: 'bounded' },
];

const fallbackCheck = 'riskdesk_not_here';

/** A table becomes a partition for this range: what PostgreSQL would read under a strong lock is proved before. One that has the check of its bounds already is `proven`, and keeps it. */
export function joinSteps(top: Table, part: Named, range: Range, proven = false): Step[] {
  const along = axisIn(top);
  const { fallback, key } = top;
  if (!along || key === null) return [];
  const inside = inRange(along.axis, key, range);
  const own = proven ? [] : proveSteps(part, sql`${ident(key)} IS NOT NULL AND ${inside}`, { what: 'what its bounds are' });
  const proof = fallback?.kind === 'r' ? proveSteps(fallback, sql`NOT (${inside})`, { name: fallbackCheck, what: 'that it holds none of these rows' }) : [];
  const served = [...(proven ? [] : [dropCheck(part)]), ...(fallback?.kind === 'r' ? [dropCheck(fallback, fallbackCheck)] : [])];
  return [
    ...own, ...proof,
    { sql: [attachSql(top, part, boundsOn(along.axis, range))], note: `Makes ${part.rel} a partition of ${top.rel}; nothing is read.`, lock: fallback ? 'ACCESS EXCLUSIVE' : 'SHARE UPDATE EXCLUSIVE', waits: 'bounded' },
    ...(served.length === 0 ? [] : [{ sql: served, note: 'The checks have served.', lock: 'ACCESS EXCLUSIVE', waits: 'bounded' } satisfies Step]),
  ];
}
