import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { formatMs } from '@/lib/units';
import { figure, isConsole, waitMs, words } from './shown';

export const pgbouncerPools = diagnostic({
  name: 'pgbouncer_pools',
  title: 'PgBouncer: pools',
  why: 'Clients that wait for a server connection are the one sign that a pool is too small, or that transactions take too long.',
  how: 'From SHOW POOLS and SHOW DATABASES of the PgBouncer at PGBOUNCER_URL, whatever database is observed. A pool is a database and a role. Active clients include idle ones that are linked to no server. A full pool in which nobody waits is healthy.',
  permission: 'stats:read',
  params: {},
  row: {
    datname: col.code('Database'),
    usr: col.code('Role'),
    pool_mode: col.maybe(col.text('Mode')),
    cl_active: col.maybe(col.count('Clients')),
    cl_waiting: col.maybe(col.count('Waiting', { note: 'Clients that have sent a statement and have no server connection yet' })),
    maxwait_ms: col.maybe(col.ms('Longest wait', { note: 'Of the client that has been waiting longest, at this moment' })),
    sv_active: col.maybe(col.count('In use')),
    sv_idle: col.maybe(col.count('Idle')),
    sv_used: col.maybe(col.count('To be checked', { note: 'Idle for longer than server_check_delay' })),
    sv_login: col.maybe(col.count('Logging in')),
    sv_tested: col.maybe(col.count('Being reset')),
    pool_size: col.maybe(col.count('Pool size')),
    usage_ratio: col.maybe(col.ratio('Usage', { note: 'Server connections in use, against the pool’s size' })),
    cancels: col.maybe(col.count('Cancel requests')),
  },
  key: ['datname', 'usr'],
  search: ['datname', 'usr'],
  sort: '-cl_waiting',
  show: ['datname', 'usr', 'pool_mode', 'cl_active', 'cl_waiting', 'maxwait_ms', 'sv_active', 'sv_idle', 'pool_size', 'usage_ratio'],
  needs: [],
  charts: [{ kind: 'stacked-bars', title: 'Server connections by pool', label: 'datname', values: ['sv_active', 'sv_idle', 'sv_used'], top: 10 }],
  codes: { 'pool.pgbouncer_waiting': 'Clients of PgBouncer wait for a server connection.' },
  refreshSeconds: 5,
  source: 'pgbouncer',
  read: async (show) => {
    const databases = new Map((await show('DATABASES')).map((row) => [words(row, 'name'), figure(row, 'pool_size')]));
    return (await show('POOLS')).filter((row) => !isConsole(words(row, 'database'))).map((row) => {
      const [active, size] = [figure(row, 'sv_active'), databases.get(words(row, 'database')) ?? null];
      const cancels = [figure(row, 'cl_active_cancel_req', 'cl_cancel_req'), figure(row, 'cl_waiting_cancel_req')];
      return {
        datname: words(row, 'database') ?? '', usr: words(row, 'user') ?? '', pool_mode: words(row, 'pool_mode'),
        cl_active: figure(row, 'cl_active'), cl_waiting: figure(row, 'cl_waiting'), maxwait_ms: waitMs(row, 'maxwait', 'maxwait_us'),
        sv_active: active, sv_idle: figure(row, 'sv_idle'), sv_used: figure(row, 'sv_used'), sv_login: figure(row, 'sv_login'), sv_tested: figure(row, 'sv_tested'),
        pool_size: size, usage_ratio: active === null || !size ? null : active / size,
        cancels: cancels.every((one) => one === null) ? null : cancels.reduce<number>((sum, one) => sum + (one ?? 0), 0),
      };
    });
  },
  findings: (rows) =>
    rows.filter((row) => (row.cl_waiting ?? 0) > 0).map((row) => ({
      code: 'pool.pgbouncer_waiting',
      severity: (row.maxwait_ms ?? 0) >= 1000 ? 'critical' : 'warning',
      about: `${row.datname}/${row.usr}`,
      says: `${row.cl_waiting} clients wait for a server connection, the longest for ${formatMs(row.maxwait_ms ?? 0)}. ${whatHolds(row)}`,
      evidence: { cl_waiting: row.cl_waiting, maxwait_ms: row.maxwait_ms, sv_active: row.sv_active, sv_login: row.sv_login, pool_size: row.pool_size },
      remedy: null,
    })),
});

function whatHolds({ sv_active: active, sv_idle: idle, sv_login: login, pool_size: size }: { sv_active: number | null; sv_idle: number | null; sv_login: number | null; pool_size: number | null }): string {
  const open = (active ?? 0) + (idle ?? 0);
  if (size !== null && (active ?? 0) >= size) return `All ${size} connections of the pool are in use: look for long and idle transactions first, because a larger pool only moves the wait into the server.`;
  if ((login ?? 0) > 0) return 'A server connection is logging in: if that lasts, the server refuses it or is away.';
  return `Only ${open} of ${size ?? 'an unknown number of'} connections are open: max_db_connections or max_user_connections may be reached, the pool may be paused, or the server may refuse.`;
}
