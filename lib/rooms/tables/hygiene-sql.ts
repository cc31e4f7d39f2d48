import { ofPeople, qualified, relOption } from '@/lib/pg/relations';
import { sql, type SQL } from '@/lib/pg/sql';

const nameable = sql`pg_class c join pg_namespace n on n.oid = c.relnamespace`;
/** Tables alone, read once: the catalog has ten times as many indexes. */
const tables = sql`tables c join pg_namespace n on n.oid = c.relnamespace`;
const rows = sql`case when c.reltuples >= 0 then c.reltuples::float8 end as row_estimate`;

/** A table itself or one above it that the publication names; FOR TABLES IN SCHEMA came with 15. */
const published = (major: number): SQL => sql`
  select min(format('%I', p.pubname)) from pg_publication p
  where (p.pubupdate or p.pubdelete) and (p.puballtables
    or exists (select from pg_publication_rel r where r.prpubid = p.oid and (r.prrelid = c.oid or (c.relispartition and r.prrelid in (select relid from pg_partition_ancestors(c.oid)))))
    ${major >= 15 ? sql`or exists (select from pg_publication_namespace s where s.pnpubid = p.oid and s.pnnspid = c.relnamespace)` : sql``})`;

const noIdentity = sql`(c.relreplident = 'n'
  or (c.relreplident = 'd' and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary))
  or (c.relreplident = 'i' and not exists (select from pg_index i where i.indrelid = c.oid and i.indisreplident and i.indisvalid)))`;

/** A unique index that tells all rows apart as a primary key would, and can be the replica identity. */
const keyed = sql`(select min(format('%I', i.relname)) from pg_index x join pg_class i on i.oid = x.indexrelid
  where x.indrelid = c.oid and x.indisunique and x.indimmediate and x.indisvalid and x.indpred is null and x.indexprs is null
    and not exists (select from generate_series(0, x.indnkeyatts - 1) at join pg_attribute a on a.attrelid = c.oid and a.attnum = x.indkey[at]
      where not a.attnotnull or exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'n' and not k.convalidated and a.attnum = any (k.conkey))))`;

/** NOT ENFORCED (from 18) is a declaration, not something left undone. */
const enforced = (major: number): SQL => (major >= 18 ? sql`k.conenforced` : sql`true`);

/** A constraint that came from a table above is validated there. */
const constraints = (major: number): SQL => sql`
  select ${qualified} as tab, case when ${enforced(major)} then 'constraint not valid' else 'constraint not enforced' end as kind, format('%I', k.conname) as detail, ${rows}
  from pg_constraint k join ${nameable} on c.oid = k.conrelid
  where not k.convalidated and ${ofPeople} and not (k.coninhcount > 0 and not k.conislocal)
    and not exists (select from pg_constraint up where up.oid = k.conparentid and not up.convalidated)`;

/** What one looks for in a table as such: the parent of a partition stands for it, an extension looks after its own. */
const bare = sql`${ofPeople} and not c.relispartition and not exists (select from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')`;

export const hygieneRows = (major: number): SQL => sql`
  with tables as materialized (
    select c.oid, c.relname, c.relnamespace, c.relkind, c.relispartition, c.relpersistence, c.relreplident, c.reltuples, c.reloptions from pg_class c where c.relkind in ('r', 'p', 'm')
  )
  select h.tab, h.kind, h.detail, h.row_estimate,
    array_position(array['published without identity', 'foreign key not enforced', 'trigger disabled', 'constraint not valid', 'autovacuum off', 'no primary key', 'never analyzed', 'constraint not enforced', 'unlogged'], h.kind) as place from (
    select ${qualified} as tab, 'no primary key' as kind, coalesce(${keyed}, '') as detail, ${rows} from ${tables}
    where c.relkind in ('r', 'p') and ${bare} and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary)
    union all
    select ${qualified}, 'published without identity', (${published(major)}), ${rows} from ${tables}
    where exists (select from pg_publication) and c.relkind = 'r' and ${ofPeople} and c.relpersistence = 'p' and ${noIdentity} and (${published(major)}) is not null
    union all
    ${constraints(major)}
    union all
    select ${qualified}, case when t.tgisinternal then 'foreign key not enforced' else 'trigger disabled' end, format('%I', coalesce(k.conname, t.tgname)), ${rows}
    from pg_trigger t join ${nameable} on c.oid = t.tgrelid left join pg_constraint k on k.oid = t.tgconstraint and t.tgisinternal
    where t.tgenabled = 'D' and ${ofPeople} and not exists (select from pg_trigger up where up.oid = t.tgparentid and up.tgenabled = 'D')
      and (not t.tgisinternal or (k.contype = 'f' and t.oid = (select min(other.oid) from pg_trigger other where other.tgconstraint = t.tgconstraint and other.tgrelid = t.tgrelid and other.tgenabled = 'D')))
    union all
    select ${qualified}, 'autovacuum off', '', ${rows} from ${tables} where c.relkind in ('r', 'm') and ${ofPeople} and not coalesce(${relOption('autovacuum_enabled')}, 'on')::bool
    union all
    select ${qualified}, 'never analyzed', '', null::float8 from ${tables} where c.relkind in ('r', 'm') and c.reltuples < 0 and pg_stat_get_tuples_inserted(c.oid) > 0 and ${bare}
    union all
    select ${qualified}, 'unlogged', '', ${rows} from ${tables} where c.relkind = 'r' and c.relpersistence = 'u' and ${ofPeople}
  ) h`;
