import { lockBudget, ofPeople, qualified } from '@/lib/pg/relations';
import { sql, type SQL } from '@/lib/pg/sql';

/** pg_sequence_last_value locks each sequence until the transaction ends: ten thousand would fill the lock table of all sessions. */
const most = sql`least(2000, ${lockBudget})`;

/** The columns that take a sequence's values: those that own it (serial, identity), those whose default names it, and foreign keys that copy from either. */
const uses = sql`
  with direct as (
    select d.objid as seq, d.refobjid as rel, d.refobjsubid as num from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S'
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i') and d.refobjsubid > 0
    union
    select d.refobjid, f.adrelid, f.adnum::int from pg_depend d join pg_attrdef f on f.oid = d.objid join pg_class s on s.oid = d.refobjid and s.relkind = 'S'
    where d.classid = 'pg_attrdef'::regclass and d.refclassid = 'pg_class'::regclass
  )
  select seq, rel, num from direct
  union
  select u.seq, k.conrelid, k.conkey[p.place]::int
  from direct u join pg_constraint k on k.confrelid = u.rel and k.contype = 'f' cross join lateral generate_subscripts(k.confkey, 1) p(place) where k.confkey[p.place] = u.num`;

const lowest = (type: SQL): SQL => sql`case ${type} when 'int2'::regtype then -32768 when 'int4'::regtype then -2147483648 else -9223372036854775808 end`;
const highest = (type: SQL): SQL => sql`case ${type} when 'int2'::regtype then 32767 when 'int4'::regtype then 2147483647 else 9223372036854775807 end`;
const narrow = sql`case t.atttypid when 'int2'::regtype then 0 when 'int4'::regtype then 1 else 2 end`;

/** An unlogged sequence has no contents on a standby, and asking for them is an error before 15.5. */
const readable = sql`coalesce(has_sequence_privilege(c.oid, 'select, usage'), false) and not (c.relpersistence = 'u' and pg_is_in_recovery())`;

export const sequencesWhole: SQL = sql`
  with every as materialized (select ${readable} as readable from pg_sequence q join pg_class c on c.oid = q.seqrelid join pg_namespace n on n.oid = c.relnamespace where ${ofPeople})
  select count(*) as sequence_count, count(*) filter (where not readable) as hidden, greatest(0, count(*) filter (where readable) - ${most}) as left_out from every`;

/** Bounds are compared as float8: at 2^63 a unit more or less makes no difference to a share. */
export const sequenceRows: SQL = sql`
  with tightest as materialized (
    select distinct on (u.seq) u.seq, format('%I.%I.%I', tn.nspname, tc.relname, t.attname) as column_name, t.atttypid, ${narrow} as width
    from (${uses}) u join pg_attribute t on t.attrelid = u.rel and t.attnum = u.num and not t.attisdropped join pg_class tc on tc.oid = u.rel join pg_namespace tn on tn.oid = tc.relnamespace
    where t.atttypid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
    order by u.seq, ${narrow}, tc.relispartition, 2
  ), chosen as materialized (
    select ${qualified} as seq, c.oid, q.*, i.column_name, i.atttypid, ${readable} as readable,
      row_number() over (order by ${readable} desc, coalesce(i.width, case q.seqtypid when 'int2'::regtype then 0 when 'int4'::regtype then 1 else 2 end), c.oid) as place
    from pg_sequence q join pg_class c on c.oid = q.seqrelid join pg_namespace n on n.oid = c.relnamespace left join tightest i on i.seq = c.oid where ${ofPeople}
  ), standing as materialized (
    select *, case when readable and place <= ${most} then pg_sequence_last_value(oid) end as last_value,
      case when seqincrement > 0 then least(seqmax, ${highest(sql`atttypid`)}) else greatest(seqmin, ${lowest(sql`atttypid`)}) end::float8 as bound,
      case when seqincrement > 0 then seqmin else seqmax end::float8 as origin
    from chosen
  )
  select seq, column_name, format_type(atttypid, null) as column_type, format_type(seqtypid, null) as sequence_type, last_value::float8 as last_value, bound,
    case when last_value is null then null when bound = origin then 1 else least(1, greatest(0, (last_value - origin) / (bound - origin))) end as used_ratio,
    greatest(0, floor((bound - last_value) / seqincrement)) as remaining, seqincrement::float8 as step, seqcycle as cycles, readable
  from standing`;
