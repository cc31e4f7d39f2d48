import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { param } from '@/lib/kit/param';
import { ofPeople, qualified } from '@/lib/pg/relations';
import { sql } from '@/lib/pg/sql';
import { formatCount, formatRatio } from '@/lib/units';
import { freezeMaxAge, vacuuming } from './thresholds';

/** The server assigns no more ids once fewer than three million are left of 2^31 (varsup.c, multixact.c; since 14). */
const hardLimit = 2 ** 31 - 1 - 3_000_000;

export const freeze = diagnostic({
  name: 'freeze',
  title: 'Transaction id age',
  why: 'A database whose oldest row is two thousand million transactions old accepts no more writes.',
  how: 'Age of the oldest transaction id and multixact id not yet frozen: of every database of the server, and of every table of this one (its TOAST table with it). Autovacuum comes at the table’s own or the server’s autovacuum_freeze_max_age even where it is off; from vacuum_failsafe_age on it skips indexes and delays; three million before the end the server stops assigning ids. How full the storage of multixact members is cannot be seen from here.',
  permission: 'stats:read',
  params: { times: param.count('A finding from (% of freeze_max_age)', 150) },
  row: {
    kind: col.text('Kind'),
    name: col.code('Name'),
    xid_age: col.count('Oldest xid', { note: 'Transactions since' }),
    xid_max_age: col.count('Autovacuum at'),
    xid_limit_ratio: col.ratio('Of the end', { note: 'Against the age at which the server stops assigning ids' }),
    mxid_age: col.count('Oldest multixact'),
    mxid_max_age: col.count('Multixact at'),
    mxid_limit_ratio: col.ratio('Multixact of the end'),
    worst_ratio: col.ratio('Of freeze_max_age', { note: 'The fuller of the two' }),
    failsafe: col.flag('Failsafe', { note: 'Older than vacuum_failsafe_age or vacuum_multixact_failsafe_age' }),
    running: col.flag('Vacuum running'),
  },
  key: ['kind', 'name'],
  search: ['name', 'kind'],
  sort: '-worst_ratio',
  show: ['kind', 'name', 'xid_age', 'xid_max_age', 'xid_limit_ratio', 'mxid_age', 'worst_ratio', 'running'],
  needs: [],
  charts: [],
  codes: { 'tables.freeze': 'Transaction or multixact ids have not been frozen long after autovacuum should have done it.' },
  refreshSeconds: 60,
  source: 'sql',
  alarm: ({ params }) => sql`d.worst_ratio >= greatest(100, ${params.times}::float8) / 100 or d.xid_limit_ratio >= 0.5 or d.mxid_limit_ratio >= 0.5`,
  sql: {
    14: () => sql`
      with aged as (
        select 'database' as kind, d.datname::text as name, d.datname = current_database() as here, age(d.datfrozenxid)::float8 as xid_age, mxid_age(d.datminmxid)::float8 as mxid_age,
          current_setting('autovacuum_freeze_max_age')::float8 as xid_max_age, current_setting('autovacuum_multixact_freeze_max_age')::float8 as mxid_max_age, null::oid as oid, 0::oid as toast
        from pg_database d where d.datfrozenxid <> '0'
        union all
        select 'table', ${qualified}, true, greatest(age(c.relfrozenxid), age(t.relfrozenxid)), greatest(mxid_age(c.relminmxid), mxid_age(t.relminmxid)),
          ${freezeMaxAge('freeze')}, ${freezeMaxAge('multixact_freeze')}, c.oid, c.reltoastrelid
        from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_class t on t.oid = c.reltoastrelid
        where c.relkind in ('r', 'm') and c.relfrozenxid <> '0' and ${ofPeople}
      )
      select kind, name, xid_age, xid_max_age, xid_age / ${hardLimit}::float8 as xid_limit_ratio, mxid_age, mxid_max_age, mxid_age / ${hardLimit}::float8 as mxid_limit_ratio,
        greatest(xid_age / xid_max_age, mxid_age / mxid_max_age) as worst_ratio,
        xid_age >= current_setting('vacuum_failsafe_age')::float8 or mxid_age >= current_setting('vacuum_multixact_failsafe_age')::float8 as failsafe,
        oid is not null and (oid in (${vacuuming}) or toast in (${vacuuming})) as running
      from aged`,
  },
  findings: (rows, { params }) =>
    rows
      .filter((row) => row.worst_ratio >= Math.max(100, params.times) / 100 || Math.max(row.xid_limit_ratio, row.mxid_limit_ratio) >= 0.5)
      .map((row): Finding => {
        const end = Math.max(row.xid_limit_ratio, row.mxid_limit_ratio);
        const multixact = row.mxid_age / row.mxid_max_age > row.xid_age / row.xid_max_age;
        const [age, max] = multixact ? [row.mxid_age, row.mxid_max_age] : [row.xid_age, row.xid_max_age];
        return {
          code: 'tables.freeze',
          severity: row.failsafe || end >= 0.5 ? 'critical' : 'warning',
          about: row.kind === 'database' ? `database ${row.name}` : row.name,
          says: `Its oldest ${multixact ? 'multixact' : 'transaction'} id is ${formatCount(age)} old; autovacuum should have frozen it at ${formatCount(max)}. That is ${formatRatio(end)} of the way to where the server accepts no more writes.${row.running ? ' A vacuum is at work on it.' : ' First look at what holds vacuum back: while something does, VACUUM cannot freeze.'}`,
          evidence: { xid_age: row.xid_age, xid_max_age: row.xid_max_age, mxid_age: row.mxid_age, mxid_max_age: row.mxid_max_age, limit_ratio: end, failsafe: row.failsafe, running: row.running },
          remedy: row.kind === 'table' ? { action: 'tables.vacuum', params: { table: row.name, freeze: 'yes' } } : null,
        };
      }),
});
