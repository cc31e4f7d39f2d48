import type { Refusal } from '@/lib/kit/action';
import { preloadRefusal } from './preload';
import type { Canonical, Setting } from './wanted-value';

/** A setting with what else bears on whether its change is safe. */
export type Changeable = Setting & {
  /** What the server runs with, in the setting's own unit. */
  running: string;
  context: string; category: string; source: string;
  sessions: number; standbys: number; others: Record<string, string>;
};

const no = (name: string, says: string, saferWay: string | null = 'Do it on the server’s machine, with somebody there who can take it back.'): Refusal => ({ name, says, saferWay });

/** What a change of which is refused whatever the value, and why. */
const closed: [RegExp, string][] = [
  [/(_command|_library|_libraries|_validator)$|^(jit_provider|dynamic_library_path|extension_control_path)$/, 'The server runs as a program or loads as a library what it names.'],
  [/^(ssl|krb_|gss_|unix_socket|oauth_|scram_|ldap_)|^(listen_addresses|port|bonjour|bonjour_name|hba_file|ident_file|password_encryption|authentication_timeout|db_user_namespace|md5_password_warnings)$/, 'It decides who can connect, and how: a mistake locks everybody out.'],
  [/_file$|_directory$|_directories$|^(log_filename|log_destination|syslog_.*|event_source|stats_temp_directory|external_pid_file|default_tablespace|temp_tablespaces)$/, 'It names a place on the server’s machine, which cannot be looked at from here.'],
  [/^(primary_|recovery_|promote_|archive_mode|restore_|synchronous_standby_names|hot_standby$)/, 'It steers recovery, replication or the archive: commits can hang, or a standby not follow.'],
  [/^(search_path|role|session_authorization|session_replication_role|row_security|event_triggers|default_transaction_.*|transaction_(isolation|read_only|deferrable)|allow_.*|restrict_.*|exit_on_error|restart_after_crash|data_sync_retry|check_function_bodies|default_table_access_method|default_with_oids|array_nulls|transform_null_equals|standard_conforming_strings|backslash_quote|escape_string_warning|lo_compat_privileges|quote_all_identifiers|client_encoding|createrole_self_grant)$/, 'It changes what statements of every application mean or may do.'],
];

/** Settings with which a server does not start where they ask for more than there is: these alone are changed here, and step by step. */
const restartable = new Set(['max_connections', 'superuser_reserved_connections', 'reserved_connections', 'max_worker_processes', 'max_wal_senders', 'max_replication_slots', 'max_prepared_transactions', 'max_locks_per_transaction', 'max_pred_locks_per_transaction', 'track_activity_query_size', 'track_commit_timestamp', 'wal_log_hints', 'autovacuum_max_workers', 'autovacuum_worker_slots', 'autovacuum_freeze_max_age', 'autovacuum_multixact_freeze_max_age', 'shared_preload_libraries', 'pg_stat_statements.max']);
const onlyUp = new Set(['max_wal_senders', 'max_replication_slots', 'max_prepared_transactions']);
const asOnPrimary = new Set(['max_connections', 'max_worker_processes', 'max_wal_senders', 'max_prepared_transactions', 'max_locks_per_transaction']);
const mostTimes = 4;

/** Values that cost data, or that leave nobody to clean up. */
const costly: Record<string, [string, string]> = {
  fsync: ['off', 'A crash of the machine would then destroy data.'], full_page_writes: ['off', 'A crash of the machine can then leave torn pages.'], autovacuum: ['off', 'Nothing would clean up, analyze, or keep transaction ids from running out in time.'],
  track_counts: ['off', 'Autovacuum does not run without it.'], track_activities: ['off', 'Nobody could see any more what sessions do.'],
};
const shortest: Record<string, number> = { statement_timeout: 1000, transaction_timeout: 1000, idle_in_transaction_session_timeout: 1000, idle_session_timeout: 1000, lock_timeout: 10 };

