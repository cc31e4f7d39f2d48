import type { Refusal } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { ident, inlineNumber, join, literal, render, sql, type SQL } from '@/lib/pg/sql';
import { oidOf, type Which } from './family';
import { nameFor, notHere } from './partition-steps';

type Named = { schema: string; rel: string };
type Grant = { privilege: string; /** Null for PUBLIC. */ grantee: string | null; grantable: boolean; /** Null for all of the relation. */ column: string | null };
type Sequence = Named & { oid: string; column: string; comment: string | null; grants: Grant[] };

/*
 * One table in the place of another, with all that is the other’s own:
 *   propertiesOf → CREATE TABLE … LIKE … → copyDefinitions, grantsTo, storageOf, columnSettings, columnStorage, replicaIdentity, sequenceSettings on the new one → refuseDifferences, as soon as it is made and again under the lock → both take
 *   their names, renames, commentOf.
 * A partition’s own is what its table has not: of indexes those that are not a part of one of the table’s.
 */

/**
 * What is a table’s own and `LIKE … INCLUDING ALL` leaves out, or names anew. Options are as pg_class has them, `fillfactor=70`. `indexes`, `statistics` (extended ones) and
 * `sequences` (of identity columns) are named here so that they can keep their names; they are made by `copyDefinitions`.
 */
export type Properties = {
  oid: string; comment: string | null; /** pg_class.relreplident */ replica: string; options: string[]; toast_options: string[]; grants: Grant[];
  columns: { name: string; /** Null for the default. */ statistics: number | null; options: string[] }[];
  /** Columns that are not stored as their type is, or are compressed as they say: pg_attribute’s letters. */
  stored: { name: string; storage: string; compression: string }[];
  indexes: (Named & { oid: string })[]; statistics: (Named & { oid: string })[]; sequences: Sequence[];
  /** Whom default privileges give something on whatever the role creates in the schema, or the owner (a sequence of an identity column is made as his); PUBLIC is null. */
  given: (string | null)[];
};

/** Of an index `x`: a partition’s own, and none of its table’s. */
const notInherited = sql`not exists (select from pg_inherits h where h.inhrelid = x.oid)`;

const grants = (acl: SQL, column: SQL, owner: SQL): SQL => sql`
  select coalesce(json_agg(json_build_object('privilege', g.privilege_type, 'grantee', case when g.grantee <> 0 then pg_get_userbyid(g.grantee) end, 'grantable', g.is_grantable, 'column', ${column}) order by g.grantee, g.privilege_type), '[]')
  from aclexplode(${acl}) g where g.grantee <> ${owner}`;

