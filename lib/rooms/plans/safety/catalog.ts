import type { Ask } from '@/lib/kit/diagnostic';
import { array, sql, type SQL } from '@/lib/pg/sql';
import type { FunctionName, Named } from './statement';

/** Objects below this OID came with the server; names and bodies of theirs change for a superuser only. */
export const firstOwnOid = 16_384;

export type FunctionRow = {
  oid: number;
  name: string;
  schema: string;
  /** i, s or v. */
  volatility: string;
  kind: string;
  language: string;
  /** The extension that it belongs to. */
  extension: string | null;
  /** Takes cstring or internal: input, output and support functions, which nobody calls by name. */
  internal: boolean;
  result: number;
  /** Node trees: the body where it is BEGIN ATOMIC, and the defaults of its arguments. */
  trees: string[];
};

export const functionColumns = sql`
  p.oid::int8 as oid, p.proname::text as name, n.nspname::text as schema, p.provolatile::text as volatility, p.prokind::text as kind, l.lanname::text as language,
  (select e.extname::text from pg_depend d join pg_extension e on e.oid = d.refobjid
    where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e' limit 1) as extension,
  (p.proargtypes::oid[] && array['cstring'::regtype::oid, 'internal'::regtype::oid]) as internal,
  p.prorettype::int8 as result,
  case when p.oid < ${firstOwnOid} then '{}'::text[] else array_remove(array[p.prosqlbody::text, p.proargdefaults::text], null) end as trees`;

const from = sql`from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang`;

/** In the schemas that the name says, or that the search path would look through. */
const within = (schema: SQL, asked: SQL): SQL => sql`(case when ${asked} = '' then ${schema} = any (current_schemas(true)::text[]) else ${schema} = ${asked} end)`;

const split = (path: string[]): { schema: string; name: string } => ({ schema: path.length > 1 ? (path.at(-2) ?? '') : '', name: path.at(-1) ?? '' });

/** Every function that a call could mean: all overloads that take so many arguments. */
export function functionsNamed(ask: Ask, calls: FunctionName[]): Promise<FunctionRow[]> {
  const asked = calls.map(({ path, given }) => ({ ...split(path), given: given ?? -1 }));
  return ask<FunctionRow>(sql`
    select distinct on (p.oid) ${functionColumns}
    ${from} join unnest(${array(asked.map(({ schema }) => schema))}::text[], ${array(asked.map(({ name }) => name))}::text[], ${array(asked.map(({ given }) => given))}::int[]) as a (schema, name, given)
      on p.proname = a.name and ${within(sql`n.nspname`, sql`a.schema`)}
    where case when a.given < 0 then p.pronargs >= 1 and p.pronargs - p.pronargdefaults <= 1
        and (p.oid >= ${firstOwnOid} or p.provolatile = 'v' or p.proargtypes[0] in ('cstring'::regtype, 'internal'::regtype))
      else a.given >= p.pronargs - p.pronargdefaults - (p.provariadic <> 0)::int and (a.given <= p.pronargs or p.provariadic <> 0) end
    order by p.oid`);
}

export const functionsById = (ask: Ask, oids: number[]): Promise<FunctionRow[]> => ask<FunctionRow>(sql`select ${functionColumns} ${from} where p.oid = any (${array(oids)}::oid[])`);

export type OperatorRow = { oid: number; code: number; left: number; right: number };

export const operatorsNamed = (ask: Ask, paths: string[][]): Promise<OperatorRow[]> => {
  const asked = paths.map(split);
  return ask<OperatorRow>(sql`
    select distinct o.oid::int8 as oid, o.oprcode::oid::int8 as code, o.oprleft::int8 as left, o.oprright::int8 as right
    from pg_operator o join pg_namespace n on n.oid = o.oprnamespace
      join unnest(${array(asked.map(({ schema }) => schema))}::text[], ${array(asked.map(({ name }) => name))}::text[]) as a (schema, name) on o.oprname = a.name and ${within(sql`n.nspname`, sql`a.schema`)}
    where o.oid >= ${firstOwnOid}`);
};

export const operatorsById = (ask: Ask, oids: number[]): Promise<OperatorRow[]> =>
  ask<OperatorRow>(sql`select o.oid::int8 as oid, o.oprcode::oid::int8 as code, o.oprleft::int8 as left, o.oprright::int8 as right from pg_operator o where o.oid = any (${array(oids)}::oid[])`);

export async function relationsNamed(ask: Ask, paths: string[][]): Promise<number[]> {
  const asked = paths.map(split);
  const rows = await ask<{ oid: number }>(sql`
    select distinct c.oid::int8 as oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
      join unnest(${array(asked.map(({ schema }) => schema))}::text[], ${array(asked.map(({ name }) => name))}::text[]) as a (schema, name) on c.relname = a.name and ${within(sql`n.nspname`, sql`a.schema`)}`);
  return rows.map(({ oid }) => oid);
}

