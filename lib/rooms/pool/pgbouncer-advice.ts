import type { Severity } from '@/lib/kit/finding';

/** What matters of PgBouncer's configuration; the rest, and whatever could name a secret, is not read. */
export type Config = ReadonlyMap<string, string>;

/** A severity makes it a finding; without one it is a remark beside the value. */
export type Advice = { says: string; severity: Severity | null };

type Rule = (value: string, config: Config) => Advice | null;

const remark = (says: string): Advice => ({ says, severity: null });
const found = (severity: Severity, says: string): Advice => ({ says, severity });

const number = (text: string | undefined): number => Number(text ?? '0');
const pooling = (config: Config): boolean => config.get('pool_mode') !== 'session';

const authType: Rule = (value) => {
  if (value === 'any') return found('critical', 'Nobody is asked for anything: every client is every role, and may run the admin console too.');
  if (value === 'trust') return found('critical', 'Clients are not asked for a password: whoever reaches the port is any role in auth_file.');
  if (value === 'plain') return found('warning', 'Passwords travel in clear text, and PgBouncer calls this deprecated. Use scram-sha-256.');
  if (value === 'md5') return found('info', 'MD5 where the secret is not SCRAM. PostgreSQL stores SCRAM by default since 14 and warns of MD5 from 18: store SCRAM secrets in auth_file and use scram-sha-256.');
  return null;
};

const preparedStatements: Rule = (value, config) => {
  if (!pooling(config)) return remark('In session mode a client keeps its server connection, and its prepared statements with it.');
  if (number(value) > 0) return remark('Named statements of the protocol follow the client. Those made by PREPARE in SQL never do.');
  return found('warning', 'Named prepared statements are not tracked: a client can run another client’s statement of the same name without an error. Set it to 200, or use unnamed statements only.');
};

/** By name, in the order in which a reader wants them. */
export const rules: Record<string, Rule> = {
  pool_mode: (value) => (value === 'statement' ? found('warning', 'In statement mode a transaction of several statements is refused.') : value === 'session' ? remark('A client keeps its server connection until it leaves: idle clients cost the server as much as without PgBouncer.') : null),
  default_pool_size: () => null,
  min_pool_size: () => null,
  reserve_pool_size: () => null,
  reserve_pool_timeout: () => null,
  max_client_conn: () => remark('More clients are refused; each costs a few kilobytes here and a file descriptor.'),
  max_db_connections: (value) => (number(value) === 0 ? remark('No limit: each role of a database has a pool of its own, and together they can fill the server.') : null),
  max_user_connections: () => null,
  max_prepared_statements: preparedStatements,
  auth_type: authType,
  auth_user: () => null,
  query_wait_timeout: (value) => (number(value) === 0 ? found('warning', 'A client may wait for a server connection for ever. The default is 120 seconds.') : null),
  query_timeout: (value) => (number(value) > 0 ? found('info', 'PgBouncer closes the server connection of a statement that takes longer, so the server learns of it late. statement_timeout on the role ends it cleanly.') : null),
  idle_transaction_timeout: () => null,
  client_idle_timeout: () => null,
  server_idle_timeout: () => null,
  server_lifetime: () => null,
  server_reset_query_always: (value, config) => (number(value) !== 0 && pooling(config) ? remark('The reset query runs after each transaction, which costs a round trip.') : null),
  ignore_startup_parameters: (value) => (/timeout|options/.test(value) ? found('info', 'A timeout that a client asks for at its start is dropped silently: it believes in a limit that does not exist.') : null),
  server_round_robin: (value) => (number(value) === 1 ? remark('Every server connection is kept in use in turn, so none becomes idle enough to be closed.') : null),
  client_tls_sslmode: (value, config) => (value === 'disable' && !isLocal(config.get('listen_addr') ?? '') ? found('info', 'Clients beyond this machine cannot use TLS: passwords are safe with SCRAM, data is not.') : null),
  server_tls_sslmode: () => null,
  listen_addr: () => null,
  listen_port: () => null,
};

/** Addresses of this machine alone, or none: a socket. */
const isLocal = (list: string): boolean => list.split(',').every((address) => /^(?:127\.|::1$|localhost$|$)/.test(address.trim()));

/** 1.21 brought the tracking of prepared statements: before it there is no such setting. */
export const withoutTracking = found('info', 'This version cannot track named prepared statements (PgBouncer 1.21 does): in transaction mode a client must not use them, because it can run another client’s statement of the same name without an error.');
