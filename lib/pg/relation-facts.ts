import type { Ask } from '@/lib/kit/diagnostic';
import { indexFacts, lockedRelations, type NamedIndex } from './index-facts';
import type { FindRelation, RelationName } from './shape/types';
import { array, sql } from './sql';

export type ColumnFacts = {
  name: string;
  number: number;
  /** As format_type writes it. */
  type: string;
  notNull: boolean;
  /** A B-tree of it needs no operator class of a name. */
  sortable: boolean;
};

export type RelationFacts = {
  oid: string;
  schema: string;
  name: string;
  /** `schema.name`, quoted where needed. */
  shown: string;
  /** As in pg_class: r, p (partitioned), m (materialised view), v, f. */
  kind: string;
  /** It is a partition. */
  partition: boolean;
  /** As last analysed, over all partitions; null where that was never done. */
  rows: number | null;
  /** Of all partitions. */
  pages: number;
  /** Tables that hold its rows: itself, or its partitions. */
  leaves: { oid: string; shown: string; pages: number }[];
  columns: ColumnFacts[];
  indexes: NamedIndex[];
};

/** PostgreSQL's own: names that begin with `pg_` are reserved for it. */
export const isSystem = ({ schema }: { schema: string }): boolean => schema.startsWith('pg_') || schema === 'information_schema';

const relationsSql = (names: string[], schemas: string[]) => sql`
      with recursive named as (
        select c.oid, c.relkind from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relname = any (${array(names)}::text[]) and (n.nspname = any (${array(schemas)}::text[]) or n.nspname = any (current_schemas(true)))
          and c.relkind in ('r', 'p', 'm', 'v', 'f') and n.nspname !~ '^pg_(temp|toast)'
      ), part(root, oid, relkind) as (
        select named.oid, named.oid, named.relkind from named
        union all
        select part.root, h.inhrelid, c.relkind from part join pg_inherits h on h.inhparent = part.oid and part.relkind = 'p' join pg_class c on c.oid = h.inhrelid
      ), leaf as (
        select part.root, c.oid, format('%I.%I', n.nspname, c.relname) as shown, c.reltuples, coalesce(
          case when c.reltuples < 0 and c.oid not in (${lockedRelations}) then pg_relation_size(c.oid)::float8 / current_setting('block_size')::int end, c.relpages::float8) as pages
        from part join pg_class c on c.oid = part.oid join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'm', 'f')
      )
      select c.oid::text as oid, n.nspname::text as schema, c.relname::text as name, format('%I.%I', n.nspname, c.relname) as shown, c.relkind::text as kind, c.relispartition as partition,
        (select case when bool_and(l.reltuples < 0) then null else sum(greatest(l.reltuples, 0)) end::float8 from leaf l where l.root = c.oid) as rows,
        coalesce((select sum(l.pages) from leaf l where l.root = c.oid), 0) as pages,
        coalesce((select json_agg(json_build_object('oid', l.oid::text, 'shown', l.shown, 'pages', l.pages) order by l.pages desc, l.oid) from leaf l where l.root = c.oid), '[]') as leaves,
        coalesce((select json_agg(json_build_object('name', a.attname, 'number', a.attnum, 'type', format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull, 'sortable',
            t.typtype in ('e', 'r', 'm') or t.typcategory = 'A' or t.typname = 'varchar' or exists (
              select from pg_opclass o where o.opcmethod = 403 and o.opcdefault and o.opcintype in (t.oid, t.typbasetype))) order by a.attnum)
          from pg_attribute a join pg_type t on t.oid = a.atttypid where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]') as columns
      from named join pg_class c on c.oid = named.oid join pg_namespace n on n.oid = c.relnamespace`;

/** The relations of some names, and which of them a name means. */
export class Relations {
  constructor(
    readonly all: RelationFacts[],
    /** The search path of this session. */
    readonly path: readonly string[],
  ) {}

  /** By the search path of whoever ran the statement; without one, by that of this session. */
  find({ schema, name }: RelationName, path: readonly string[] = this.path): RelationFacts | null {
    const schemas = schema === null ? path : [schema];
    return schemas.map((where) => this.all.find((facts) => facts.name === name && facts.schema === where)).find(Boolean) ?? null;
  }

  /** As `shapeOf` asks. */
  finder(path: readonly string[] = this.path): FindRelation {
    return (name) => {
      const found = this.find(name, path);
      return found && { schema: found.schema, name: found.name, columns: found.columns.map((column) => column.name) };
    };
  }
}

/** What the catalog knows of relations that statements name (`relationsIn`), with their columns and indexes. `schemas`: of search paths beside this session's own. */
export async function readRelations(ask: Ask, names: RelationName[], schemas: readonly string[] = []): Promise<Relations> {
  const [path] = await ask<{ path: string[] }>(sql`select current_schemas(true)::text[] as path`);
  const all = await ask<Omit<RelationFacts, 'indexes'>>(relationsSql([...new Set(names.map(({ name }) => name))], [...new Set([...schemas, ...names.flatMap(({ schema }) => schema ?? [])])]));
  const indexes = all.length === 0 ? [] : await indexFacts(ask, sql`select o.oid as indrelid from unnest(${array(all.map(({ oid }) => oid))}::oid[]) o (oid)`);
  return new Relations(all.map((facts) => ({ ...facts, indexes: indexes.filter(({ table }) => table === facts.oid) })), path?.path ?? []);
}
