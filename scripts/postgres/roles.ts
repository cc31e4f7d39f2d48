import pg from 'pg';

export type RolePasswords = { postgres: string; maintenance: string; app: string; monitor: string };

export const databaseName = 'risk_assessment';

export const roleNames = { maintenance: 'riskdesk_maintenance', app: 'riskdesk_app', monitor: 'riskdesk_monitor' } as const;

/** What each role may do beyond owning or being granted tables; names that the server's version lacks are left out. */
const memberships: Record<keyof typeof roleNames, string[]> = {
  maintenance: ['pg_signal_backend', 'pg_monitor', 'pg_checkpoint', 'pg_signal_autovacuum_worker'],
  app: [],
  monitor: ['pg_monitor', 'pg_read_all_data'],
};

const extensions = ['pg_stat_statements', 'pg_trgm', 'pgstattuple'];

const literal = (text: string) => pg.escapeLiteral(text);

export async function connectTo(port: number, database: string, password: string, user = 'postgres'): Promise<pg.Client> {
  const client = new pg.Client({ host: '127.0.0.1', port, database, user, password, application_name: 'riskdesk-setup' });
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function has(client: pg.Client, query: string, name: string): Promise<boolean> {
  const { rowCount } = await client.query(query, [name]);
  return rowCount === 1;
}

/** Roles belong to the cluster. Their passwords are set at every start, so that the file which keeps them is right. */
export async function ensureRoles(client: pg.Client, passwords: RolePasswords): Promise<void> {
  for (const use of ['maintenance', 'app', 'monitor'] as const) {
    const role = roleNames[use];
    const present = await has(client, 'select from pg_roles where rolname = $1', role);
    const attributes = `login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password ${literal(passwords[use])}`;
    await client.query(`${present ? 'alter' : 'create'} role ${role} ${attributes}`);
    for (const group of memberships[use]) {
      if (await has(client, 'select from pg_roles where rolname = $1', group)) await client.query(`grant ${group} to ${role}`);
    }
  }
}

export async function ensureDatabase(client: pg.Client, name: string): Promise<void> {
  if (await has(client, 'select from pg_database where datname = $1', name)) return;
  await client.query(`create database ${pg.escapeIdentifier(name)} owner ${roleNames.maintenance}`);
}

/** In the database itself: what only a superuser can create, and rights that differ from version to version. */
export async function ensureExtensions(client: pg.Client, database: string, wanted: string[] = extensions): Promise<void> {
  const { maintenance, app, monitor } = roleNames;
  for (const name of wanted) {
    const available = await has(client, 'select from pg_available_extensions where name = $1', name);
    if (available) await client.query(`create extension if not exists ${name}`);
  }
  const quoted = pg.escapeIdentifier(database);
  await client.query(`revoke connect, temporary on database ${quoted} from public`);
  await client.query(`grant connect on database ${quoted} to ${app}, ${monitor}`);
  await client.query('revoke create on schema public from public');
  await client.query(`grant create, usage on schema public to ${maintenance}`);
  const resets = await client.query<{ name: string }>(
    `select oid::regprocedure::text as name from pg_proc where proname = 'pg_stat_statements_reset'`,
  );
  for (const { name } of resets.rows) await client.query(`grant execute on function ${name} to ${maintenance}`);
}
