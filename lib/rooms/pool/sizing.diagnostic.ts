import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { sql } from '@/lib/pg/sql';
import { linesOf, type Measured } from './sizing';

export const sizing = diagnostic({
  name: 'sizing',
  title: 'Pool sizing',
  why: 'The sum of all pools must fit the server, and a pool larger than what the server can work on at once only adds to the queue inside it.',
  how: 'Arithmetic over what the server says of itself and what you state; each line shows both. The pgbouncer.ini is for PgBouncer in transaction mode before the observed database.',
  permission: 'stats:read',
  params: {
    cpus: param.count('Processors of the server (0: unknown)', 0),
    instances: param.count('Instances of the applications', 1),
    per_instance: param.count('Pool of each', 25),
    others: param.count('Kept for others', 10),
    pgbouncer: param.choice('PgBouncer', ['1.21 or newer', 'older']),
  },
  row: {
    place: col.count('Order'),
    item: col.text('What'),
    now: col.maybe(col.text('Now')),
    suggested: col.maybe(col.text('Suggested')),
    arithmetic: col.text('Arithmetic'),
    assumes: col.maybe(col.text('Assumes')),
    file: col.maybe(col.sql('File')),
  },
  key: ['place'],
  search: ['item'],
  sort: 'place',
  show: ['item', 'now', 'suggested', 'arithmetic', 'assumes'],
  needs: [],
  charts: [],
  codes: { 'pool.over_room': 'The pools of the applications may together open more connections than the server has room for.' },
  context: {
    row: { usable: col.count('Room'), wanted: col.count('Applications may open'), left: col.count('Of the room, for them') },
    sql: ({ params }) => sql`
      select r.usable, ${params.instances * params.per_instance}::float8 as wanted, greatest(r.usable - ${params.others}::float8, 0) as left from (
        select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
          - coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0) as usable) r`,
  },
  refreshSeconds: 60,
  source: 'facts',
  read: async (ask, { params, server }) => {
    const [measured] = await ask<Measured>(sql`
      select current_database()::text as datname, current_setting('max_connections')::int as most, current_setting('superuser_reserved_connections')::int as superuser_reserved,
        coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0) as reserved, a.used, a.active, d.*
      from (select coalesce(sum(session_time), 0)::float8 as session_ms, coalesce(sum(active_time), 0)::float8 as active_ms,
          coalesce(sum(idle_in_transaction_time), 0)::float8 as in_transaction_ms from pg_stat_database) d,
        (select count(*) as used, count(*) filter (where state = 'active') as active from pg_stat_activity where backend_type = 'client backend') a`);
    if (!measured) return [];
    const seen = server.isMonitor ? measured : { ...measured, used: null, active: null };
    return linesOf(seen, stated(params));
  },
  findings: (rows, { context, params }) => {
    if (!context || context.wanted <= context.left) return [];
    const file = rows.find((row) => row.file !== null)?.file;
    return [{
      code: 'pool.over_room',
      severity: context.wanted > context.usable ? 'critical' : 'warning',
      about: 'max_connections',
      says: `${params.instances} instances with ${params.per_instance} connections each may open ${context.wanted}; the server has room for ${context.usable}, of which ${context.left} are left for them. Smaller pools, or PgBouncer between.`,
      evidence: { wanted: context.wanted, usable: context.usable, left: context.left },
      remedy: file ? { sql: file } : null,
    }];
  },
});

const stated = (params: { cpus: number; instances: number; per_instance: number; others: number; pgbouncer: '1.21 or newer' | 'older' }) => ({ ...params, tracksStatements: params.pgbouncer !== 'older' });