/** @returns the properties of the relation with this OID; `role` is who would create what is to have them */
export async function propertiesOf(ask: Ask, oid: string, role: string): Promise<Properties | null> {
  const [found] = await ask<Properties & { column_grants: Grant[][] }>(sql`
    select c.oid::text as oid, obj_description(c.oid, 'pg_class') as comment, c.relreplident::text as replica, to_json(coalesce(c.reloptions, '{}')) as options, to_json(coalesce(t.reloptions, '{}')) as toast_options,
      (${grants(sql`c.relacl`, sql`null`, sql`c.relowner`)}) as grants,
      (select coalesce(json_agg((${grants(sql`a.attacl`, sql`a.attname`, sql`c.relowner`)}) order by a.attnum), '[]') from pg_attribute a where a.attrelid = c.oid and a.attacl is not null and not a.attisdropped) as column_grants,
      (select coalesce(json_agg(json_build_object('name', a.attname, 'statistics', nullif(a.attstattarget, -1), 'options', coalesce(a.attoptions, '{}')) order by a.attnum), '[]') from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and (coalesce(a.attstattarget, -1) <> -1 or a.attoptions is not null)) as columns,
      (select coalesce(json_agg(json_build_object('name', a.attname, 'storage', a.attstorage, 'compression', a.attcompression) order by a.attnum), '[]') from pg_attribute a join pg_type y on y.oid = a.atttypid
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and (a.attstorage <> y.typstorage or a.attcompression <> '')) as stored,
      (select coalesce(json_agg(json_build_object('oid', x.oid::text, 'schema', n.nspname, 'rel', x.relname) order by x.relname), '[]') from pg_index i join pg_class x on x.oid = i.indexrelid join pg_namespace n on n.oid = x.relnamespace where i.indrelid = c.oid and ${notInherited}) as indexes,
      (select coalesce(json_agg(json_build_object('oid', s.oid::text, 'schema', n.nspname, 'rel', s.stxname) order by s.stxname), '[]') from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace where s.stxrelid = c.oid) as statistics,
      (select coalesce(json_agg(json_build_object('oid', s.oid::text, 'schema', n.nspname, 'rel', s.relname, 'column', a.attname, 'comment', obj_description(s.oid, 'pg_class'), 'grants', (${grants(sql`s.relacl`, sql`null`, sql`s.relowner`)})) order by a.attnum), '[]')
        from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S' join pg_namespace n on n.oid = s.relnamespace join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
        where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid and d.deptype = 'i') as sequences,
      (select coalesce(json_agg(distinct case when g.grantee <> 0 then pg_get_userbyid(g.grantee) end), '[]') from pg_default_acl d cross join aclexplode(d.defaclacl) g
        where d.defaclrole in (c.relowner, (select r.oid from pg_roles r where r.rolname = ${role})) and d.defaclobjtype in ('r', 'S') and d.defaclnamespace in (0, c.relnamespace) and g.grantee not in (d.defaclrole, c.relowner)) as given
    from pg_class c left join pg_class t on t.oid = c.reltoastrelid where c.oid = ${oid}::oid`);
  if (!found) return null;
  const { column_grants: more, ...properties } = found;
  return { ...properties, grants: [...properties.grants, ...more.flat()] };
}

/** Sequences that a serial column owns; an identity’s is its own affair. */
export const ownedSequences = (ask: Ask, oid: string): Promise<(Named & { column: string })[]> => ask<Named & { column: string }>(sql`
  select n.nspname::text as schema, s.relname::text as rel, a.attname::text as column from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S' join pg_namespace n on n.oid = s.relnamespace
    join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = ${oid}::oid and d.deptype = 'a'`);

const words: Record<string, SQL> = { SELECT: sql`SELECT`, INSERT: sql`INSERT`, UPDATE: sql`UPDATE`, DELETE: sql`DELETE`, TRUNCATE: sql`TRUNCATE`, REFERENCES: sql`REFERENCES`, TRIGGER: sql`TRIGGER`, MAINTAIN: sql`MAINTAIN`, USAGE: sql`USAGE` };
const grantee = (name: string | null): SQL => (name === null ? sql`PUBLIC` : ident(name));

function grant(on: SQL, { privilege, grantee: to, grantable, column }: Grant): SQL {
  const word = words[privilege];
  if (!word) throw new Error(`an unknown privilege: ${privilege}`);
  return sql`GRANT ${word}${column === null ? sql`` : sql` (${ident(column)})`} ON ${on} TO ${grantee(to)}${grantable ? sql` WITH GRANT OPTION` : sql``}`;
}

const taken = (on: SQL, given: Properties['given']): SQL[] => given.map((who) => sql`REVOKE ALL ON ${on} FROM ${grantee(who)}`);

/** Nobody may read a new table whom default privileges alone would let. */
export const withoutDefaults = (to: Named, { given }: Properties): SQL[] => taken(ident(to.schema, to.rel), given);

/** Privileges on the relation and its columns, on a table that its owner’s are already. */
export const grantsTo = (to: Named, properties: Properties): SQL[] => [...withoutDefaults(to, properties), ...properties.grants.map((one) => grant(ident(to.schema, to.rel), one))];

const pair = (option: string, prefix = sql``): SQL => {
  const at = option.indexOf('=');
  return sql`${prefix}${ident(option.slice(0, at))} = ${literal(option.slice(at + 1))}`;
};