export async function typesNamed(ask: Ask, { types }: Named): Promise<number[]> {
  const asked = types.map(split);
  const rows = await ask<{ oid: number }>(sql`
    select distinct t.oid::int8 as oid from pg_type t join pg_namespace n on n.oid = t.typnamespace
      join unnest(${array(asked.map(({ schema }) => schema))}::text[], ${array(asked.map(({ name }) => name))}::text[]) as a (schema, name) on t.typname = a.name and ${within(sql`n.nspname`, sql`a.schema`)}
    where t.oid >= ${firstOwnOid}`);
  return rows.map(({ oid }) => oid);
}

export type RelationRow = { oid: number; name: string; kind: string; children: number[]; types: number[]; trees: string[]; /** Operator classes that came with no known server. */ classes: number[] };

/** Relations with all that planning or running them evaluates: rules, policies, expressions of indexes, statistics, checks, defaults and partition keys. */
export const relationsById = (ask: Ask, oids: number[]): Promise<RelationRow[]> =>
  ask<RelationRow>(sql`
    select c.oid::int8 as oid, c.oid::regclass::text as name, c.relkind::text as kind,
      coalesce((select array_agg(i.inhrelid::int8::float8) from pg_inherits i where i.inhparent = c.oid), '{}') as children,
      coalesce((select array_agg(distinct a.atttypid::int8::float8) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and a.atttypid >= ${firstOwnOid}), '{}') || c.reltype::int8::float8 as types,
      coalesce((select array_agg(distinct k::int8::float8) from pg_index x, unnest(x.indclass::oid[]) k where x.indrelid = c.oid and k >= ${firstOwnOid}), '{}')
        || coalesce((select array_agg(distinct k::int8::float8) from pg_partitioned_table x, unnest(x.partclass::oid[]) k where x.partrelid = c.oid and k >= ${firstOwnOid}), '{}') as classes,
      coalesce((select array_agg(t.tree) from (
        select r.ev_action::text as tree from pg_rewrite r where r.ev_class = c.oid and c.relkind <> 'm'
        union all select r.ev_qual::text from pg_rewrite r where r.ev_class = c.oid and c.relkind <> 'm'
        union all select y.polqual::text from pg_policy y where y.polrelid = c.oid
        union all select y.polwithcheck::text from pg_policy y where y.polrelid = c.oid
        union all select x.indexprs::text from pg_index x where x.indrelid = c.oid and not exists (select from pg_inherits i where i.inhrelid = x.indexrelid)
        union all select x.indpred::text from pg_index x where x.indrelid = c.oid and not exists (select from pg_inherits i where i.inhrelid = x.indexrelid)
        union all select k.conbin::text from pg_constraint k where k.conrelid = c.oid and k.contype = 'c' and k.conislocal
        union all select d.adbin::text from pg_attrdef d where d.adrelid = c.oid and not c.relispartition
        union all select e.partexprs::text from pg_partitioned_table e where e.partrelid = c.oid
        union all select s.stxexprs::text from pg_statistic_ext s where s.stxrelid = c.oid) t where t.tree is not null), '{}') as trees
    from pg_class c where c.oid = any (${array(oids)}::oid[])`);

export type TypeRow = { oid: number; within: number[]; relation: number; trees: string[]; casts: number[] };

/** Types with what is inside them, the checks of domains, and the functions of casts from and to them. */
export const typesById = (ask: Ask, oids: number[]): Promise<TypeRow[]> =>
  ask<TypeRow>(sql`
    select t.oid::int8 as oid, t.typrelid::int8 as relation,
      array_remove(array[t.typbasetype::int8::float8, t.typelem::int8::float8, (select r.rngsubtype::int8::float8 from pg_range r where r.rngtypid = t.oid)], 0) as within,
      coalesce((select array_agg(k.conbin::text) from pg_constraint k where k.contypid = t.oid and k.conbin is not null), '{}') as trees,
      coalesce((select array_agg(k.castfunc::int8::float8) from pg_cast k where k.castfunc <> 0 and (k.castsource = t.oid or k.casttarget = t.oid)), '{}') as casts
    from pg_type t where t.oid = any (${array(oids)}::oid[])`);

/** Casts between types of the server that somebody added. */
export async function addedCasts(ask: Ask): Promise<number[]> {
  const rows = await ask<{ oid: number }>(sql`select castfunc::int8 as oid from pg_cast where oid >= ${firstOwnOid} and castfunc <> 0 and castsource < ${firstOwnOid} and casttarget < ${firstOwnOid}`);
  return rows.map(({ oid }) => oid);
}

/** Operator classes that belong to no extension of the list. */
export async function foreignClasses(ask: Ask, oids: number[], trusted: string[]): Promise<string[]> {
  const rows = await ask<{ name: string }>(sql`
    select c.opcname::text as name from pg_opclass c where c.oid = any (${array(oids)}::oid[]) and not exists (
      select from pg_depend d join pg_extension e on e.oid = d.refobjid
      where d.classid = 'pg_opclass'::regclass and d.objid = c.oid and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e' and e.extname = any (${array(trusted)}::text[]))`);
  return rows.map(({ name }) => name);
}
