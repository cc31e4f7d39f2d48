import type { Figures, Refusal, Step } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { array, ident, join, literal, sql, type SQL } from '@/lib/pg/sql';
import { alike, axisIn, findFamily, named, tablesOf, written, type Child, type Family, type Placed, type Table } from './family';
import { nameFor, ownedBy } from './partition-steps';
import { overlaps } from './range-sets';

type Named = { schema: string; rel: string };
/** A table with where its rows are archived; `archive` is null while there is none. */
export type Archived<T extends Table = Table> = { table: T; place: Named; archive: Table | null; taken: boolean; /** Roles that may read the table; null for PUBLIC. */ readers: (string | null)[] };
/** May be made to see no row of a table for the moment of a check: see `veiled`. */
export type ArchiveFamily = Family & { main: Archived; others: Archived<Child>[]; /** The role bypasses row security, the owner does not. */ as_owner: boolean };

export const archiveOf = ({ schema, rel }: Named): Named => ({ schema, rel: nameFor(rel, 'archive') });

/** The family of a table, each with its archive. */
export async function findArchives(ask: Ask, name: string, role: string): Promise<ArchiveFamily | null> {
  const family = await findFamily(ask, name, role);
  if (!family) return null;
  const all = [family.top, ...family.children];
  const places = all.map(archiveOf);
  const found = await ask<{ place: string; oid: string; kind: string }>(sql`
    select n.nspname || '.' || c.relname as place, c.oid::text as oid, c.relkind::text as kind from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where (n.nspname, c.relname) in (${join(places.map(({ schema, rel }) => sql`(${schema}, ${rel})`), sql`, `)})`);
  const tables = await tablesOf(ask, found.map(({ oid }) => oid), role);
  const [who] = await ask<{ sees_all: boolean }>(sql`select rolsuper or rolbypassrls as sees_all from pg_roles where rolname = ${role}`);
  const grants = await ask<{ oid: string; grantee: string | null }>(sql`
    select c.oid::text as oid, case when g.grantee <> 0 then pg_get_userbyid(g.grantee)::text end as grantee from pg_class c cross join aclexplode(c.relacl) g
    where c.oid = any (${array(all.map(({ oid }) => oid))}::oid[]) and g.privilege_type = 'SELECT' and g.grantee <> c.relowner order by 2`);
  const archived = <T extends Table>(table: T, place: Named): Archived<T> => {
    const there = found.find((one) => one.place === written(place));
    const cut = table.oid === family.top.oid || family.children.some((child) => child.oid === table.oid && alike(family.top, child));
    const archive = (there && tables.get(there.oid)) ?? null;
    const fits = archive !== null && (cut ? archive.strategy === 'r' && archive.key === table.key : archive.kind === 'r');
    return { table, place, archive: fits ? archive : null, taken: there !== undefined && !fits, readers: grants.filter(({ oid }) => oid === table.oid).map(({ grantee }) => grantee) };
  };
  return { ...family, main: archived(family.top, archiveOf(family.top)), others: family.children.map((child) => archived(child, archiveOf(child))), as_owner: who?.sees_all ?? false };
}

/** Bytes of partitions whose rows go elsewhere one by one, and of all in `beside` that may go with them: they stand twice until VACUUM has been there. */
export async function copiedBytes(ask: Ask, parts: Placed[], beside: Table[]): Promise<number> {
  if (parts.length === 0) return 0;
  const along = beside.flatMap((table): { oid: string }[] => axisIn(table)?.parts.filter((one) => parts.some((part) => overlaps(one, part))) ?? [table]);
  const [found] = await ask<{ bytes: number }>(sql`
    select coalesce(sum(pg_total_relation_size(p.relid)), 0)::float8 as bytes from unnest(${array([...parts, ...along].map(({ oid }) => oid))}::oid[]) o(oid)
      cross join lateral (select relid from pg_partition_tree(o.oid) where isleaf union select o.oid) p`);
  return found?.bytes ?? 0;
}

const shape = (of: Table) => of.columns.map(({ name, type }) => `${name} ${type}`).toSorted();

