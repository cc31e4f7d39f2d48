import type { Refusal } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { ident, sql, type SQL } from '@/lib/pg/sql';
import { dependentsGuard, dependentsOf, refuseDependents, type Dependents } from './dependents';
import { named, oidOf, written, type Part, type Table } from './family';
import { columnSettings, copyDefinitions, grantsTo, ownedSequences, propertiesOf, refuseDifferences, replicaIdentity, storageOf, takeNames, unlikeGuards, type Properties } from './own-properties';
import { attachSql, dropCheck, notHere, ownedBy } from './partition-steps';
import { referencesOf, type Key } from './references';

type Named = { schema: string; rel: string };

/** A partition in whose place a new one comes, with what is its own and not its table’s, and what of that could not be the new one’s. */
export type Replaced = { properties: Properties; /** Foreign keys of its own. */ references: (Key & Named)[]; /** That serial columns of its own have. */ sequences: (Named & { column: string })[]; dependents: Dependents; lost: Refusal[] };

/** Of a plain table that becomes a partitioned one alone. */
const notOfPartitions = new Set(['exclusion', 'no_inherit']);

/** What a partition can have beside its table’s, and another one made for its place would not. */
const ownOf = (oid: string, top: Table): SQL => sql`
  select 'owner' as name, 'Its owner is ' || pg_get_userbyid(c.relowner) || ', that of its table ' || ${top.owner}::text || '.' as says, 'ALTER TABLE … OWNER TO …;' as "saferWay" from pg_class c where c.oid = ${oidOf(oid)} and pg_get_userbyid(c.relowner) <> ${top.owner}
  union all select 'triggers', 'Its own trigger ' || t.tgname || ' would be lost.', 'Drop it before, and create it again after it.' from pg_trigger t where t.tgrelid = ${oidOf(oid)} and not t.tgisinternal and t.tgparentid = 0 and t.tgname !~ '^riskdesk_mirror'
  union all select 'triggers', 'Its trigger ' || t.tgname || ' is not switched as that of its table is.', 'ALTER TABLE … ENABLE TRIGGER …;' from pg_trigger t join pg_trigger o on o.oid = t.tgparentid where t.tgrelid = ${oidOf(oid)} and not t.tgisinternal and t.tgenabled <> o.tgenabled
  union all select 'policies', 'Its policy ' || p.polname || ' would be lost.', 'Drop it before, and create it again after it.' from pg_policy p where p.polrelid = ${oidOf(oid)}`;

/** Of publications only those by name: what comes in its place is in the others too. */
export async function dependentsOfPart(ask: Ask, oid: string, major: number): Promise<Dependents> {
  const found = await dependentsOf(ask, oid, major, { partition: true });
  return { ...found, publications: found.publications.filter(({ direct }) => direct) };
}

/** @returns null where there is no such relation any more; `role` is who would create the new one */
export async function replacedOf(ask: Ask, { oid }: Part, top: Table, { role, major }: { role: string; major: number }): Promise<Replaced | null> {
  const properties = await propertiesOf(ask, oid, role);
  const lost = [...(await unlikeGuards(ask, oid, major)).filter(({ name }) => !notOfPartitions.has(name)), ...(await ask<Refusal>(ownOf(oid, top)))];
  return properties && { properties, references: await referencesOf(ask, oid), sequences: await ownedSequences(ask, oid), dependents: await dependentsOfPart(ask, oid, major), lost };
}

export const partDependentsGuard = (part: Named, { named: list, publications }: Dependents): Refusal[] => [
  ...dependentsGuard({ named: list, publications: [] }, { on: written(part), place: 'the old one, which is dropped' }),
  ...(publications.length === 0 ? [] : [{ name: 'publication', says: `${written(part)} is published by its name: ${publications.map(({ what }) => what).join(', ')}. What comes in its place would not be.`, saferWay: 'Take it out of the publication before, and add it again after it.' }]),
];

export const replacedGuards = (part: Named, { dependents, lost }: Replaced): Refusal[] => [...partDependentsGuard(part, dependents), ...lost.map((one) => ({ ...one, says: `${written(part)}: ${one.says}` }))];

/** Identity columns and foreign keys come with the table it is attached to; what of them is its own is not among what is refused before. */
export const refuseUnlike = (part: Named, to: Named): SQL => refuseDifferences(part, to, { key: true, references: false, identity: false });

/** An empty table with all that is the partition’s own, as DEFAULT of a table that is like its. */
export const createReplacement = (part: Named, to: Named, { copy, top, role, properties }: { copy: Named; top: Table; role: string; properties: Properties }): SQL[] => [
  sql`CREATE TABLE ${named(to)} (LIKE ${named(part)} INCLUDING ALL EXCLUDING IDENTITY EXCLUDING INDEXES EXCLUDING STATISTICS)`, ...ownedBy(to, top, role), dropCheck(to, notHere), ...grantsTo(to, properties), ...storageOf(to, properties), ...columnSettings(to, properties), ...replicaIdentity(to, properties),
  attachSql(copy, to, sql`DEFAULT`), copyDefinitions(part, to, []), refuseUnlike(part, to),
];

/** Before anything of the two is changed: what differs by now. Reads and writes go on, definitions cannot be changed any more. */
export const refuseReplacement = (part: Named, to: Named): SQL[] => [sql`LOCK TABLE ONLY ${named(part)} IN SHARE UPDATE EXCLUSIVE MODE`, refuseUnlike(part, to)];

export const refusePartDependents = (part: Named, major: number): SQL => refuseDependents(part, major, { partition: true });

/** While the partition still is one: its names, its comment and its sequences go over. */
export const takeOver = (part: Named, to: Named, { sequences }: Replaced): SQL[] => [takeNames(part, to), ...sequences.map((one) => sql`ALTER SEQUENCE ${named(one)} OWNED BY ${ident(to.schema, to.rel, one.column)}`)];