/** Storage parameters, its TOAST table’s too; of a table with rows of its own, which a partitioned one is not. */
export function storageOf(to: Named, { options, toast_options: toast }: Properties): SQL[] {
  const all = [...options.map((one) => pair(one)), ...toast.map((one) => pair(one, sql`toast.`))];
  return all.length === 0 ? [] : [sql`ALTER TABLE ${ident(to.schema, to.rel)} SET (${join(all, sql`, `)})`];
}

/** Statistics targets and options (n_distinct) of columns, of this table alone. */
export const columnSettings = (to: Named, { columns }: Properties): SQL[] => columns.flatMap(({ name, statistics, options }) => {
  const column = sql`ALTER TABLE ONLY ${ident(to.schema, to.rel)} ALTER COLUMN ${ident(name)}`;
  return [...(statistics === null ? [] : [sql`${column} SET STATISTICS ${inlineNumber(statistics)}`]), ...(options.length === 0 ? [] : [sql`${column} SET (${join(options.map((one) => pair(one)), sql`, `)})`])];
});

const storages: Record<string, SQL> = { p: sql`PLAIN`, e: sql`EXTERNAL`, m: sql`MAIN`, x: sql`EXTENDED` };
const compressions: Record<string, SQL> = { p: sql`pglz`, l: sql`lz4` };

/** Storage and compression of columns, for a table that is not made LIKE the one they are of. */
export const columnStorage = (to: Named, { stored }: Properties): SQL[] => stored.flatMap(({ name, storage, compression }) => {
  const column = sql`ALTER TABLE ONLY ${ident(to.schema, to.rel)} ALTER COLUMN ${ident(name)}`;
  const [word, method] = [storages[storage], compressions[compression]];
  return [...(word ? [sql`${column} SET STORAGE ${word}`] : []), ...(method ? [sql`${column} SET COMPRESSION ${method}`] : [])];
});

/** FULL or NOTHING; one by an index has to be set once that is there. */
export const replicaIdentity = (to: Named, { replica }: Properties): SQL[] => (replica === 'f' || replica === 'n' ? [sql`ALTER TABLE ${ident(to.schema, to.rel)} REPLICA IDENTITY ${replica === 'f' ? sql`FULL` : sql`NOTHING`}`] : []);

const commented = (comment: string | null): SQL => (comment === null ? sql`NULL` : literal(comment));
export const commentOf = (to: Named, { comment }: Properties): SQL => sql`COMMENT ON TABLE ${ident(to.schema, to.rel)} IS ${commented(comment)}`;

/** Until they take the names of those they are copies of, copies are called after their OIDs. */
export const copiedName = (oid: string): string => `riskdesk_new_${oid}`;
/** What the names of those are that have been replaced. */
export const replacedName = ({ rel, oid }: { rel: string; oid: string }): string => nameFor(rel, `old_${oid}`);

/** What stands after USING in an index’s definition, of `x`, an index of the table `t` in the schema `n`, which is everything but names. */
const definition = sql`substr(pg_get_indexdef(x.oid), length(format('CREATE %sINDEX %I ON %s%I.%I USING ', case when i.indisunique then 'UNIQUE ' else '' end, x.relname, case when x.relkind = 'I' then 'ONLY ' else '' end, n.nspname, t.relname)) + 1)`;
const kinds = sql`case when cardinality(s.stxkeys) + coalesce(cardinality(pg_get_statisticsobjdef_expressions(s.oid)), 0) > 1 then (select '(' || string_agg(w.word, ', ' order by w.word) || ')' from (values ('d', 'ndistinct'), ('f', 'dependencies'), ('m', 'mcv')) w(kind, word) where w.kind = any (s.stxkind::text[])) else '' end`;

/**
 * Indexes, constraints that stand on them, extended statistics and identity columns of one table made for another, empty one by the catalog’s own definitions, with their comments. Where `key` is not
 * that of the primary key, that one is made of these columns. They have names of their own until `renames`.
 */
