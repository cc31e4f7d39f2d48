import { sql, type SQL } from '@/lib/pg/sql';
import { blockSize, busy, ownSchemas } from './catalog';

/** Column statistics cost the most here: so many of the largest indexes are looked at. */
export const looked = 500;

/** Indexes of people with what their own pages say, the largest first. */
const candidates = (minBytes: number): SQL => sql`
        select x.indexrelid, x.indrelid, x.indisunique, x.indnatts, x.indnkeyatts, x.indkey::int2[] as indkey, x.indclass::oid[] as indclass, x.indcollation::oid[] as indcoll,
          x.indpred is not null as partial, n.nspname, t.relname as tab, i.relname as idx, i.reltuples::float8 as reltuples, i.relpages::float8 as relpages,
          coalesce((select o.option_value::float8 from pg_options_to_table(i.reloptions) o where o.option_name = 'fillfactor'), 90) as ff,
          coalesce((select o.option_value::bool from pg_options_to_table(i.reloptions) o where o.option_name = 'deduplicate_items'), true) as dedup_on,
          has_table_privilege(x.indrelid, 'select') and not row_security_active(x.indrelid) as readable,
          x.indexrelid in (select relation from busy) as locked
        from pg_index x join pg_class i on i.oid = x.indexrelid and i.relkind = 'i' join pg_class t on t.oid = x.indrelid
          join pg_namespace n on n.oid = t.relnamespace join pg_am am on am.oid = i.relam and am.amname = 'btree'
        where i.relpersistence <> 't' and x.indisvalid and ${ownSchemas} and (i.relpages * ${blockSize} >= ${minBytes}::float8 or i.relpages = 0)
        order by i.relpages desc limit ${looked}`;

/** Posting lists need operator classes whose equal values are equal byte for byte (support function 4). */
const equalImage = sql`exists (
            select from pg_opclass oc join pg_amproc p on p.amprocfamily = oc.opcfamily and p.amprocnum = 4 and p.amproclefttype = oc.opcintype and p.amprocrighttype = oc.opcintype
            where oc.oid = i.indclass[at - 1] and (p.amproc::text <> 'btvarstrequalimage' or i.indcoll[at - 1] = 0 or (select c.collisdeterministic from pg_collation c where c.oid = i.indcoll[at - 1])))`;

/** Pages of a fresh build: leaf tuples or posting lists (at most a tenth of a page each), inner pages and the metapage. */
const pages = (distinct: SQL): SQL => sql`(
          select leaf + ceil(leaf / greatest(2, floor((bs - 40) * 0.7 / (4 + tup)))) + 1 from (
            select ceil((case when dedupable and reltuples / greatest(${distinct}, 1) > 1.5
                then ${distinct} * (ceil((reltuples / ${distinct}) / floor((812 - tup) / 6)) * (4 + tup) + ceil(6 * reltuples / ${distinct} / 8) * 8)
                else reltuples * (4 + tup) end)
              / greatest(1, least(bs - 40 - (4 + tup), (bs - 40) * ff / 100.0))) as leaf) l)`;

/** greatest() alone would make 0 of what is not known. */
const bytesOver = (fresh: SQL): SQL => sql`case when ${fresh} is not null then greatest(0, k.relpages - ${fresh}) * k.bs end`;
const shareOver = (fresh: SQL): SQL => sql`case when ${fresh} is not null then greatest(0, 1 - ${fresh} / k.relpages) end`;

/**
 * How many pages a fresh build would need, against those there are. Distinct keys of several columns are between those of the most varied column and
 * their product; both ends are worked out. Entries are aligned to 8 bytes each, which an average width of values of several lengths cannot tell: short
 * ones get a wider margin (numeric keys of 6 to 10 bytes were off by a fifth, others by 1 % in the middle and 13 % at worst). So does a partial index,
 * whose statistics are those of all rows.
 */
