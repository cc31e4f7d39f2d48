import type { ActionObject, Refusal, Step } from '@/lib/kit/action';
import { ident, literal, sql, type SQL } from '@/lib/pg/sql';
import { lockAll } from './archive-plan';
import { dependentsGuard, refuseDependents, type Dependents } from './dependents';
import { named, written, type Axis, type Child, type Table } from './family';
import { abandonSteps, compareStep, copyComment, copyOf, dropMirror, fillStep, mirrorFunction, mirrorSteps, tryStep, type Mirror } from './mirror';
import { columnSettings, commentOf, copyDefinitions, grantsTo, refuseDifferences, renames, replicaIdentity, sequenceSettings, storageOf, withoutDefaults, type Properties } from './own-properties';
import { attachSql, boundsOn, createLike, nameFor, ownedBy } from './partition-steps';
import { addReference, commentOfKey, type Key } from './references';
import { retiredOf, type Piece } from './rescue-plan';

type Named = { schema: string; rel: string };
type Facts = { kind: string; persistence: string; rows: number | null; bytes: number; not_null: boolean | null; relatives: boolean; triggers: string | null; policies: boolean; unlike: string | null };
export type Plain = ActionObject & { top: Table; by: string; axis: Axis | null; facts: Facts; pieces: Piece[]; rest: string; copy: Table | null; mirrored: boolean; taken: boolean; references: (Key & Named)[]; /** Tables that refer to it, whose foreign keys go over to the new one. */ children: Child[]; sequences: (Named & { column: string })[]; properties: Properties; dependents: Dependents; /** What of it a partitioned table cannot have. */ lost: Refusal[]; major: number; readable: boolean };

export const plainFacts = (oid: string, by: string): SQL => sql`
  select c.relkind::text as kind, c.relpersistence::text as persistence, case when c.reltuples >= 0 then c.reltuples::float8 end as rows, pg_relation_size(c.oid)::float8 as bytes,
    (select a.attnotnull from pg_attribute a where a.attrelid = c.oid and a.attname = ${by} and a.attnum > 0 and not a.attisdropped) as not_null,
    c.relispartition or exists (select from pg_inherits i where c.oid in (i.inhrelid, i.inhparent)) as relatives,
    (select min(t.tgname)::text from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal and t.tgname !~ '^riskdesk_mirror') as triggers,
    exists (select from pg_policy p where p.polrelid = c.oid) or c.relrowsecurity as policies,
    (select min(x.relname)::text from pg_index i join pg_class x on x.oid = i.indexrelid where i.indrelid = c.oid and (i.indisunique or i.indisexclusion) and not i.indisprimary
      and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = ${by} and a.attnum = any (i.indkey))) as unlike
  from pg_class c where c.oid = ${oid}::oid`;

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

export function plainGuards(plain: Plain): Refusal[] {
  const { top, by, axis, facts, readable, taken, major } = plain;
  return [
    ...refuse('kind', facts.persistence !== 'p' && 'It is unlogged or temporary.'), ...refuse('relatives', facts.relatives && 'It is a partition, or inherits from or to another table.'),
    ...refuse('column', facts.not_null === null && `It has no column ${by}.`), ...refuse('nulls', facts.not_null === false && `${by} may be null: every row has to have a place.`, `ALTER TABLE … ALTER COLUMN ${by} SET NOT NULL;`),
    ...refuse('key', facts.not_null !== null && !axis && `${by} is no date and no timestamp.`), ...refuse('primary_key', top.primary_key.length === 0 && 'It has no primary key, by which writes are repeated in the copy.', 'Add a primary key.'),
    ...refuse('unique', facts.unlike && `${facts.unlike} makes values unique without ${by}: a partitioned table cannot hold to that.`),
    ...referredGuards(plain, major),
    ...refuse('triggers', facts.triggers && `Its trigger ${facts.triggers} would be lost.`), ...refuse('policies', facts.policies && 'Its row security would be lost.'),
    ...dependentsGuard(plain.dependents), ...plain.lost,
    ...refuse('privilege', !readable && 'The role that looks may not read it, so which partitions are needed is not known.'), ...refuse('old', taken && `${retiredOf(top).rel} is there already.`, 'Drop or rename it.'),
  ];
}

const keyOf = ({ top, by }: Plain): string[] => (top.primary_key.includes(by) ? top.primary_key : [...top.primary_key, by]);