export function copyDefinitions(of: Which, to: Named, key: string[]): SQL {
  const table = literal(render(ident(to.schema, to.rel)).text);
  const columns = literal(render(join(key.map((name) => ident(name)), sql`, `)).text);
  const body = sql`DECLARE o record; BEGIN
  FOR o IN SELECT x.oid, i.indisunique AS uniq, ${definition} AS rest, k.contype, pg_get_constraintdef(k.oid) AS def, x.reloptions, obj_description(x.oid, 'pg_class') AS said, obj_description(k.oid, 'pg_constraint') AS told,
      (SELECT format('PRIMARY KEY (%s)', string_agg(quote_ident(a.attname), ', ' ORDER BY p.place)) FROM unnest(i.indkey) WITH ORDINALITY p(num, place) JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = p.num WHERE p.place <= i.indnkeyatts) AS own_key
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace LEFT JOIN pg_constraint k ON k.conindid = x.oid AND k.conrelid = t.oid AND k.contype IN ('p', 'u', 'x') WHERE t.oid = ${oidOf(of)} AND ${notInherited} ORDER BY x.oid
  LOOP
    IF o.contype IS NULL THEN
      EXECUTE format('CREATE %sINDEX %I ON %s USING %s', CASE WHEN o.uniq THEN 'UNIQUE ' ELSE '' END, 'riskdesk_new_' || o.oid, ${table}, o.rest);
    ELSE
      IF o.contype = 'p' THEN o.def := format('PRIMARY KEY (%s)', ${columns}) || substr(o.def, length(o.own_key) + 1); END IF;
      IF o.reloptions IS NOT NULL THEN o.def := regexp_replace(o.def, '( DEFERRABLE)?( INITIALLY DEFERRED)?$', ' WITH (' || (SELECT string_agg(format('%I = %L', split_part(r, '=', 1), substr(r, strpos(r, '=') + 1)), ', ') FROM unnest(o.reloptions) r) || ')\\1\\2'); END IF;
      EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', ${table}, 'riskdesk_new_' || o.oid, o.def);
      EXECUTE format('COMMENT ON CONSTRAINT %I ON %s IS %L', 'riskdesk_new_' || o.oid, ${table}, o.told);
    END IF;
    EXECUTE format('COMMENT ON INDEX %I.%I IS %L', ${literal(to.schema)}, 'riskdesk_new_' || o.oid, o.said);
  END LOOP;
  FOR o IN SELECT s.oid, n.nspname, ${kinds} AS kinds, pg_get_statisticsobjdef_columns(s.oid) AS cols, pg_get_userbyid(s.stxowner) AS owner, obj_description(s.oid, 'pg_statistic_ext') AS said FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE s.stxrelid = ${oidOf(of)} ORDER BY s.oid
  LOOP
    EXECUTE format('CREATE STATISTICS %I.%I %s ON %s FROM %s', o.nspname, 'riskdesk_new_' || o.oid, o.kinds, o.cols, ${table});
    EXECUTE format('ALTER STATISTICS %I.%I OWNER TO %I', o.nspname, 'riskdesk_new_' || o.oid, o.owner);
    EXECUTE format('COMMENT ON STATISTICS %I.%I IS %L', o.nspname, 'riskdesk_new_' || o.oid, o.said);
  END LOOP;
  FOR o IN SELECT q.seqrelid AS oid, q.*, a.attname, a.attidentity, n.nspname FROM pg_depend d JOIN pg_sequence q ON q.seqrelid = d.objid JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid JOIN pg_class c ON c.oid = q.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = ${oidOf(of)} AND d.deptype = 'i'
  LOOP
    EXECUTE format('ALTER TABLE %s ALTER COLUMN %I ADD GENERATED %s AS IDENTITY (SEQUENCE NAME %I.%I START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s%s)', ${table}, o.attname, CASE o.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, o.nspname, 'riskdesk_new_' || o.oid, o.seqstart, o.seqincrement, o.seqmin, o.seqmax, o.seqcache, CASE WHEN o.seqcycle THEN ' CYCLE' ELSE '' END);
  END LOOP;
END`;
  return sql`DO ${literal(render(body).text)}`;
}

