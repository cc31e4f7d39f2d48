import type { Step } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { array, ident, join, literal, sql, type SQL } from '@/lib/pg/sql';
import { formatBytes } from '@/lib/units';
import { axisIn, named, type Axis, type Part, type Table } from './family';
import type { Range } from './time-axis';

type Named = { schema: string; rel: string };

export const boundsCheck = 'riskdesk_bounds';
/** Of a DEFAULT, while partitions for others of its rows come. */
export const notHere = 'riskdesk_not_here';

/** For a job’s log: that there was nothing to drop says nothing. */
export const withoutSkipped = (notice: string): string | null => (/^NOTICE: .* does not exist, skipping$/s.test(notice) ? null : notice);

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

/** Which partitions are read once because no CHECK proves their bounds, with their sizes; empty where none is. */
export const readOnce = (parts: Part[]): string => {
  const read = parts.filter(({ proven }) => !proven);
  return read.length === 0 ? '' : ` No CHECK proves the bounds of ${read.map(({ rel, bytes }) => `${rel} (${formatBytes(bytes)})`).join(', ')}: read once before, while reads and writes go on.`;
};

export const attachSql = (parent: Named, part: Named, bounds: SQL): SQL => sql`ALTER TABLE ${named(parent)} ATTACH PARTITION ${named(part)} ${bounds}`;
export const detachSql = (parent: Named, part: Named): SQL => sql`ALTER TABLE ${named(parent)} DETACH PARTITION ${named(part)}`;
export const dropCheck = (part: Named, name = boundsCheck): SQL => sql`ALTER TABLE ${named(part)} DROP CONSTRAINT IF EXISTS ${ident(name)}`;

/** Who owns the parent owns the partition, whichever member of that role creates it. */
export const ownedBy = (part: Named, table: Table, role: string): SQL[] => (table.owner === role ? [] : [sql`ALTER TABLE ${named(part)} OWNER TO ${ident(table.owner)}`]);

/** An empty table like the parent, its indexes and checks included. From PostgreSQL 17 on one with an identity of its own is not attached. */
export const createLike = (part: Named, table: Named): SQL => sql`CREATE TABLE ${named(part)} (LIKE ${named(table)} INCLUDING ALL EXCLUDING IDENTITY)`;

/** What PostgreSQL takes as proof of a partition’s bounds. */
export const insideOf = (axis: Axis, key: string, range: Range): SQL => sql`${ident(key)} IS NOT NULL AND ${inRange(axis, key, range)}`;

export const boundsProof = (part: Named, axis: Axis, key: string, range: Range): SQL => sql`ALTER TABLE ${named(part)} ADD CONSTRAINT ${ident(boundsCheck)} CHECK (${insideOf(axis, key, range)})`;

/** The conditions of a list joined by AND, as PostgreSQL writes it; of anything else pieces whose parentheses do not match. */
const conditions = (text: SQL): SQL => sql`string_to_array(regexp_replace(${text}, '^[(][(]?(.*?)[)]?[)]$', '\\1'), ') AND (')`;

/**
 * Which of these partitions need not be read to be attached elsewhere by the same bounds: each condition that a partition’s bounds mean is one of a valid CHECK of its own, whoever made
 * that, or a column’s NOT NULL. By the text that PostgreSQL writes of both; what it writes differently counts as not proven. With their sizes as they are.
 */
export async function provenOf<P extends Part>(ask: Ask, parts: P[]): Promise<P[]> {
  const oids = array(parts.map(({ oid }) => oid));
  const found = await ask<Pick<Part, 'oid' | 'proven' | 'bytes'>>(sql`
    with known as (
      select k.conrelid, a.one from pg_constraint k
        cross join lateral (select one, bool_and(length(replace(one, '(', '')) = length(replace(one, ')', ''))) over () as apart from unnest(${conditions(sql`pg_get_expr(k.conbin, k.conrelid)`)}) one) a
      where k.conrelid = any (${oids}::oid[]) and k.contype = 'c' and k.convalidated and a.apart
      union all
      select a.attrelid, quote_ident(a.attname) || ' IS NOT NULL' from pg_attribute a where a.attrelid = any (${oids}::oid[]) and a.attnum > 0 and a.attnotnull)
    select c.oid::text as oid, coalesce(${conditions(sql`pg_get_partition_constraintdef(c.oid)`)} <@ array(select one from known where conrelid = c.oid), false) as proven, pg_relation_size(c.oid)::float8 as bytes
    from pg_class c where c.oid = any (${oids}::oid[])`);
  return parts.map((part) => ({ ...part, ...found.find(({ oid }) => oid === part.oid) }));
}

/** One partition with a lock on the parent that lets reads and writes go on, where CREATE … PARTITION OF would not. */
export const newPartition = (table: Table, part: Named, { bounds, role, proof = [] }: { bounds: SQL; role: string; /** A CHECK of its bounds, which costs nothing while it is empty. */ proof?: SQL[] }): Step => ({
  sql: [createLike(part, table), ...ownedBy(part, table, role), ...proof, attachSql(table, part, bounds)],
  note: `Creates ${part.rel} with the indexes of ${table.rel} and attaches it. ${table.fallback ? 'DEFAULT is locked for a moment.' : 'Reads and writes go on.'}`,
  lock: table.fallback ? 'ACCESS EXCLUSIVE' : 'SHARE UPDATE EXCLUSIVE',
  waits: 'bounded',
});

/** A CHECK that PostgreSQL takes as proof, so that attaching reads nothing under a strong lock: added at once, validated while reads and writes go on. */
export const proveSteps = (part: Named, condition: SQL, { name = boundsCheck, what }: { name?: string; what: string }): Step[] => [
  { sql: [dropCheck(part, name), sql`ALTER TABLE ${named(part)} ADD CONSTRAINT ${ident(name)} CHECK (${condition}) NOT VALID`], note: `${part.rel}: a check that says ${what}, so that attaching need not read it.`, lock: 'ACCESS EXCLUSIVE', waits: 'bounded' },
  { sql: sql`ALTER TABLE ${named(part)} VALIDATE CONSTRAINT ${ident(name)}`, note: `${part.rel}: reads it once; reads and writes go on.`, lock: 'SHARE UPDATE EXCLUSIVE', waits: 'bounded' },
];

/** A table becomes a partition for this range: what PostgreSQL would read under a strong lock is proved before. One that has the check of its bounds already is `proven`, and keeps it. */
export function joinSteps(top: Table, part: Named, range: Range, proven = false): Step[] {
  const along = axisIn(top);
  const { fallback, key } = top;
  if (!along || key === null) return [];
  const inside = inRange(along.axis, key, range);
  const own = proven ? [] : proveSteps(part, insideOf(along.axis, key, range), { what: 'what its bounds are' });
  const proof = fallback?.kind === 'r' ? proveSteps(fallback, sql`NOT (${inside})`, { name: notHere, what: 'that it holds none of these rows' }) : [];
  const served = [...(proven ? [] : [dropCheck(part)]), ...(fallback?.kind === 'r' ? [dropCheck(fallback, notHere)] : [])];
  return [
    ...own, ...proof,
    { sql: [attachSql(top, part, boundsOn(along.axis, range))], note: `Makes ${part.rel} a partition of ${top.rel}; nothing is read.`, lock: fallback ? 'ACCESS EXCLUSIVE' : 'SHARE UPDATE EXCLUSIVE', waits: 'bounded' },
    ...(served.length === 0 ? [] : [{ sql: served, note: 'The checks have served.', lock: 'ACCESS EXCLUSIVE', waits: 'bounded' } satisfies Step]),
  ];
}
