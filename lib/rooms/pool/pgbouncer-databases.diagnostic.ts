import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { sql } from '@/lib/pg/sql';
import { figure, isConsole, words, yes } from './shown';

type Database = { datname: string; force_user: string | null; forced_superuser: boolean | null; paused: boolean | null; disabled: boolean | null; connections_max: number | null; connections: number | null };

export const pgbouncerDatabases = diagnostic({
  name: 'pgbouncer_databases',
  title: 'PgBouncer: databases',
  why: 'Where PgBouncer leads, as which role, and how many connections it may open there.',
  how: 'From SHOW DATABASES. Whether a forced role is a superuser is asked of the observed server, by its name; it is unknown when that cannot be asked or has no such role. A limit of 0 is none.',
  permission: 'stats:read',
  params: {},
  row: {
    datname: col.code('Name'),
    host: col.maybe(col.code('Host')),
    port: col.maybe(col.code('Port')),
    server_database: col.maybe(col.code('Database')),
    force_user: col.maybe(col.code('Forced role', { note: 'Every client works as this role, whoever signed in' })),
    forced_superuser: col.maybe(col.flag('A superuser')),
    pool_mode: col.maybe(col.text('Mode')),
    pool_size: col.maybe(col.count('Pool size')),
    min_pool_size: col.maybe(col.count('Minimum')),
    reserve_pool: col.maybe(col.count('Reserve')),
    connections_max: col.maybe(col.count('Limit', { note: 'max_db_connections; 0: none' })),
    connections: col.maybe(col.count('Open')),
    paused: col.maybe(col.flag('Paused')),
    disabled: col.maybe(col.flag('Disabled')),
  },
  key: ['datname'],
  search: ['datname', 'host', 'server_database', 'force_user'],
  sort: '-connections',
  show: ['datname', 'host', 'port', 'server_database', 'force_user', 'pool_mode', 'pool_size', 'connections', 'connections_max', 'paused'],
  needs: [],
  charts: [],
  codes: {
    'pool.force_user': 'PgBouncer turns every client of a database into one role.',
    'pool.pgbouncer_paused': 'A database of PgBouncer is paused or disabled: its clients wait or are refused.',
    'pool.pgbouncer_limit': 'A database of PgBouncer has opened all connections that it may.',
  },
  refreshSeconds: 30,
  source: 'pgbouncer',
  read: async (show, { server }) => {
    const shown = (await show('DATABASES')).filter((row) => !isConsole(words(row, 'name')));
    const forced = shown.map((row) => words(row, 'force_user')).filter((name) => name !== null);
    const roles = forced.length === 0 ? null : await server<{ name: string; superuser: boolean }>(sql`select rolname::text as name, rolsuper as superuser from pg_roles where rolname in ${forced}`);
    const superuser = new Map(roles?.map((role) => [role.name, role.superuser]));
    return shown.map((row) => {
      const user = words(row, 'force_user');
      return {
        datname: words(row, 'name') ?? '', host: words(row, 'host'), port: words(row, 'port'), server_database: words(row, 'database'),
        force_user: user, forced_superuser: user === null ? null : (superuser.get(user) ?? null), pool_mode: words(row, 'pool_mode'),
        pool_size: figure(row, 'pool_size'), min_pool_size: figure(row, 'min_pool_size'), reserve_pool: figure(row, 'reserve_pool_size', 'reserve_pool'),
        connections_max: figure(row, 'max_connections'), connections: figure(row, 'current_connections'),
        paused: yes(figure(row, 'paused')), disabled: yes(figure(row, 'disabled')),
      };
    });
  },
  findings: (rows) => rows.flatMap((row) => [...forcedRole(row), ...stopped(row), ...full(row)]),
});

function forcedRole({ datname, force_user: user, forced_superuser: superuser }: Database): Finding[] {
  if (user === null) return [];
  const says = superuser ? 'a superuser' : superuser === null ? 'of which the observed server cannot say whether it is a superuser' : 'which is no superuser';
  return [{
    code: 'pool.force_user',
    severity: superuser ? 'critical' : superuser === null ? 'warning' : 'info',
    about: datname,
    says: `Every client of ${datname} works as ${user}, ${says}, whichever role it signed in as. Rights that differ by role have no effect through this entry; without user= clients need rights of their own before it is taken out.`,
    evidence: { force_user: user, forced_superuser: superuser },
    remedy: { sql: `-- pgbouncer.ini, section [databases]: the same line without its user=; then in the admin console\nRELOAD;` },
  }];
}

function stopped({ datname, paused, disabled }: Database): Finding[] {
  if (!paused && !disabled) return [];
  return [{
    code: 'pool.pgbouncer_paused',
    severity: 'critical',
    about: datname,
    says: disabled ? `${datname} is disabled: PgBouncer refuses new clients of it.` : `${datname} is paused: its clients wait until somebody resumes it.`,
    evidence: { paused, disabled },
    remedy: { sql: `-- in PgBouncer’s admin console\n${disabled ? 'ENABLE' : 'RESUME'} "${datname.replaceAll('"', '""')}";` },
  }];
}

function full({ datname, connections, connections_max: most }: Database): Finding[] {
  if (!most || (connections ?? 0) < most) return [];
  return [{
    code: 'pool.pgbouncer_limit',
    severity: 'warning',
    about: datname,
    says: `All ${most} server connections that max_db_connections allows are open. A role without one of its own waits until an idle one of another is closed.`,
    evidence: { connections, connections_max: most },
    remedy: null,
  }];
}