/** Privileges on and comments of the sequences that `copyDefinitions` has made. */
export const sequenceSettings = ({ sequences, given }: Properties): SQL[] => sequences.flatMap(({ oid, schema, comment, grants: own }) => {
  const copy = ident(schema, copiedName(oid));
  return [...taken(sql`SEQUENCE ${copy}`, given), ...own.map((one) => grant(sql`SEQUENCE ${copy}`, one)), ...(comment === null ? [] : [sql`COMMENT ON SEQUENCE ${copy} IS ${literal(comment)}`])];
});

/** Copies take the names; a sequence goes on where the old one stands, of which nobody takes a number meanwhile. */
export const renames = ({ indexes, statistics, sequences }: Properties): SQL[] => [
  ...indexes.flatMap((one) => [sql`ALTER INDEX ${ident(one.schema, one.rel)} RENAME TO ${ident(replacedName(one))}`, sql`ALTER INDEX ${ident(one.schema, copiedName(one.oid))} RENAME TO ${ident(one.rel)}`]),
  ...statistics.flatMap((one) => [sql`ALTER STATISTICS ${ident(one.schema, one.rel)} RENAME TO ${ident(replacedName(one))}`, sql`ALTER STATISTICS ${ident(one.schema, copiedName(one.oid))} RENAME TO ${ident(one.rel)}`]),
  ...sequences.flatMap((one) => [
    sql`ALTER SEQUENCE ${ident(one.schema, one.rel)} RENAME TO ${ident(replacedName(one))}`, sql`ALTER SEQUENCE ${ident(one.schema, copiedName(one.oid))} RENAME TO ${ident(one.rel)}`,
    sql`SELECT setval(${literal(render(ident(one.schema, one.rel)).text)}::regclass, last_value, is_called) FROM ${ident(one.schema, replacedName(one))}`,
  ]),
];

/** The same by the catalog as it is when it runs, of a partition that is still one and dropped after, with its comment; identity columns have nothing of a partition’s own. */
export function takeNames(of: Named, to: Named): SQL {
  const body = sql`DECLARE o record; BEGIN
  FOR o IN SELECT 'INDEX' AS kind, n.nspname, x.relname AS rel, x.oid FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_namespace n ON n.oid = x.relnamespace WHERE i.indrelid = ${oidOf(of)} AND ${notInherited}
    UNION ALL SELECT 'STATISTICS', n.nspname, s.stxname, s.oid FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE s.stxrelid = ${oidOf(of)}
  LOOP
    EXECUTE format('ALTER %s %I.%I RENAME TO %I', o.kind, o.nspname, o.rel, 'riskdesk_old_' || o.oid);
    EXECUTE format('ALTER %s %I.%I RENAME TO %I', o.kind, o.nspname, 'riskdesk_new_' || o.oid, o.rel);
  END LOOP;
  EXECUTE format('COMMENT ON TABLE %s IS %L', ${oidOf(to)}::regclass, obj_description(${oidOf(of)}, 'pg_class'));
END`;
  return sql`DO ${literal(render(body).text)}`;
}

/** Who is granted a privilege `g`, whose relation has this owner. */
const grantedTo = (of: SQL) => sql`case when g.grantee = 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(g.grantee)) end || case when g.is_grantable and g.grantee <> ${of} then ' with grant option' else '' end`;
const settingsOf = (of: SQL) => sql`coalesce(array_to_string(array(select unnest(${of}) order by 1), ', '), '')`;

/** Whether primary keys, foreign keys and identity columns are to be the same; the last a partition has from its table, and only once it is attached. */
type Compared = { key: boolean; references: boolean; identity?: boolean };