/** Whether `config.set` takes an advised value of it, as far as its name says; the action itself looks closer. */
export const takenByAction = ({ name, context, source }: Pick<Changeable, 'name' | 'context' | 'source'>): boolean =>
  !closed.some(([pattern]) => pattern.test(name)) && !['command line', 'environment variable'].includes(source) && (context !== 'postmaster' || restartable.has(name));

/** What may not be changed from here at all, by its name. */
export function nameRefusals({ name, vartype, context, category, source }: Changeable): Refusal[] {
  if (context === 'internal') return [no('fixed', `${name} cannot be changed in a running installation.`, null)];
  if (source === 'command line' || source === 'environment variable') return [no('source', `${name} is given by the ${source} with which the server is started: ALTER SYSTEM cannot change it.`, 'Change it there.')];
  if (name === 'shared_preload_libraries') return [];
  const found = closed.find(([pattern]) => pattern.test(name));
  if (found) return [no('closed', `${name} is not changed from here. ${found[1]}`)];
  if (category === 'Developer Options') return [no('closed', `${name} is for developers of PostgreSQL: some of these lose data.`)];
  return vartype === 'string' && name !== 'log_line_prefix' ? [no('closed', `${name} takes any text: whether a value is right, only the server itself finds out.`)] : [];
}

/** What speaks against this value. */
export function valueRefusals(setting: Changeable, canonical: Canonical, text: string): Refusal[] {
  const { name, context } = setting;
  if (name === 'shared_preload_libraries') return preloadRefusal(setting.running, text);
  if (/[\n\r]/.test(text)) return [no('value', 'A value is one line.', null)];
  if ('says' in canonical) return [no('value', canonical.says, null)];
  const { value } = canonical;
  const [costs, why] = costly[name] ?? [];
  if (costs === value) return [no('costly', `${name} = ${costs} is not set from here. ${why}`)];
  const least = shortest[name];
  if (least !== undefined && Number(value) > 0 && Number(value) < least) return [no('value', `${name} below ${least} ms, for every session of the server, would end what has to run: backups, migrations, sign-ins.`, 'Set it for a role: ALTER ROLE … SET.')];
  return context === 'postmaster' ? restartRefusals(setting, Number(value)) : [];
}

const byHand = (name: string): string => `By hand: ALTER SYSTEM SET ${name}, then restart; if the server does not start, take the line out of postgresql.auto.conf.`;

/** A value with which the server does not start shows at its next start, perhaps at night. */
function restartRefusals(setting: Changeable, value: number): Refusal[] {
  const { name, running, standbys } = setting;
  if (!restartable.has(name)) return [no('restart', `${name} takes effect with a restart, and whether the server starts with a value of it cannot be known from here.`, byHand(name))];
  if (!Number.isFinite(value)) return [];
  const now = Number(running);
  const refusals: Refusal[] = [];
  if (value > now * mostTimes && value > 64) refusals.push(no('restart', `That is more than ${mostTimes} times what the server runs with (${running}): whether there is the memory for it cannot be known from here.`, `Raise it step by step. ${byHand(name)}`));
  if (value < now && onlyUp.has(name)) refusals.push(no('restart', `${name} is not lowered from here: with fewer than are in use the server does not start.`, byHand(name)));
  if (value > now && asOnPrimary.has(name) && standbys > 0) refusals.push(no('standbys', `${standbys} ${standbys === 1 ? 'standby follows' : 'standbys follow'} this server: with a lower ${name} than its primary a standby stops.`, 'Raise it on each standby first, and restart them.'));
  return [...refusals, ...reservedRefusal(setting, value)];
}

/** Connections that are left for everybody have to be more than there are now. */
function reservedRefusal({ name, others, sessions }: Changeable, value: number): Refusal[] {
  if (!['max_connections', 'superuser_reserved_connections', 'reserved_connections'].includes(name)) return [];
  const of = (one: string) => (one === name ? value : Number(others[one] ?? 0));
  const left = of('max_connections') - of('superuser_reserved_connections') - of('reserved_connections');
  if (left <= 0) return [no('restart', 'No connection would be left for anybody but superusers, and the server would not start.', null)];
  return left <= sessions ? [no('value', `${left} connections would be left for everybody, and there are ${sessions} sessions now.`, null)] : [];
}
