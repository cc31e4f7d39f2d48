import type { ActionObject, Refusal, Step } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { ident, join, literal, render, sql, type SQL } from '@/lib/pg/sql';
import { lockAll } from './archive-plan';
import { named, written, type Axis, type Child, type Table } from './family';
import { abandonSteps, compareStep, copyComment, copyOf, dropMirror, fillStep, mirrorFunction, mirrorSteps, tryStep, type Mirror } from './mirror';
import { attachSql, boundsOn, createLike, nameFor, ownedBy } from './partition-steps';
import { addReference, type Key } from './references';
import { retiredOf, type Piece } from './rescue-plan';

type Named = { schema: string; rel: string };
type Facts = { kind: string; persistence: string; rows: number | null; bytes: number; not_null: boolean | null; relatives: boolean; triggers: string | null; views: string | null; policies: boolean; published: string | null; unlike: string | null; identities: string[] };
export type Plain = ActionObject & { top: Table; by: string; axis: Axis | null; facts: Facts; pieces: Piece[]; rest: string; copy: Table | null; mirrored: boolean; taken: boolean; references: (Key & Named)[]; /** Tables that refer to it, whose foreign keys go over to the new one. */ children: Child[]; sequences: (Named & { column: string })[]; grants: { privilege: string; grantee: string | null; grantable: boolean }[]; readable: boolean };

export const plainFacts = (oid: string, by: string): SQL => sql`
  select c.relkind::text as kind, c.relpersistence::text as persistence, case when c.reltuples >= 0 then c.reltuples::float8 end as rows, pg_relation_size(c.oid)::float8 as bytes,
    (select a.attnotnull from pg_attribute a where a.attrelid = c.oid and a.attname = ${by} and a.attnum > 0 and not a.attisdropped) as not_null,
    c.relispartition or exists (select from pg_inherits i where c.oid in (i.inhrelid, i.inhparent)) as relatives,
    (select min(t.tgname)::text from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal and t.tgname !~ '^riskdesk_mirror') as triggers,
    (select min(r.ev_class::regclass::text) from pg_depend d join pg_rewrite r on r.oid = d.objid where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid and r.ev_class <> c.oid) as views,
    exists (select from pg_policy p where p.polrelid = c.oid) or c.relrowsecurity as policies,
    (select min(p.pubname)::text from pg_publication_rel r join pg_publication p on p.oid = r.prpubid where r.prrelid = c.oid) as published,
    (select min(x.relname)::text from pg_index i join pg_class x on x.oid = i.indexrelid where i.indrelid = c.oid and (i.indisunique or i.indisexclusion) and not i.indisprimary
      and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = ${by} and a.attnum = any (i.indkey))) as unlike,
    (select coalesce(json_agg(a.attname), '[]') from pg_attribute a where a.attrelid = c.oid and a.attidentity <> '' and not a.attisdropped) as identities
  from pg_class c where c.oid = ${oid}::oid`;

/** Sequences that a serial column owns; an identity’s is its own affair. */
export const ownedSequences = (ask: Ask, oid: string): Promise<Plain['sequences']> => ask<Plain['sequences'][number]>(sql`
  select n.nspname::text as schema, s.relname::text as rel, a.attname::text as column from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S' join pg_namespace n on n.oid = s.relnamespace
    join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = ${oid}::oid and d.deptype = 'a'`);

export const grantsOn = (ask: Ask, oid: string): Promise<Plain['grants']> => ask<Plain['grants'][number]>(sql`
  select g.privilege_type as privilege, case when g.grantee <> 0 then pg_get_userbyid(g.grantee)::text end as grantee, g.is_grantable as grantable
  from pg_class c cross join aclexplode(c.relacl) g where c.oid = ${oid}::oid and g.grantee <> c.relowner and g.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER') order by 2, 1`);

const refuse = (name: string, says: string | null | false | undefined, saferWay: string | null = null): Refusal[] => (says ? [{ name, says, saferWay }] : []);

const told = (of: Child[]): string => of.map((child) => `${written(child)} (${child.fk})`).join(', ');