/** One line for each property of the relation `t` but its comment, names of indexes and statistics aside, as a person reads it. */
function lines(t: SQL, { key, references, identity = true }: Compared): SQL {
  const leaves = sql`(select case when r.relkind = 'p' then h.inhrelid else r.oid end as oid from pg_class r left join pg_inherits h on h.inhparent = r.oid where r.oid = ${t})`;
  return sql`
    select 'owner ' || pg_get_userbyid(c.relowner) || ', replica identity ' || c.relreplident::text || ', row security ' || c.relrowsecurity || ' ' || c.relforcerowsecurity as line from pg_class c where c.oid = ${t}
    union all select 'storage parameters ' || ${settingsOf(sql`c.reloptions`)} || '; ' || ${settingsOf(sql`o.reloptions`)} from ${leaves} l join pg_class c on c.oid = l.oid left join pg_class o on o.oid = c.reltoastrelid where c.reloptions is not null or o.reloptions is not null
    union all select format('column %I %s', a.attname, format_type(a.atttypid, a.atttypmod)) || case when a.attnotnull then ' not null' else '' end || coalesce(' default ' || pg_get_expr(f.adbin, f.adrelid), '') || concat(' ', ${identity ? sql`a.attidentity` : sql`''`}, a.attgenerated, ' ', a.attstorage, a.attcompression, ' ') || a.attcollation::regcollation::text
        || coalesce(' statistics ' || nullif(a.attstattarget, -1), '') || ' ' || ${settingsOf(sql`a.attoptions`)} || coalesce(' comment ' || col_description(a.attrelid, a.attnum), '')
      from ${leaves} l join pg_attribute own on own.attrelid = ${t} and own.attnum > 0 and not own.attisdropped join pg_attribute a on a.attrelid in (${t}, l.oid) and a.attname = own.attname left join pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum where a.attrelid = ${t} or a.attstattarget is distinct from own.attstattarget or a.attoptions is distinct from own.attoptions
    union all select 'privilege ' || g.privilege_type || ' of ' || ${grantedTo(sql`c.relowner`)} from pg_class c cross join aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) g where c.oid = ${t}
    union all select format('privilege %s (%I) of ', g.privilege_type, a.attname) || ${grantedTo(sql`0::oid`)} from pg_attribute a cross join aclexplode(a.attacl) g where a.attrelid = ${t} and not a.attisdropped
    union all select format('constraint %I ', k.conname) || pg_get_constraintdef(k.oid) || coalesce(' comment ' || obj_description(k.oid, 'pg_constraint'), '') from pg_constraint k where k.conrelid = ${t} and k.conname <> ${literal(notHere)} and ${references ? sql`k.contype in ('c', 'f', 'n')` : sql`k.contype in ('c', 'n')`} and k.conparentid = 0
    union all select 'index ' || case when i.indisprimary then 'primary ' else '' end || case when i.indisunique then 'unique ' else '' end || ${definition} || coalesce(', ' || case k.contype when 'p' then 'primary key' else pg_get_constraintdef(k.oid) end || coalesce(' comment ' || obj_description(k.oid, 'pg_constraint'), ''), '') || coalesce(' comment ' || obj_description(x.oid, 'pg_class'), '')
      from pg_index i join pg_class x on x.oid = i.indexrelid join pg_class t on t.oid = i.indrelid join pg_namespace n on n.oid = t.relnamespace left join pg_constraint k on k.conindid = x.oid and k.conrelid = t.oid and k.contype in ('p', 'u', 'x') where t.oid = ${t} and ${notInherited} ${key ? sql`` : sql`and not i.indisprimary`}
    union all select 'statistics ' || s.stxkind::text || ' ' || pg_get_statisticsobjdef_columns(s.oid) || ' owner ' || pg_get_userbyid(s.stxowner) || coalesce(' target ' || nullif(s.stxstattarget, -1), '') || coalesce(' comment ' || obj_description(s.oid, 'pg_statistic_ext'), '') from pg_statistic_ext s where s.stxrelid = ${t}
    union all select format('sequence of %I ', a.attname) || format_type(q.seqtypid, null) || ' ' || concat_ws(' ', q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcache, q.seqcycle) || ' ' || s.relpersistence::text || coalesce(' comment ' || obj_description(s.oid, 'pg_class'), '')
        || ' ' || array(select g.privilege_type || ' of ' || ${grantedTo(sql`s.relowner`)} from aclexplode(coalesce(s.relacl, acldefault('s', s.relowner))) g order by 1)::text
      from pg_depend d join pg_sequence q on q.seqrelid = d.objid join pg_class s on s.oid = q.seqrelid join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = ${t} and d.deptype = 'i'
    union all select 'trigger ' || t.tgname from pg_trigger t where t.tgrelid = ${t} and not t.tgisinternal and t.tgparentid = 0 and t.tgname !~ '^riskdesk_mirror'
    union all select 'rule ' || r.rulename from pg_rewrite r where r.ev_class = ${t}
    union all select 'policy ' || p.polname from pg_policy p where p.polrelid = ${t}
    union all select 'security label ' || l.label from pg_seclabel l where l.classoid = 'pg_class'::regclass and l.objoid = ${t}`;
}

