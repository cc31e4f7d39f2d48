import { formatMs, formatRatio } from '@/lib/units';

/** What the server says of itself; `used` and `active` are NULL where the role may not see other sessions. */
export type Measured = {
  datname: string; most: number; superuser_reserved: number; reserved: number; used: number | null; active: number | null;
  session_ms: number; active_ms: number; in_transaction_ms: number;
};

/** What a person states. */
export type Stated = { cpus: number; instances: number; per_instance: number; others: number; tracksStatements: boolean };

export type Line = { place: number; item: string; now: string | null; suggested: string | null; arithmetic: string; assumes: string | null; file: string | null };

/** The guide's values, where nothing measured or stated says otherwise. */
const guide = { poolSize: 25, reserve: 5, clients: 1000, perUser: 50 };

export type Sizes = { usable: number; wanted: number; forPool: number; poolSize: number; reserve: number; perUser: number; clients: number };

export function sizesOf(measured: Measured, stated: Stated): Sizes {
  const usable = Math.max(0, measured.most - measured.superuser_reserved - measured.reserved);
  const wanted = stated.instances * stated.per_instance;
  const forPool = Math.max(1, usable - stated.others);
  const poolSize = Math.min(stated.cpus > 0 ? stated.cpus * 2 + 1 : guide.poolSize, forPool);
  return { usable, wanted, forPool, poolSize, reserve: Math.min(guide.reserve, forPool - poolSize), perUser: Math.min(guide.perUser, forPool), clients: Math.max(guide.clients, wanted * 2) };
}

const line = (item: string, now: string | number | null, suggested: string | number | null, arithmetic: string, assumes: string | null): Omit<Line, 'place'> => ({
  item, now: now === null ? null : String(now), suggested: suggested === null ? null : String(suggested), arithmetic, assumes, file: null,
});

export function linesOf(measured: Measured, stated: Stated): Line[] {
  const sizes = sizesOf(measured, stated);
  const { usable, wanted, forPool } = sizes;
  const lines = [
    line('Room for ordinary roles', usable, null, `${measured.most} (max_connections) − ${measured.superuser_reserved} (superuser_reserved_connections) − ${measured.reserved} (reserved_connections) = ${usable}`, null),
    line('Applications may open', wanted, Math.min(wanted, forPool), `${stated.instances} × ${stated.per_instance} = ${wanted}, of ${usable} − ${stated.others} = ${forPool}`, 'The number of instances and the size of each pool are what you state.'),
    ...busyLines(measured),
    line('default_pool_size', null, sizes.poolSize, stated.cpus > 0 ? `2 × ${stated.cpus} + 1 = ${stated.cpus * 2 + 1}, at most ${forPool}` : `${guide.poolSize}, at most ${forPool}`, stated.cpus > 0 ? 'Two for each processor and one for the disk keep the server busy: a start, to be measured. One pool carries most of the load.' : 'State the processors for a figure of your own; until then it is the guide’s value.'),
    line('reserve_pool_size', null, sizes.reserve, `${guide.reserve}, at most ${forPool} − ${sizes.poolSize} = ${forPool - sizes.poolSize}`, 'For clients that have waited for reserve_pool_timeout.'),
    line('max_db_connections', null, forPool, `${usable} − ${stated.others} = ${forPool}`, 'Backups, migrations, monitoring and people connect past PgBouncer and need what you keep for them. One PgBouncer leads here: several share this number.'),
    line('max_user_connections', null, sizes.perUser, `${guide.perUser}, at most ${forPool}`, null),
    line('max_client_conn', null, sizes.clients, `the larger of ${guide.clients} and 2 × ${wanted}`, 'A client costs PgBouncer a few kilobytes and a file descriptor.'),
    { ...line('pgbouncer.ini', null, null, 'The values above in one file', 'The host is yours to fill in. Passwords are in no line of it: auth_file holds SCRAM secrets.'), file: iniOf(measured.datname, sizes, stated) },
  ];
  return lines.map((one, index) => ({ place: index + 1, ...one }));
}

/** The share of their time in which sessions work or hold a transaction open is free of how long the counters have run. */
function busyLines({ used, active, session_ms: session, active_ms: busy, in_transaction_ms: idle }: Measured): Omit<Line, 'place'>[] {
  const now = used === null ? [] : [line('Client sessions now', used, null, `${active ?? 0} of them active`, 'One look, not a mean.')];
  if (session < 60_000) return now;
  const share = (busy + idle) / session;
  const held = line('Time in which a session needs its connection', formatRatio(share), null, `(${formatMs(busy)} active + ${formatMs(idle)} idle in transaction) ÷ ${formatMs(session)} of sessions`, 'All databases, since their counters began. In transaction mode this is what a client holds a server connection for.');
  if (used === null) return [...now, held];
  const needed = used * share;
  return [...now, held, line('Connections that the sessions of now would need', needed.toFixed(1), null, `${used} × ${formatRatio(share)} = ${needed.toFixed(1)}`, 'On average: peaks need more.')];
}

/** A name that PgBouncer would read otherwise stands in double quotes. */
const entryName = (name: string): string => (/^\w+$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);
const value = (text: string): string => (/^\w+$/.test(text) ? text : `'${text.replaceAll("'", "''")}'`);

export function iniOf(database: string, sizes: Sizes, stated: Stated): string {
  return `; Without user=: each client works as the role that it signed in as.
[databases]
${entryName(database)} = host=<host of the server> port=5432 dbname=${value(database)}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = 6432
auth_type = scram-sha-256
; "role" "SCRAM-SHA-256$…" a line; SELECT rolname, rolpassword FROM pg_authid shows a superuser the secrets
auth_file = /etc/pgbouncer/userlist.txt
stats_users = riskdesk_monitor

pool_mode = transaction
default_pool_size = ${sizes.poolSize}
reserve_pool_size = ${sizes.reserve}
reserve_pool_timeout = 3
max_db_connections = ${sizes.forPool}
max_user_connections = ${sizes.perUser}
max_client_conn = ${sizes.clients}
query_wait_timeout = 120
${stated.tracksStatements ? 'max_prepared_statements = 200' : '; no max_prepared_statements before 1.21: clients must not use named prepared statements'}

; timeouts belong to roles (ALTER ROLE … SET statement_timeout): as startup parameters they are refused
ignore_startup_parameters = extra_float_digits
application_name_add_host = 1
log_connections = 1
log_disconnections = 1
log_pooler_errors = 1
`;
}
