import type { Refusal } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { sql, type SQL } from '@/lib/pg/sql';
import { oidOf, type Which } from './family';

/**
 * What names a relation, its columns or its row type by OID and would go on naming it after another one has taken its name and place: rows of one text `what`, as
 * PostgreSQL describes it (`view a.v`, `function a.f()`). Not among them: what is of the relation itself (its indexes, constraints, defaults, triggers, policies, statistics, sequences), and
 * foreign keys to it, which a partition has of its table: those of its own are. The names of functions in the text of other functions are looked up when those run, so nothing depends on them.
 */
const byOid = (of: Which, partition: boolean): SQL => sql`
  select distinct case when r.ev_type = '1' then pg_describe_object('pg_class'::regclass, r.ev_class, 0) else pg_describe_object(d.classid, d.objid, 0) end as what
  from (select 'pg_class'::regclass::oid as class, ${oidOf(of)} as oid union all select 'pg_type'::regclass, unnest(array[t.oid, t.typarray]) from pg_class c join pg_type t on t.oid = c.reltype where c.oid = ${oidOf(of)}) own
    join pg_depend d on d.refclassid = own.class and d.refobjid = own.oid left join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
  where d.deptype <> 'i' and d.classid not in ('pg_publication_rel'::regclass, 'pg_statistic_ext'::regclass)
    and not (d.classid = 'pg_class'::regclass and (d.objid = ${oidOf(of)} or exists (select from pg_class o where o.oid = d.objid and (o.relkind in ('i', 'I') or o.relkind = 'S' and d.deptype = 'a'))))
    and not exists (select from pg_attrdef o where d.classid = 'pg_attrdef'::regclass and o.oid = d.objid and o.adrelid = ${oidOf(of)})
    and not exists (select from pg_constraint o where d.classid = 'pg_constraint'::regclass and o.oid = d.objid and (o.conrelid = ${oidOf(of)} or o.contype = 'f' and o.confrelid = ${oidOf(of)} ${partition ? sql`and o.conparentid <> 0` : sql``}))
    and not exists (select from pg_trigger o where d.classid = 'pg_trigger'::regclass and o.oid = d.objid and o.tgrelid = ${oidOf(of)})
    and not exists (select from pg_policy o where d.classid = 'pg_policy'::regclass and o.oid = d.objid and o.polrelid = ${oidOf(of)})`;

/** Publications of the relation, `direct` where they name it, else its schema or all tables: what comes in its place would be published otherwise. */
const publications = (of: Which, major: number): SQL => sql`
  select 'publication ' || quote_ident(p.pubname) as what, r.prrelid is not null as direct from pg_publication p left join pg_publication_rel r on r.prpubid = p.oid and r.prrelid = ${oidOf(of)} where p.puballtables or r.prrelid is not null
    ${major >= 15 ? sql`or exists (select from pg_publication_namespace s join pg_class c on c.relnamespace = s.pnnspid where s.pnpubid = p.oid and c.oid = ${oidOf(of)})` : sql``}`;

export type Dependents = { named: string[]; publications: { what: string; direct: boolean }[] };

/** @returns who depends on a relation (by OID), as PostgreSQL describes it, in order */
export async function dependentsOf(ask: Ask, oid: string, major: number, { partition = false } = {}): Promise<Dependents> {
  const found = await ask<{ what: string }>(sql`select what from (${byOid(oid, partition)}) d order by what`);
  return { named: found.map(({ what }) => what), publications: await ask<Dependents['publications'][number]>(sql`select what, direct from (${publications(oid, major)}) d order by what`) };
}

const some = (of: string[]): string => (of.length > 5 ? `${of.slice(0, 5).join(', ')} and ${of.length - 5} more` : of.join(', '));

/** Why a relation is not replaced by another one while these depend on it. `place`: what they would go on with. */
export const dependentsGuard = ({ named: list, publications: published }: Dependents, { on = 'it', place = 'the old table' } = {}): Refusal[] => [
  ...(list.length === 0 ? [] : [{ name: 'dependents', says: `${some(list)} ${list.length === 1 ? 'depends' : 'depend'} on ${on} and would go on with ${place}.`, saferWay: `Drop ${list.length === 1 ? 'it' : 'them'} before, and create ${list.length === 1 ? 'it' : 'them'} again after it.` }]),
  ...(published.length === 0 ? [] : [{ name: 'publication', says: `It is published: ${some(published.map(({ what }) => what))} would publish the partitions instead, which subscribers do not have.`, saferWay: 'Take it out of the publication before, and add it again after it, with the subscribers’ tables put right.' }]),
];

/** For a transaction that holds the relation’s lock: a row whose `refuses` says who depends on it by now, null where nobody does. Of a `partition` foreign keys to it alone count too, and publications only where they name it. */
export const refuseDependents = (of: Which, major: number, { partition = false } = {}): SQL =>
  sql`SELECT 'In the meantime there is what depends on it: ' || string_agg(what, ', ' ORDER BY what) || '. Nothing was changed over.' AS refuses FROM (${byOid(of, partition)} UNION ALL SELECT what FROM (${publications(of, major)}) p${partition ? sql` WHERE direct` : sql``}) d`;