/** A row whose `refuses` names what the one has and the other has not, null where they are the same: whatever the reason, nothing of a table’s own is lost. */
export function refuseDifferences(of: Which, copy: Named, compared: Compared): SQL {
  return sql`SELECT string_agg(said, ' ' ORDER BY copied) || ' Nothing was changed over.' AS refuses FROM (
    SELECT copied, CASE WHEN copied THEN 'The copy has, and the table has not: ' ELSE 'The table has, and the copy has not: ' END || string_agg(line, '; ' ORDER BY line) || '.' AS said FROM (
      SELECT line, bool_or(copied) AS copied FROM (VALUES (${oidOf(of)}, false), (${oidOf(copy)}, true)) both_of(rel, copied) CROSS JOIN LATERAL (${lines(sql`both_of.rel`, compared)}) described GROUP BY line HAVING count(DISTINCT copied) = 1) l GROUP BY copied) d`;
}

/** What of a plain table a partitioned one cannot take over as it is: guards with what would be needed before. */
export function unlikeGuards(ask: Ask, oid: string, major: number): Promise<Refusal[]> {
  const t = oidOf(oid);
  const indexes = sql`pg_index i join pg_class x on x.oid = i.indexrelid where i.indrelid = ${t}`;
  const checks = sql`pg_constraint k where k.conrelid = ${t} and k.contype in ('c', 'n')`;
  return ask<Refusal>(sql`
    select 'security_label' as name, 'Its security label would be lost: ' || l.label || '.' as says, null::text as "saferWay" from pg_seclabel l where l.classoid = 'pg_class'::regclass and l.objoid = ${t}
    union all select 'extension', 'It belongs to the extension ' || e.extname || '.', null from pg_depend d join pg_extension e on e.oid = d.refobjid where d.classid = 'pg_class'::regclass and d.objid = ${t} and d.refclassid = 'pg_extension'::regclass
    union all select 'typed', 'It is a table of the type ' || c.reloftype::regtype::text || '.', 'ALTER TABLE … NOT OF;' from pg_class c where c.oid = ${t} and c.reloftype <> 0
    union all select 'access_method', 'Its access method is ' || m.amname || '.', null from pg_class c join pg_am m on m.oid = c.relam where c.oid = ${t} and m.amname <> 'heap'
    union all select 'tablespace', c.relname || ' is in the tablespace ' || s.spcname || '.', 'Move it to the database’s own tablespace first.' from pg_class c join pg_tablespace s on s.oid = c.reltablespace where c.oid = ${t} or c.oid in (select i.indexrelid from pg_index i where i.indrelid = ${t})
    union all select 'privileges', 'Privileges on it were given on by ' || string_agg(distinct pg_get_userbyid(g.grantor), ', ') || ', not by its owner.', 'Revoke them, and let the owner grant them.' from pg_class c cross join lateral (select grantor from aclexplode(c.relacl) union all select e.grantor from pg_attribute a cross join aclexplode(a.attacl) e where a.attrelid = c.oid
      union all select e.grantor from pg_depend d join pg_class s on s.oid = d.objid cross join aclexplode(s.relacl) e where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid and d.deptype = 'i') g where c.oid = ${t} and g.grantor <> c.relowner having count(*) > 0
    union all select 'owner_privileges', 'Its owner ' || pg_get_userbyid(c.relowner) || ' lacks privileges on it: ' || string_agg(p.privilege_type, ', ' order by p.privilege_type) || '.', 'Grant them to the owner.' from pg_class c cross join aclexplode(acldefault('r', c.relowner)) p
      where c.oid = ${t} and c.relacl is not null and not exists (select from aclexplode(c.relacl) g where g.grantee = c.relowner and g.privilege_type = p.privilege_type) group by c.relowner
    union all select 'disabled', 'Triggers of its foreign keys are switched off.', 'ALTER TABLE … ENABLE TRIGGER ALL;' where exists (select from pg_trigger g where g.tgrelid = ${t} and g.tgisinternal and g.tgenabled <> 'O')
    union all select 'index', x.relname || ' is invalid.', 'Drop or rebuild it: indexes.drop_invalid, indexes.reindex.' from ${indexes} and not (i.indisvalid and i.indisready)
    union all select 'clustered', 'It is marked to be clustered by ' || x.relname || ', which is not carried over.', 'ALTER TABLE … SET WITHOUT CLUSTER;' from ${indexes} and i.indisclustered
    union all select 'replica_identity', 'Its replica identity is the index ' || x.relname || '.', 'ALTER TABLE … REPLICA IDENTITY DEFAULT;' from ${indexes} and i.indisreplident
    union all select 'index_statistics', x.relname || ' has statistics targets of its own, which are not carried over.', 'ALTER INDEX … ALTER COLUMN … SET STATISTICS -1;' from ${indexes} and exists (select from pg_attribute a where a.attrelid = x.oid and coalesce(a.attstattarget, -1) <> -1)
    union all select 'extended_statistics', s.stxname || ' has a statistics target of its own, which is not carried over.', 'ALTER STATISTICS … SET STATISTICS -1;' from pg_statistic_ext s where s.stxrelid = ${t} and coalesce(s.stxstattarget, -1) <> -1
    union all select 'deferrable', k.conname || ' is deferrable: rows that may be doubled for a moment cannot be repeated in a copy.', null from pg_constraint k where k.conrelid = ${t} and k.contype in ('p', 'u', 'x') and k.condeferrable
    union all select 'period', k.conname || ' is a key WITHOUT OVERLAPS or of a PERIOD.', null from pg_constraint k where k.conrelid = ${t} and coalesce((to_jsonb(k) ->> 'conperiod')::boolean, false)
    union all select 'exclusion', k.conname || ': partitioned tables have exclusion constraints from PostgreSQL 17 on.', null from pg_constraint k where k.conrelid = ${t} and k.contype = 'x' and ${major}::int < 17
    union all select 'not_valid', k.conname || ' has not been validated: whether the copy could hold to it is not known.', 'ALTER TABLE … VALIDATE CONSTRAINT ' || quote_ident(k.conname) || ';' from pg_constraint k where k.conrelid = ${t} and not k.convalidated and coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)
    union all select 'no_inherit', k.conname || ' is NO INHERIT, which no constraint of a partitioned table is.', null from ${checks} and k.connoinherit
    union all select 'sequence', pg_describe_object(d.classid, d.objid, 0) || ' depends on the sequence ' || s.relname || ' of its column, and would go on with the old one.', 'Give it a sequence of its own.' from pg_depend o join pg_class s on s.oid = o.objid and s.relkind = 'S' join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = s.oid and d.deptype <> 'i'
      where o.classid = 'pg_class'::regclass and o.refclassid = 'pg_class'::regclass and o.refobjid = ${t} and o.deptype = 'i'
    union all select 'sequence', 'The sequence ' || s.relname || ' of its column is unlogged.', 'ALTER SEQUENCE … SET LOGGED;' from pg_depend o join pg_class s on s.oid = o.objid and s.relkind = 'S' where o.classid = 'pg_class'::regclass and o.refclassid = 'pg_class'::regclass and o.refobjid = ${t} and o.deptype = 'i' and s.relpersistence <> 'p'`);
}