/** Which foreign keys to it a partitioned table could not take. */
function referredGuards({ top, by, children }: Plain, major: number): Refusal[] {
  const others = children.filter(({ oid }) => oid !== top.oid);
  const narrow = others.filter(({ to }) => !to.includes(by));
  const cut = others.filter(({ kind }) => kind === 'p');
  return [
    ...refuse('self_reference', others.length < children.length && 'It refers to itself: the copy would have to refer to the table while it is filled.'),
    ...refuse('referred', narrow.length > 0 && `${told(narrow)} ${narrow.length === 1 ? 'refers' : 'refer'} to it without ${by}: a partitioned table is unique only by keys that have its partition key, so nothing could refer to it that way.`, `Give ${narrow.length === 1 ? 'that table' : 'those tables'} a column for ${by}, and a foreign key that has it, to a key of both; or drop ${narrow.length === 1 ? 'it' : 'them'}.`),
    ...refuse('referred_by_partitioned', major < 18 && cut.length > 0 && `${told(cut)} is partitioned: before PostgreSQL 18 its foreign key cannot be added without reading all of its rows under a lock that stops writes.`, 'Drop the foreign key before, and add it after.'),
  ];
}

export function plainGuards(plain: Plain, major: number): Refusal[] {
  const { top, by, axis, facts, readable, taken } = plain;
  return [
    ...refuse('kind', facts.persistence !== 'p' && 'It is unlogged or temporary.'), ...refuse('relatives', facts.relatives && 'It is a partition, or inherits from or to another table.'),
    ...refuse('column', facts.not_null === null && `It has no column ${by}.`), ...refuse('nulls', facts.not_null === false && `${by} may be null: every row has to have a place.`, `ALTER TABLE … ALTER COLUMN ${by} SET NOT NULL;`),
    ...refuse('key', facts.not_null !== null && !axis && `${by} is no date and no timestamp.`), ...refuse('primary_key', top.primary_key.length === 0 && 'Without a primary key its rows cannot be told apart.', 'Add a primary key.'),
    ...refuse('unique', facts.unlike && `${facts.unlike} makes values unique without ${by}: a partitioned table cannot hold to that.`),
    ...referredGuards(plain, major),
    ...refuse('triggers', facts.triggers && `Its trigger ${facts.triggers} would be lost.`), ...refuse('views', facts.views && `${facts.views} reads it and would go on reading the old table.`),
    ...refuse('policies', facts.policies && 'Its row security would be lost.'), ...refuse('publication', facts.published && `It is published by ${facts.published}.`),
    ...refuse('privilege', !readable && 'The role that looks may not read it, so which partitions are needed is not known.'), ...refuse('old', taken && `${retiredOf(top).rel} is there already.`, 'Drop or rename it.'),
  ];
}

const keyOf = ({ top, by }: Plain): string[] => (top.primary_key.includes(by) ? top.primary_key : [...top.primary_key, by]);

/** LIKE takes the indexes over, and would refuse a primary key without the partition key: so the key is put right on a table between. */
function buildSteps(plain: Plain, axis: Axis, role: string): Step[] {
  const { top, by, pieces, rest, references, grants } = plain;
  const copy = copyOf(top);
  const between = { schema: top.schema, rel: `riskdesk_t_${top.oid}` };
  const key = top.primary_key.includes(by) ? [] : [sql`ALTER TABLE ${named(between)} DROP CONSTRAINT ${ident(`${between.rel}_pkey`)}, ADD PRIMARY KEY (${join(keyOf(plain).map((name) => ident(name)), sql`, `)})`];
  const parts = [...pieces.map((piece) => ({ rel: piece.rel, bounds: boundsOn(axis, piece) })), { rel: rest, bounds: sql`DEFAULT` }];
  const words: Record<string, SQL> = { SELECT: sql`SELECT`, INSERT: sql`INSERT`, UPDATE: sql`UPDATE`, DELETE: sql`DELETE`, TRUNCATE: sql`TRUNCATE`, REFERENCES: sql`REFERENCES`, TRIGGER: sql`TRIGGER` };
  return [{
    sql: [
      sql`CREATE TABLE ${named(between)} (LIKE ${named(top)} INCLUDING ALL)`, ...key, sql`CREATE TABLE ${named(copy)} (LIKE ${named(between)} INCLUDING ALL) PARTITION BY RANGE (${ident(by)})`, sql`DROP TABLE ${named(between)}`,
      ...ownedBy(copy, top, role), sql`COMMENT ON TABLE ${named(copy)} IS ${literal(copyComment(top.oid))}`,
      ...grants.map(({ privilege, grantee, grantable }) => sql`GRANT ${words[privilege] ?? sql`SELECT`} ON ${named(copy)} TO ${grantee === null ? sql`PUBLIC` : ident(grantee)}${grantable ? sql` WITH GRANT OPTION` : sql``}`),
      ...parts.flatMap(({ rel, bounds }) => [createLike({ schema: top.schema, rel }, copy), ...ownedBy({ schema: top.schema, rel }, top, role), attachSql(copy, { schema: top.schema, rel }, bounds)]),
    ],
    note: `Creates ${copy.rel}, partitioned by ${by}, with ${pieces.length} partitions and a DEFAULT for what fits in none.`, lock: 'ACCESS SHARE', waits: 'bounded',
  }, ...(references.length === 0 ? [] : [{ sql: references.map((one) => addReference(copy, one, one, sql``)), note: 'It refers to what the table refers to.', lock: 'SHARE ROW EXCLUSIVE', waits: 'bounded' } satisfies Step])];
}