/** What the copy has to be like, when its own foreign keys are there and before. */
const alikeOr = ({ top, by }: Plain, references: boolean): SQL => refuseDifferences(top.oid, copyOf(top), { key: top.primary_key.includes(by), references });

/** Each partition is like the copy, which has all that the table has but what a partitioned table itself cannot have. */
function buildSteps(plain: Plain, axis: Axis, role: string): Step[] {
  const { top, by, pieces, rest, references, properties } = plain;
  const copy = copyOf(top);
  const parts = [...pieces.map((piece) => ({ rel: piece.rel, bounds: boundsOn(axis, piece) })), { rel: rest, bounds: sql`DEFAULT` }];
  return [{
    sql: [
      sql`CREATE TABLE ${named(copy)} (LIKE ${named(top)} INCLUDING ALL EXCLUDING IDENTITY EXCLUDING INDEXES EXCLUDING STATISTICS) PARTITION BY RANGE (${ident(by)})`, ...ownedBy(copy, top, role), sql`COMMENT ON TABLE ${named(copy)} IS ${literal(copyComment(top.oid))}`,
      copyDefinitions(top.oid, copy, keyOf(plain)), ...grantsTo(copy, properties), ...sequenceSettings(properties), ...columnSettings(copy, properties), ...replicaIdentity(copy, properties),
      ...parts.flatMap(({ rel, bounds }) => {
        const part = { schema: top.schema, rel };
        return [createLike(part, copy), ...ownedBy(part, top, role), ...withoutDefaults(part, properties), ...storageOf(part, properties), ...columnSettings(part, properties), ...replicaIdentity(part, properties), attachSql(copy, part, bounds)];
      }),
      alikeOr(plain, false),
    ],
    note: `Creates ${copy.rel}, partitioned by ${by}, with ${pieces.length} partitions and a DEFAULT for what fits in none, and with all that is ${top.rel}’s own.`, lock: 'ACCESS SHARE', waits: 'bounded',
  }, ...(references.length === 0 ? [] : [{ sql: references.flatMap((one) => [addReference(copy, one, one, sql``), ...commentOfKey(copy, one)]), note: 'It refers to what the table refers to.', lock: 'SHARE ROW EXCLUSIVE', waits: 'bounded' } satisfies Step])];
}

/** Of a partitioned table as a whole. */
const wholeOf = ({ kind }: Child): SQL => (kind === 'p' ? sql`` : sql`ONLY `);

/** Every row has been seen to be in the new table, and writes wait: so it is known that they hold, and proved after it. */
const carried = (child: Child, to: Named): SQL[] => [sql`${addReference(child, child, to, wholeOf(child))}${child.enforced ? sql` NOT VALID` : sql``}`, ...commentOfKey(child, child)];

/** PostgreSQL’s own proof; a foreign key that had none before gets none. */
export const validateSteps = (children: Child[], top: Named): Step[] => children.filter(({ valid }) => valid).map((child) => ({
  sql: sql`ALTER TABLE ${named(child)} VALIDATE CONSTRAINT ${ident(child.fk)}`, note: `Every row of ${child.rel} refers to one of ${top.rel}; reads and writes go on.`, lock: 'SHARE UPDATE EXCLUSIVE', waits: 'bounded',
}));

function swapStep(plain: Plain): Step {
  const { top, sequences, children, properties, major } = plain;
  const copy = copyOf(top);
  const also = children.length === 0 ? '' : ` ${children.map(({ rel }) => rel).join(', ')} ${children.length === 1 ? 'refers' : 'refer'} to it from that moment on.`;
  return {
    sql: [
      lockAll([top, ...children]), refuseDependents(top.oid, major), alikeOr(plain, true), ...dropMirror(top), ...children.map((child) => sql`ALTER TABLE ${wholeOf(child)}${named(child)} DROP CONSTRAINT ${ident(child.fk)}`),
      ...sequences.map((one) => sql`ALTER SEQUENCE ${named(one)} OWNED BY ${ident(copy.schema, copy.rel, one.column)}`),
      sql`ALTER TABLE ${named(top)} RENAME TO ${ident(retiredOf(top).rel)}`, sql`ALTER TABLE ${named(copy)} RENAME TO ${ident(top.rel)}`,
      ...renames(properties), commentOf(top, properties), ...children.flatMap((child) => carried(child, top)),
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
