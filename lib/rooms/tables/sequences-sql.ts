import { lockBudget, ofPeople, qualified } from '@/lib/pg/relations';
import { sql, type SQL } from '@/lib/pg/sql';

/** pg_sequence_last_value locks each sequence until the transaction ends: ten thousand would fill the lock table of all sessions. */
const most = sql`least(2000, ${lockBudget})`;

/** The columns that take a sequence’s values: those that own it (serial, identity), those whose default names it, and foreign keys that copy from any of them, over however many tables. */
const uses = sql`
  with recursive direct as (
    select d.objid as seq, d.refobjid as rel, d.refobjsubid as num from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S'
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i') and d.refobjsubid > 0
    union
    select d.refobjid, f.adrelid, f.adnum::int from pg_depend d join pg_attrdef f on f.oid = d.objid join pg_class s on s.oid = d.refobjid and s.relkind = 'S'
    where d.classid = 'pg_attrdef'::regclass and d.refclassid = 'pg_class'::regclass
  ), taker as (
    select seq, rel, num from direct
    union
    select t.seq, k.conrelid, k.conkey[p.place]::int
    from taker t join pg_constraint k on k.confrelid = t.rel and k.contype = 'f' cross join lateral generate_subscripts(k.confkey, 1) p(place) where k.confkey[p.place] = t.num
  )
  select seq, rel, num from taker`;

/** What each domain is of in the end: `oid, base, typmod`. */
export const domainBases: SQL = sql`
  with recursive step as (
    select d.oid, d.typbasetype as base, d.typtypmod as typmod from pg_type d where d.typtype = 'd'
    union all
    select s.oid, d.typbasetype, case when s.typmod = -1 then d.typtypmod else s.typmod end from step s join pg_type d on d.oid = s.base and d.typtype = 'd'
  )
  select s.oid, s.base, s.typmod from step s join pg_type t on t.oid = s.base and t.typtype <> 'd'`;

/** The highest whole number that a type holds, as float8; of numeric that of its precision less its scale, which has a sign from 15 on. NULL for any other type. */
const capacity = (type: SQL, typmod: SQL): SQL => sql`case ${type} when 'int2'::regtype then 32767 when 'int4'::regtype then 2147483647 when 'int8'::regtype then 9223372036854775807
  when 'numeric'::regtype then case when ${typmod} = -1 then 9223372036854775807 else least(9223372036854775807, 10::float8 ^ (((${typmod} - 4) >> 16) - ((((${typmod} - 4) & 2047) # 1024) - 1024)) - 1) end end::float8`;

/** Of numeric one more than it holds, which makes no difference to a share. */
const lowest = (highest: SQL): SQL => sql`(-${highest} - 1)`;

/** An unlogged sequence has no contents on a standby, and asking for them is an error before 15.5. */
const readable = sql`coalesce(has_sequence_privilege(c.oid, 'select, usage'), false) and not (c.relpersistence = 'u' and pg_is_in_recovery())`;

export const sequencesWhole: SQL = sql`
  with every as materialized (select ${readable} as readable from pg_sequence q join pg_class c on c.oid = q.seqrelid join pg_namespace n on n.oid = c.relnamespace where ${ofPeople})
  select count(*) as sequence_count, count(*) filter (where not readable) as hidden, greatest(0, count(*) filter (where readable) - ${most}) as left_out from every`;

/** Bounds are compared as float8: at 2^63 a unit more or less makes no difference to a share. */
export const sequenceRows: SQL = sql`
  with domain as materialized (${domainBases}), taken as materialized (
    select u.seq, format('%I.%I.%I', tn.nspname, tc.relname, t.attname) as column_name, coalesce(d.base, t.atttypid) as type, case when d.oid is null then t.atttypmod else d.typmod end as typmod,
      case when d.oid is not null then format_type(d.oid, null) end as domain, tc.relispartition
    from (${uses}) u join pg_attribute t on t.attrelid = u.rel and t.attnum = u.num and not t.attisdropped join pg_class tc on tc.oid = u.rel join pg_namespace tn on tn.oid = tc.relnamespace left join domain d on d.oid = t.atttypid
  ), tightest as materialized (
    select distinct on (t.seq) t.*, ${capacity(sql`t.type`, sql`t.typmod`)} as capacity from taken t where ${capacity(sql`t.type`, sql`t.typmod`)} is not null order by t.seq, capacity, t.relispartition, t.column_name
  ), chosen as materialized (
    select ${qualified} as seq, c.oid, q.*, i.column_name, i.type, i.typmod, i.domain, ${readable} as readable, ${capacity(sql`q.seqtypid`, sql`-1`)} as own_capacity,
      coalesce(i.capacity, 9223372036854775807) as capacity, row_number() over (order by ${readable} desc, coalesce(i.capacity, ${capacity(sql`q.seqtypid`, sql`-1`)}), c.oid) as place
    from pg_sequence q join pg_class c on c.oid = q.seqrelid join pg_namespace n on n.oid = c.relnamespace left join tightest i on i.seq = c.oid where ${ofPeople}
  ), standing as materialized (
    select *, case when readable and place <= ${most} then pg_sequence_last_value(oid) end as last_value,
      case when seqincrement > 0 then least(seqmax::float8, capacity) else greatest(seqmin::float8, ${lowest(sql`capacity`)}) end as bound,
      case when seqincrement > 0 then seqmax::float8 < least(own_capacity, capacity) else seqmin::float8 > greatest(${lowest(sql`own_capacity`)}, ${lowest(sql`capacity`)}) end as capped,
      case when seqincrement > 0 then seqmin else seqmax end::float8 as origin
    from chosen
  )
  select seq, column_name, format_type(type, typmod) as column_type, domain, format_type(seqtypid, null) as sequence_type, last_value::float8 as last_value, bound, capped,
    case when last_value is null then null when bound = origin then 1 else least(1, greatest(0, (last_value - origin) / (bound - origin))) end as used_ratio,
    greatest(0, floor((bound - last_value) / seqincrement)) as remaining, seqincrement::float8 as step, seqcycle as cycles, readable
  from standing`;
