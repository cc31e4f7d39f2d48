import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { sql } from '@/lib/pg/sql';
import { formatRatio } from '@/lib/units';

type Room = { used: number; usable: number; most: number; reserved: number; usage_ratio: number | null; active: number; idle: number; in_transaction: number };

export const server = diagnostic({
  name: 'server',
  title: 'Connections on the server',
  why: 'When all connections that ordinary roles may have are taken, the next client is refused, whoever it is.',
  how: 'Client sessions of pg_stat_activity by role, application, client and state, at this moment. Room is max_connections less superuser_reserved_connections and, from 16, reserved_connections. Walsenders, autovacuum and parallel workers have room of their own. Idle connections cost memory and little else.',
  permission: 'stats:read',
  params: {},
  row: {
    usr: col.maybe(col.code('Role')),
    datname: col.maybe(col.code('Database')),
    application: col.text('Application'),
    client: col.code('Client'),
    state: col.text('State'),
    connections: col.count('Connections'),
    share_ratio: col.ratio('Of the room', { note: 'Of the connections that ordinary roles may have' }),
    longest_state_ms: col.maybe(col.ms('Longest in this state')),
    longest_xact_ms: col.maybe(col.ms('Oldest transaction')),
    oldest_ms: col.ms('Oldest connection'),
    role_limit: col.maybe(col.count('Limit of the role', { note: 'CONNECTION LIMIT; unknown: none' })),
    own: col.flag('This console'),
  },
  key: ['usr', 'datname', 'application', 'client', 'state'],
  search: ['usr', 'datname', 'application', 'client', 'state'],
  sort: '-connections',
  show: ['usr', 'datname', 'application', 'client', 'state', 'connections', 'share_ratio', 'longest_xact_ms'],
  needs: [{ monitor: 'Without pg_monitor, the kind and the state of other roles’ sessions are hidden, so they cannot be counted.' }],
  charts: [{ kind: 'bars', title: 'Connections by application', label: 'application', values: ['connections'], top: 10 }],
  codes: {
    'pool.server_full': 'Most connections that ordinary roles may have are taken.',
    'pool.role_limit': 'A role has nearly all connections that its own limit allows.',
  },
  context: {
    row: {
      used: col.count('Client sessions'),
      usable: col.count('Room', { note: 'For roles that are not superusers' }),
      usage_ratio: col.maybe(col.ratio('Used')),
      active: col.count('Active'),
      idle: col.count('Idle'),
      in_transaction: col.count('Idle in transaction'),
      most: col.count('max_connections'),
      reserved: col.count('Reserved', { note: 'For superusers, and for members of pg_use_reserved_connections' }),
    },
    sql: () => sql`
      select u.*, u.used::float8 / nullif(u.usable, 0) as usage_ratio from (
        select count(*) as used, m.most, m.reserved, m.most - m.reserved as usable, count(*) filter (where a.state = 'active') as active,
          count(*) filter (where a.state = 'idle') as idle, count(*) filter (where a.state like 'idle in transaction%') as in_transaction
        from (select current_setting('max_connections')::int as most, current_setting('superuser_reserved_connections')::int
          + coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0) as reserved) m
        left join pg_stat_activity a on a.backend_type = 'client backend' group by m.most, m.reserved
      ) u`,
  },
  refreshSeconds: 10,
  source: 'sql',
  sql: {
    14: () => sql`
      select a.usename::text as usr, a.datname::text as datname, coalesce(nullif(a.application_name, ''), '(none)') as application,
        coalesce(host(a.client_addr), 'local socket') as client, coalesce(a.state, 'starting') as state, count(*) as connections,
        count(*)::float8 / greatest(current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
          - coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0), 1) as share_ratio,
        (extract(epoch from max(clock_timestamp() - a.state_change)) * 1000)::float8 as longest_state_ms,
        (extract(epoch from max(clock_timestamp() - a.xact_start)) * 1000)::float8 as longest_xact_ms,
        (extract(epoch from max(clock_timestamp() - a.backend_start)) * 1000)::float8 as oldest_ms,
        nullif(max(r.rolconnlimit), -1) as role_limit, coalesce(bool_and(a.application_name like 'riskdesk-%'), false) as own
      from pg_stat_activity a left join pg_roles r on r.oid = a.usesysid
      where a.backend_type = 'client backend' group by 1, 2, 3, 4, 5`,
  },
  findings: (rows, { context }) => [...(context ? filled(context) : []), ...roleLimits(rows)],
});

function filled(room: Room): Finding[] {
  const { used, usable, usage_ratio: usage, active, idle } = room;
  if (usage === null || usage < 0.8) return [];
  const idleMost = idle > used / 2;
  return [{
    code: 'pool.server_full',
    severity: usage >= 0.95 ? 'critical' : 'warning',
    about: 'max_connections',
    says: `${used} of ${usable} connections (${formatRatio(usage)}) are taken, ${active} of them active. ${idleMost ? 'Most are idle: smaller pools in the applications, or PgBouncer in transaction mode, give them back.' : 'Most are at work: look at what they wait for first.'} Raising max_connections needs a restart, of every standby before the primary, and costs memory for each.`,
    evidence: { used, usable, usage_ratio: usage, active, idle, in_transaction: room.in_transaction, reserved: room.reserved },
    remedy: null,
  }];
}

function roleLimits(rows: { usr: string | null; connections: number; role_limit: number | null }[]): Finding[] {
  const limited = new Map<string, { used: number; limit: number }>();
  for (const { usr, connections, role_limit: limit } of rows) {
    if (usr !== null && limit !== null && limit > 0) limited.set(usr, { used: (limited.get(usr)?.used ?? 0) + connections, limit });
  }
  return [...limited].filter(([, { used, limit }]) => used >= limit * 0.8).map(([usr, { used, limit }]) => ({
    code: 'pool.role_limit',
    severity: used >= limit ? 'critical' : 'warning',
    about: usr,
    says: `The role ${usr} has ${used} of the ${limit} connections that its CONNECTION LIMIT allows.`,
    evidence: { used, limit },
    remedy: null,
  }));
}
