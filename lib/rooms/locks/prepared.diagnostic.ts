import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { sql } from '@/lib/pg/sql';
import { formatCount, formatMs } from '@/lib/units';
import { endPrepared, since } from './sessions';

const hourMs = 3_600_000;

export const prepared = diagnostic({
  name: 'prepared',
  title: 'Prepared transactions',
  why: 'A transaction left prepared belongs to no session: it keeps its locks and holds back vacuum, through restarts too, until somebody ends it by name.',
  how: 'From pg_prepared_xacts, in all databases. Only a connection to its own database, as its owner or a superuser, can end one. max_prepared_transactions is 0 by default; then there can be none.',
  permission: 'stats:read',
  params: { min_ms: param.ms('A finding from (ms)', 300_000) },
  row: {
    gid: col.code('Identifier'),
    usr: col.maybe(col.code('Owner')),
    datname: col.maybe(col.code('Database')),
    prepared_at: col.time('Prepared'),
    age_ms: col.ms('Age'),
    xid: col.code('Transaction id'),
    xid_age: col.count('Transactions since', { note: 'What vacuum cannot remove yet' }),
    locks: col.count('Locks held'),
  },
  key: ['gid'],
  search: ['gid', 'usr', 'datname'],
  sort: '-age_ms',
  needs: [],
  charts: [],
  codes: { 'locks.prepared': 'A prepared transaction has been waiting for its end for longer than the threshold.' },
  context: { row: { most: col.count('max_prepared_transactions') }, sql: () => sql`select current_setting('max_prepared_transactions')::int as most` },
  refreshSeconds: 30,
  source: 'sql',
  sql: {
    // Its locks have no pid; the one on its own transaction id tells which are its.
    14: () => sql`
      with locked as materialized (select locktype, virtualtransaction, transactionid from pg_locks where pid is null)
      select p.gid, p.owner::text as usr, p.database::text as datname, p.prepared as prepared_at, ${since(sql`p.prepared`)} as age_ms,
        p.transaction::text as xid, age(p.transaction) as xid_age, coalesce(l.locks, 0) as locks
      from pg_prepared_xacts p
      left join (
        select x.transactionid::text as xid, count(h.*) as locks from locked x join locked h on h.virtualtransaction = x.virtualtransaction
        where x.locktype = 'transactionid' group by 1
      ) l on l.xid = p.transaction::text`,
  },
  findings: (rows, { params }) =>
    rows
      .filter((row) => row.age_ms >= params.min_ms)
      .slice(0, 20)
      .map((row) => ({
        code: 'locks.prepared',
        severity: row.age_ms >= hourMs ? 'critical' : 'warning',
        about: row.gid,
        says: `Prepared ${formatMs(row.age_ms)} ago in ${row.datname ?? 'a database that is gone'} and never ended: it holds ${row.locks} locks, and vacuum keeps what ${formatCount(row.xid_age)} later transactions have left dead. Ask its coordinator first: rolling back loses its work.`,
        evidence: { usr: row.usr, datname: row.datname, prepared_at: row.prepared_at, age_ms: row.age_ms, locks: row.locks, xid_age: row.xid_age },
        remedy: { sql: endPrepared(row.gid, row.datname) },
      })),
});
