import type { Ask } from '@/lib/kit/diagnostic';
import { sql, type SQL } from './sql';

/** One key column. `of` is the quoted column name or the expression's text; `order` has bit 1 for DESC and bit 2 for NULLS FIRST, as pg_index.indoption. */
export type IndexKey = {
  of: string;
  /** The operator family and input type of the operator class: two classes that agree in both are one under two names. */
  family: string;
  input: string;
  collation: string;
  /** Parameters of the operator class, such as siglen of gist_trgm_ops. */
  options: string;
  order: number;
  /** The type's default operator class and the column's own collation: a plain comparison of the column can use the index. */
  plain: boolean;
};

export type IndexFacts = {
  oid: string;
  /** OID of the table. */
  table: string;
  /** Quoted where needed, with the schema. */
  name: string;
  method: string;
  keys: IndexKey[];
  includes: string[];
  predicate: string | null;
  /** Storage parameters. */
  settings: string[];
  unique: boolean;
  immediate: boolean;
  nullsNotDistinct: boolean;
  /** Valid, ready and live. */
  usable: boolean;
  /** Part of an index of the partitioned table: cannot be dropped alone. */
  attached: boolean;
  constraint: 'p' | 'u' | 'x' | null;
  /** A foreign key depends on it. */
  referenced: boolean;
  replicaIdentity: boolean;
  clustered: boolean;
};

export type NamedIndex = IndexFacts & { tableName: string; partitioned: boolean; /** At the last VACUUM, ANALYZE or build. */ pagesBytes: number; tablespace: string | null };

/** Relations that somebody holds exclusively: reading their definition or size would wait. */
export const lockedRelations = sql`select relation from pg_locks
        where locktype = 'relation' and mode = 'AccessExclusiveLock' and pid is distinct from pg_backend_pid() and database = (select oid from pg_database where datname = current_database())`;

/** Relations whose size or definition cannot be read without waiting: pg_relation_size and pg_get_indexdef lock what they look at. */
export const busy = sql`busy as materialized (${lockedRelations})`;

/** The constraints that each index holds up: its own, and foreign keys that point to it. pg_constraint has no index on conindid: once for all. */
export const held = sql`held as materialized (
        select k.conindid, string_agg(quote_ident(k.conname), ', ' order by k.conname) as constraints, max(k.contype::text) filter (where k.contype in ('p', 'u', 'x')) as kind, bool_or(k.contype = 'f') as referenced
        from pg_constraint k where k.conindid <> 0 group by k.conindid
      )`;

/** Everything that is to be known of an index before something can be proved about it, of the tables that `chosen` (a query of one column `indrelid`) names. */
const factsSql = (chosen: SQL): SQL => sql`
      with ${busy}, ${held}, worth as (
        ${chosen}
      )
      select x.indexrelid::text as oid, x.indrelid::text as "table", format('%I.%I', n.nspname, i.relname) as name, format('%I.%I', tn.nspname, t.relname) as "tableName",
        i.relkind = 'I' as partitioned, greatest(i.relpages, 0)::float8 * current_setting('block_size')::float8 as "pagesBytes",
        (select quote_ident(s.spcname) from pg_tablespace s where s.oid = i.reltablespace) as tablespace, am.amname::text as method,
        (select json_agg(json_build_object(
            'of', case when x.indkey[p] = 0 then pg_get_indexdef(x.indexrelid, p + 1, true) else quote_ident(a.attname) end,
            'family', oc.opcfamily::text, 'input', oc.opcintype::text, 'collation', x.indcollation[p]::text, 'options', coalesce(ia.attoptions::text, ''),
            'order', x.indoption[p], 'plain', x.indkey[p] <> 0 and oc.opcdefault and x.indcollation[p] = a.attcollation) order by p)
          from generate_series(0, x.indnkeyatts - 1) p
            join pg_opclass oc on oc.oid = x.indclass[p]
            join pg_attribute ia on ia.attrelid = x.indexrelid and ia.attnum = p + 1
            left join pg_attribute a on a.attrelid = x.indrelid and a.attnum = x.indkey[p] and x.indkey[p] <> 0) as keys,
        (select coalesce(json_agg(quote_ident(a.attname) order by p), '[]')
          from generate_series(x.indnkeyatts, x.indnatts - 1) p join pg_attribute a on a.attrelid = x.indrelid and a.attnum = x.indkey[p]) as includes,
        case when x.indpred is not null then pg_get_expr(x.indpred, x.indrelid) end as predicate, to_json(coalesce(i.reloptions, '{}')) as settings,
        x.indisunique as "unique", x.indimmediate as immediate, coalesce((to_jsonb(x)->>'indnullsnotdistinct')::bool, false) as "nullsNotDistinct",
        x.indisvalid and x.indisready and x.indislive as usable, i.relispartition as attached,
        held.kind as "constraint", coalesce(held.referenced, false) as referenced,
        x.indisreplident as "replicaIdentity", x.indisclustered as clustered
      from worth w join pg_index x on x.indrelid = w.indrelid join pg_class i on i.oid = x.indexrelid join pg_namespace n on n.oid = i.relnamespace
        join pg_class t on t.oid = x.indrelid join pg_namespace tn on tn.oid = t.relnamespace join pg_am am on am.oid = i.relam
        left join held on held.conindid = x.indexrelid
      where x.indexrelid not in (select relation from busy) and x.indrelid not in (select relation from busy)`;

/** Indexes of locked tables are left out. `constraint` as a column name and `keys` as JSON arrive as they are taken. */
export async function indexFacts(ask: Ask, chosen: SQL): Promise<NamedIndex[]> {
  const found = await ask<NamedIndex>(factsSql(chosen));
  // An index that vanished between the catalog's snapshot and its definition has no text: nothing can be proved about it.
  return found.filter((facts) => facts.keys.every((key) => typeof key.of === 'string'));
}

const stored = (of: SQL): SQL => sql`(select string_agg(quote_ident(option_name) || '=' || quote_literal(option_value), ', ') from pg_options_to_table(${of}))`;

/** ` WITH (…)` of pg_class.reloptions; null without any. */
export const storageClause = (options: SQL): SQL => sql`' WITH (' || ${stored(options)} || ')'`;

/**
 * What ADD CONSTRAINT has behind the name of `k` (pg_constraint), with the storage parameters of its index and, if it is to be `placed`, its tablespace: pg_get_constraintdef leaves both out, and they
 * come before DEFERRABLE.
 */
export const constraintDefinition = (k: SQL, placed: boolean): SQL => sql`(
  select case when ${k}.contype in ('p', 'u', 'x') then left(d.whole, length(d.whole) - length(d.waits)) || coalesce(${storageClause(sql`made.reloptions`)}, '')
    || ${placed ? sql`coalesce(' USING INDEX TABLESPACE ' || quote_ident(space.spcname), '')` : sql`''`} || d.waits else d.whole end
  from (select pg_get_constraintdef(${k}.oid) as whole, case when ${k}.condeferrable then ' DEFERRABLE' || case when ${k}.condeferred then ' INITIALLY DEFERRED' else '' end else '' end as waits) d
    left join pg_class made on made.oid = ${k}.conindid left join pg_tablespace space on space.oid = made.reltablespace)`;