export const bloatSql = (minBytes: number): SQL => sql`
      with ${busy}, i as (${candidates(minBytes)}), c as (
        select i.indexrelid, i.reltuples, s.attname is null as no_stats, coalesce(s.null_frac, 0)::float8 as null_frac,
          coalesce(s.avg_width::float8, case when xa.attlen > 0 then xa.attlen end, 0) as avg_width, xa.attlen < 0 as varies, case when at <= i.indnkeyatts then ${equalImage} end as equal_image,
          greatest(1, case when s.n_distinct < 0 then -s.n_distinct::float8 * greatest(i.reltuples, 1) else coalesce(s.n_distinct, 1)::float8 end + (coalesce(s.null_frac, 0) > 0)::int) as distinct_values
        from i join pg_attribute xa on xa.attrelid = i.indexrelid and xa.attnum between 1 and i.indnatts cross join lateral (select xa.attnum as at) place
          left join lateral (
            select t.attname from pg_attribute t where i.indkey[at - 1] <> 0 and t.attrelid = i.indrelid and t.attnum = i.indkey[at - 1] limit 1
          ) ta on true
          -- One look for each: joined as a whole, pg_stats checks the rights of every column of the database.
          left join lateral (
            select p.attname, p.null_frac, p.avg_width, p.n_distinct from pg_stats p
            where not p.inherited and p.schemaname = i.nspname and p.tablename = case when ta.attname is null then i.idx else i.tab end and p.attname = coalesce(ta.attname, xa.attname) limit 1
          ) s on true
      ), w as (
        select indexrelid, bool_or(no_stats) as missing, bool_or(null_frac > 0) as has_nulls, sum((1 - null_frac) * avg_width) as width, bool_or(varies) as varies, bool_and(coalesce(equal_image, true)) as equal_image,
          least(max(greatest(reltuples, 1)), exp(least(60, sum(case when equal_image is null then 0 else ln(distinct_values) end)))) as distinct_most,
          least(max(greatest(reltuples, 1)), max(case when equal_image is null then 1 else distinct_values end)) as distinct_least
        from c group by indexrelid
      ), f as (
        select i.*, w.missing, w.distinct_most, w.distinct_least, ${blockSize} as bs, (case when w.has_nulls then 16 else 8 end) + ceil(w.width / 8) * 8 as tup,
          i.dedup_on and w.equal_image and not i.indisunique and i.indnatts = i.indnkeyatts as dedupable,
          case when i.locked then null else pg_relation_size(i.indexrelid) end::float8 as size_bytes, case when i.partial then 0.4 else 0.15 end + case when w.varies then 4 / (12 + w.width) else 0 end as margin
        from i join w using (indexrelid)
      ), known as (
        select f.*, case
            when locked then 'not known: locked exclusively'
            when missing and not readable then 'not known: its statistics may not be read'
            when missing or reltuples < 0 or relpages = 0 then 'not known: never analysed'
            when abs(size_bytes / bs - relpages) > greatest(10, 0.1 * relpages) then 'not known: size has changed since the last VACUUM or ANALYZE'
            else 'estimated' end as state
        from f
      ), fresh as (
        select k.*, ${pages(sql`distinct_most`)} as middle, ${pages(sql`least(distinct_most * 1.5, greatest(reltuples, 1))`)} * (1 + margin) as most, ${pages(sql`greatest(distinct_least / 1.5, 1)`)} * (1 - margin) as least
        from known k where state = 'estimated' and reltuples > 0
      )
      select format('%I.%I', k.nspname, k.idx) as index, format('%I.%I', k.nspname, k.tab) as "table", k.state, k.size_bytes,
        ${bytesOver(sql`f.middle`)} as bloat_bytes, ${bytesOver(sql`f.most`)} as least_bytes, ${bytesOver(sql`f.least`)} as most_bytes,
        ${shareOver(sql`f.middle`)} as bloat_ratio, ${shareOver(sql`f.most`)} as least_ratio, ${shareOver(sql`f.least`)} as most_ratio,
        k.reltuples as tuples, k.ff / 100 as fill_ratio, k.partial, k.indexrelid::text as oid
      from known k left join fresh f using (indexrelid)
      where k.size_bytes is null or k.size_bytes >= ${minBytes}::float8`;