/** How many partitions the table has, and its archive: none where that has yet to be made. */
export async function archiveFigures(ask: Ask, { main: { table, place } }: ArchiveFamily): Promise<Figures> {
  const [found] = await ask<{ partitions: number; archived_partitions: number }>(sql`
    select count(*) filter (where i.inhparent = ${table.oid}::oid)::int as partitions, count(*) filter (where i.inhparent <> ${table.oid}::oid)::int as archived_partitions
    from pg_inherits i where i.inhparent in (select ${table.oid}::oid union select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = ${place.schema} and c.relname = ${place.rel})`);
  return { partitions: found?.partitions ?? null, archived_partitions: found?.archived_partitions ?? null };
}

/** Rows would not fit, or be cut short: the archive has the columns of when it was made. */
export function archiveGuards({ main, others }: ArchiveFamily): Refusal[] {
  return [main, ...others].flatMap(({ table, place, archive, taken }): Refusal[] => {
    if (taken) return [{ name: 'archive_taken', says: `${written(place)} is there, and is no archive of ${written(table)}: it is not cut the same way.`, saferWay: 'Rename that one.' }];
    if (!archive) return [];
    const [own, kept] = [shape(table), shape(archive)];
    const lacking = [...own.filter((one) => !kept.includes(one)).map((one) => `${one} is missing there`), ...kept.filter((one) => !own.includes(one)).map((one) => `${one} is only there`)];
    return lacking.length === 0 ? [] : [{ name: 'archive_columns', says: `The columns of ${written(place)} are not those of the table: ${lacking.join(', ')}.`, saferWay: 'Change them with ALTER TABLE until they are.' }];
  });
}

/** Archives are cut as their tables are; without defaults, which would tie a sequence, and without foreign keys, so that what is archived stands by itself. */
export function createArchives({ main, others, top }: ArchiveFamily, role: string): Step[] {
  const missing = [main, ...others].filter(({ archive }) => archive === null);
  if (missing.length === 0) return [];
  const statements = missing.flatMap(({ table, place, readers }): SQL[] => {
    const cut = table.oid === top.oid || alike(top, table as Child) ? sql` PARTITION BY RANGE (${ident(table.key ?? '')})` : sql``;
    const key = table.primary_key.length === 0 ? [] : [sql`ALTER TABLE ${named(place)} ADD PRIMARY KEY (${join(table.primary_key.map((name) => ident(name)), sql`, `)})`];
    return [sql`CREATE TABLE ${named(place)} (LIKE ${named(table)} INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE)${cut}`, ...key, ...ownedBy(place, table, role), ...readers.map((reader) => sql`GRANT SELECT ON ${named(place)} TO ${reader === null ? sql`PUBLIC` : ident(reader)}`), sql`COMMENT ON TABLE ${named(place)} IS ${literal(`Archive of ${written(table)}`)}`];
  });
  return [{ sql: statements, note: `Creates ${missing.map(({ place }) => place.rel).join(', ')}: the same columns, checks and primary key, no foreign keys. Who may read the table may read its archive.`, lock: 'ACCESS SHARE', waits: 'bounded' }];
}

/**
 * Detaching makes PostgreSQL look for rows that refer to the partition, by joining it with all of the tables that do, under the strongest lock. Here it is known that there
 * are none: the referring rows lie in the partition of the same bounds, which goes first in the same transaction. So the owner is made to see no row of it for the check,
 * by row security without a policy. Should a version of PostgreSQL come that looks past that, the check is slow again, and nothing worse.
 */
export function veiled(part: Named, detach: SQL): SQL[] {
  const set = (...words: SQL[]) => sql`ALTER TABLE ${named(part)} ${join(words, sql`, `)}`;
  return [set(sql`ENABLE ROW LEVEL SECURITY`, sql`FORCE ROW LEVEL SECURITY`), detach, set(sql`DISABLE ROW LEVEL SECURITY`, sql`NO FORCE ROW LEVEL SECURITY`)];
}

/** Who bypasses row security sees through the veil, the owner does not. */
export const asOwner = ({ as_owner: needed, top }: ArchiveFamily): SQL[] => (needed && !top.sees_all ? [sql`SET LOCAL ROLE ${ident(top.owner)}`] : []);