const text = (table: Named): SQL => literal(render(named(table)).text);

/** Of a partitioned table as a whole. */
const wholeOf = ({ kind }: Child): SQL => (kind === 'p' ? sql`` : sql`ONLY `);

/** Every row has been seen to be in the new table, and writes wait: so it is known that they hold, and proved after it. */
const carried = (child: Child, to: Named): SQL => sql`${addReference(child, child, to, wholeOf(child))}${child.enforced ? sql` NOT VALID` : sql``}`;

/** PostgreSQL’s own proof; a foreign key that had none before gets none. */
export const validateSteps = (children: Child[], top: Named): Step[] => children.filter(({ valid }) => valid).map((child) => ({
  sql: sql`ALTER TABLE ${named(child)} VALIDATE CONSTRAINT ${ident(child.fk)}`, note: `Every row of ${child.rel} refers to one of ${top.rel}; reads and writes go on.`, lock: 'SHARE UPDATE EXCLUSIVE', waits: 'bounded',
}));

function swapStep({ top, facts, sequences, children }: Plain): Step {
  const copy = copyOf(top);
  const also = children.length === 0 ? '' : ` ${children.map(({ rel }) => rel).join(', ')} ${children.length === 1 ? 'refers' : 'refer'} to it from that moment on.`;
  return {
    sql: [
      lockAll([top, ...children]), ...dropMirror(top), ...children.map((child) => sql`ALTER TABLE ${wholeOf(child)}${named(child)} DROP CONSTRAINT ${ident(child.fk)}`),
      ...facts.identities.map((column) => sql`SELECT setval(pg_get_serial_sequence(${text(copy)}, ${literal(column)})::regclass, nextval(pg_get_serial_sequence(${text(top)}, ${literal(column)})::regclass))`),
      ...sequences.map((one) => sql`ALTER SEQUENCE ${named(one)} OWNED BY ${ident(copy.schema, copy.rel, one.column)}`),
      sql`ALTER TABLE ${named(top)} RENAME TO ${ident(retiredOf(top).rel)}`, sql`ALTER TABLE ${named(copy)} RENAME TO ${ident(top.rel)}`,
      ...children.map((child) => carried(child, top)),
    ],
    note: `The partitioned table takes the name ${top.rel}; the old one is ${retiredOf(top).rel} from then on.${also}`, lock: 'ACCESS EXCLUSIVE', waits: 'bounded',
  };
}

export const endOfConversion = (top: Named, drop: boolean): Step[] => [
  { sql: [...(drop ? [sql`DROP TABLE IF EXISTS ${named(retiredOf(top))}`] : []), sql`DROP FUNCTION IF EXISTS ${named(mirrorFunction(top))}()`], note: drop ? 'Drops the old table: every row of it is in the new one.' : 'Writes are repeated no more; the old table stays as it was at that moment.', lock: 'ACCESS EXCLUSIVE', waits: 'bounded' },
];

export function convertSteps(plain: Plain, { role, undo, drop }: { role: string; undo: boolean; drop: boolean }): Step[] {
  const { top, axis, facts, copy, mirrored } = plain;
  if (!axis) return [];
  if (undo) return mirrored || copy ? abandonSteps(top) : [];
  const mirror: Mirror = { source: { ...top, place: top.oid, rows: facts.rows, bytes: facts.bytes }, copy: copyOf(top), columns: top.columns, primary_key: keyOf(plain), owner: top.owner, role };
  const begun = copy && mirrored ? [] : [...(copy || mirrored ? abandonSteps(top) : []), ...buildSteps(plain, axis, role), tryStep(mirror), ...mirrorSteps(mirror)];
  return [...begun, fillStep(mirror), compareStep(mirror), swapStep(plain), ...validateSteps(plain.children, top), ...endOfConversion(top, drop)];
}

/** What a partition of a table that is none yet would be called. */
export const restName = ({ rel }: Named): string => nameFor(rel, 'default');
