import type { Severity } from '@/lib/kit/finding';
import { grantMonitor } from '@/lib/kit/hidden';
import { ident, literal, render, sql } from '@/lib/pg/sql';
import { shownOf, type Known } from './advice';
import { librariesIn } from './preload';

export type Extension = { name: string; installed: string | null; offered: string };

export type Server = { settings: ReadonlyMap<string, Known>; extensions: ReadonlyMap<string, Extension>; user: string; isMonitor: boolean; readsData: boolean };

/** `better`: it works, and more could be had. */
export type State = 'yes' | 'no' | 'better' | 'unknown';

export type Capability = { capability: string; area: string; state: State; value: string | null; gives: string; remedy: string | null; /** The same by an action of the console. */ does: Does | null; severity: Severity | null };
export type Does = { action: 'config.set' | 'config.extension'; name: string; value: string | null };

const set = (name: string, value: string): string => `ALTER SYSTEM SET ${name} = ${value};\nSELECT pg_reload_conf();`;
const setsTo = /ALTER SYSTEM SET (\S+) = '?(.*?)'?;/;

/** The action that does what a statement of one's own hand would. */
function doing(remedy: string | null): Does | null {
  const [, name = '', value = ''] = setsTo.exec(remedy ?? '') ?? [];
  return name === '' ? null : { action: 'config.set', name, value };
}

/** A setting and the test that it passes; a setting that this major lacks is no capability, one that is hidden is unknown. */
type Check = { name: string; area: string; gives: string; good: (raw: string) => boolean; remedy: string; otherwise?: State; severity?: Severity };

export const checks: Check[] = [
  { name: 'track_io_timing', area: 'Statistics', gives: 'How long reading and writing takes, by statement, table and plan. Costs little where the clock is quick (pg_test_timing).', good: (raw) => raw === 'on', remedy: set('track_io_timing', 'on'), severity: 'info' },
  { name: 'compute_query_id', area: 'Statistics', gives: 'Statements of pg_stat_activity, of plans and of pg_stat_statements can be told to be the same.', good: (raw) => raw !== 'off', remedy: set('compute_query_id', "'auto'"), severity: 'warning' },
  { name: 'track_activities', area: 'Statistics', gives: 'What each session does.', good: (raw) => raw === 'on', remedy: set('track_activities', 'on') },
  { name: 'track_counts', area: 'Statistics', gives: 'How tables and indexes are used; autovacuum needs it too.', good: (raw) => raw === 'on', remedy: set('track_counts', 'on') },
  { name: 'track_wal_io_timing', area: 'Statistics', gives: 'How long writing the WAL takes.', good: (raw) => raw === 'on', remedy: set('track_wal_io_timing', 'on'), otherwise: 'better' },
  { name: 'track_cost_delay_timing', area: 'Statistics', gives: 'How long vacuum sleeps, from 18.', good: (raw) => raw === 'on', remedy: set('track_cost_delay_timing', 'on'), otherwise: 'better' },
  { name: 'track_functions', area: 'Statistics', gives: 'How long functions take (pl: those in PL/pgSQL and the like).', good: (raw) => raw !== 'none', remedy: set('track_functions', "'pl'"), otherwise: 'better' },
  { name: 'track_activity_query_size', area: 'Statistics', gives: 'Long statements in full: what is longer is cut, and a cut statement cannot be explained.', good: (raw) => Number(raw) >= 4096, remedy: "-- takes effect with a restart; costs this much shared memory for each connection\nALTER SYSTEM SET track_activity_query_size = '4kB';", otherwise: 'better' },
  { name: 'log_lock_waits', area: 'Log', gives: 'The log tells of every wait for a lock longer than deadlock_timeout, with who held it.', good: (raw) => raw === 'on', remedy: set('log_lock_waits', 'on'), otherwise: 'better' },
  { name: 'log_checkpoints', area: 'Log', gives: 'The log tells why each checkpoint came, and how long it wrote.', good: (raw) => raw === 'on', remedy: set('log_checkpoints', 'on'), otherwise: 'better' },
  { name: 'log_temp_files', area: 'Log', gives: 'The log tells which statements spill to disk.', good: (raw) => Number(raw) >= 0, remedy: set('log_temp_files', "'10MB'"), otherwise: 'better' },
  { name: 'log_autovacuum_min_duration', area: 'Log', gives: 'The log tells of long autovacuums and what kept rows from being removed.', good: (raw) => Number(raw) >= 0, remedy: set('log_autovacuum_min_duration', "'10min'"), otherwise: 'better' },
  { name: 'log_min_duration_statement', area: 'Log', gives: 'The log keeps slow statements with their values, which may be secrets.', good: (raw) => Number(raw) >= 0, remedy: set('log_min_duration_statement', "'1s'"), otherwise: 'better' },
  { name: 'log_line_prefix', area: 'Log', gives: 'Each line says when, which process, who and which database.', good: (raw) => /%[mtn]/.test(raw) && /%[pc]/.test(raw), remedy: set('log_line_prefix', "'%m [%p] %q%u@%d/%a '"), otherwise: 'better' },
  { name: 'data_checksums', area: 'Safety', gives: 'A page that the disk has damaged is noticed. Switched on with pg_checksums while the server is down.', good: (raw) => raw === 'on', remedy: '-- with the server stopped, which takes as long as reading all of the data\n-- pg_checksums --enable -D <data directory>', severity: 'info' },
];

