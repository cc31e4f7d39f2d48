import type { Ask } from '@/lib/kit/diagnostic';
import { array, sql } from '@/lib/pg/sql';
import { blockSize, busy, held, late, ownSchemas } from './catalog';
import type { IndexFacts } from './prover';

export type Named = IndexFacts & { tableName: string; partitioned: boolean; pagesBytes: number; tablespace: string | null };

/** An index of a locked table cannot be looked at without waiting: its table is left out, and `locked` counts it. */
export const lockedTables = sql`(select count(distinct x.indrelid) from pg_index x where x.indrelid in (select relation from busy) or x.indexrelid in (select relation from busy))`;

/** Everything the prover has to know, of tables with two indexes of which at least one could go. */
const factsSql = sql`
      with ${busy}, ${held}, worth as (
        select x.indrelid from pg_index x join pg_class i on i.oid = x.indexrelid join pg_namespace n on n.oid = i.relnamespace
        where i.relpersistence <> 't' and ${ownSchemas}
        group by x.indrelid having count(*) > 1 and bool_or(not i.relispartition)
      )
      select x.indexrelid::text as oid, x.indrelid::text as "table", format('%I.%I', n.nspname, i.relname) as name, format('%I.%I', tn.nspname, t.relname) as "tableName",
        i.relkind = 'I' as partitioned, greatest(i.relpages, 0)::float8 * ${blockSize} as "pagesBytes",
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

/** `constraint` as a column name and `keys` as JSON arrive as the prover takes them. */
export async function indexFacts(ask: Ask): Promise<Named[]> {
  const found = await ask<Named>(factsSql);
  // An index that vanished between the catalog's snapshot and its definition has no text: nothing can be proved about it.
  return found.filter((facts) => facts.keys.every((key) => typeof key.of === 'string'));
}

export type Measure = { oid: string; size_bytes: number | null; scans: number; definition: string | null };

/** Sizes and definitions of what was found, and of nothing else. */
export async function measures(ask: Ask, oids: string[]): Promise<Map<string, Measure>> {
  const found = await ask<Measure>(sql`
      with recursive ${busy}, wanted as materialized (
        select c.oid, c.relkind from pg_class c where c.oid = any (${array(oids)}::oid[])
      ), part(root, oid) as (
        select wanted.oid, wanted.oid from wanted where wanted.relkind = 'I'
        union all
        select part.root, h.inhrelid from part join pg_inherits h on h.inhparent = part.oid
      ), scanned as (
        select s.root, sum(pg_stat_get_numscans(s.oid))::float8 as scans from (select * from part union all select oid, oid from wanted where relkind <> 'I') s group by s.root
      ), stated as (
        select k.conindid, min(format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', n.nspname, t.relname, k.conname, pg_get_constraintdef(k.oid))) as definition
        from pg_constraint k join wanted on wanted.oid = k.conindid join pg_class t on t.oid = k.conrelid join pg_namespace n on n.oid = t.relnamespace
        where k.contype = 'u' and k.conrelid not in (select relation from busy) group by k.conindid
      )
      select wanted.oid::text as oid, l.size_bytes, coalesce(stated.definition, l.definition) as definition, scanned.scans
      from wanted join scanned on scanned.root = wanted.oid left join stated on stated.conindid = wanted.oid left join (${late.sql(sql`select oid::text from wanted`)}) l on l.oid = wanted.oid::text`);
  return new Map(found.map((row) => [row.oid, row]));
}