export function checked(server: Server): Capability[] {
  return checks.flatMap(({ name, area, gives, good, remedy, otherwise = 'no', severity = null }) => {
    const setting = server.settings.get(name);
    if (!setting) return [];
    const state = good(setting.raw) ? 'yes' : otherwise;
    return [{ capability: name, area, state, value: shownOf(setting), gives, remedy: state === 'yes' ? null : remedy, does: state === 'yes' ? null : doing(remedy), severity: state === 'no' ? severity : null }];
  });
}

const wanted: [string, string, Severity | null][] = [
  ['pg_stat_statements', 'Statements by time, calls and I/O: what most of the room Queries rests on.', 'warning'],
  ['pgstattuple', 'Bloat by counting instead of estimating, on request.', null],
  ['hypopg', 'Index advice that is proved by a plan, without building the index.', null],
  ['pg_buffercache', 'Which tables and indexes fill shared_buffers.', null],
  ['amcheck', 'Whether indexes and tables are sound, on request.', null],
];

export function extensionsOf({ extensions }: Server): Capability[] {
  return wanted.map(([name, gives, severity]) => {
    const known = extensions.get(name);
    const base = { capability: `extension ${name}`, area: 'Extensions', gives };
    if (!known) return { ...base, state: 'no', value: 'not on this machine', remedy: `-- install its package on the server’s machine first, then\nCREATE EXTENSION ${name};`, does: null, severity };
    if (known.installed === null) return { ...base, state: 'no', value: `${known.offered} can be installed`, remedy: `CREATE EXTENSION ${name};`, does: { action: 'config.extension', name, value: null }, severity };
    if (known.installed !== known.offered) return { ...base, state: 'better', value: `${known.installed}, while ${known.offered} is there`, remedy: `ALTER EXTENSION ${name} UPDATE;`, does: { action: 'config.extension', name, value: null }, severity: severity === null ? null : 'info' };
    return { ...base, state: 'yes', value: known.installed, remedy: null, does: null, severity: null };
  });
}

const withStatements = (list: string): string[] => [...librariesIn(list), 'pg_stat_statements'];

/** One quoted name each: a list in one string would be a single library with which the server does not start. */
export function preloadStatement(list: string): string {
  const libraries = withStatements(list);
  const quoted = libraries.map((one) => render(literal(one)).text.trim()).join(', ');
  return `-- takes effect with a restart; if the server then does not start, take the line out of postgresql.auto.conf\nALTER SYSTEM SET shared_preload_libraries = ${quoted};`;
}

export function preloaded({ settings, isMonitor, user }: Server): Capability {
  const setting = settings.get('shared_preload_libraries');
  const base = { capability: 'pg_stat_statements loaded', area: 'Statistics', gives: 'Statements are counted only while the library is loaded at the server’s start.' };
  if (!setting) return { ...base, state: 'unknown', value: 'hidden from this role', remedy: isMonitor ? null : grantMonitor(user), does: null, severity: null };
  const loaded = setting.raw.split(',').some((one) => one.trim().replace(/^"|"$/g, '').replace(/^\$libdir\//, '') === 'pg_stat_statements');
  return { ...base, state: loaded ? 'yes' : 'no', value: setting.raw, remedy: loaded ? null : preloadStatement(setting.raw), does: loaded ? null : { action: 'config.set', name: 'shared_preload_libraries', value: withStatements(setting.raw).join(', ') }, severity: loaded ? null : 'warning' };
}

export function rightsOf({ isMonitor, readsData, user }: Server): Capability[] {
  return [
    { capability: 'member of pg_monitor', area: 'Rights', state: isMonitor ? 'yes' : 'no', value: user, gives: 'What other roles’ sessions do, the state of replicas, all settings.', remedy: isMonitor ? null : grantMonitor(user), does: null, severity: isMonitor ? null : 'warning' },
    { capability: 'member of pg_read_all_data', area: 'Rights', state: readsData ? 'yes' : 'better', value: user, gives: 'Column statistics for estimates of bloat, positions of sequences, and plans of any statement. It may then read all data.', remedy: readsData ? null : `${render(sql`GRANT pg_read_all_data TO ${ident(user)}`).text};`, does: null, severity: null },
  ];
}
