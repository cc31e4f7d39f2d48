import 'server-only';
import type { ServerFacts } from '@/lib/kit/diagnostic';
import { ShortLived } from '@/lib/kit/short-lived';
import { sql } from '@/lib/pg/sql';
import { monitorRows } from './monitor';

type Probe = {
  version_num: number;
  in_recovery: boolean;
  usr: string;
  is_superuser: boolean;
  is_monitor: boolean;
  extensions: { name: string; version: string; schema: string }[];
  settings: { name: string; setting: string }[];
};

/** A library's settings are there only where it is loaded; the rest is what diagnostics may depend on. */
const probe = sql`
  select current_setting('server_version_num')::int as version_num, pg_is_in_recovery() as in_recovery, current_user as usr,
    (select rolsuper from pg_roles where rolname = current_user) as is_superuser,
    pg_has_role(current_user, 'pg_monitor', 'usage') as is_monitor,
    coalesce((select json_agg(json_build_object('name', e.extname, 'version', e.extversion, 'schema', n.nspname))
      from pg_extension e join pg_namespace n on n.oid = e.extnamespace), '[]') as extensions,
    coalesce((select json_agg(json_build_object('name', s.name, 'setting', s.setting)) from pg_settings s
      where s.name like 'pg_stat_statements.%' or s.name in ('track_io_timing', 'track_counts', 'compute_query_id', 'max_connections')), '[]') as settings`;

const known = new ShortLived<ServerFacts>(15_000);

async function ask(target: string): Promise<ServerFacts> {
  const [row] = await monitorRows<Probe>(target, probe);
  if (!row) throw new Error('the server probe returned no row');
  return {
    major: Math.floor(row.version_num / 10_000),
    versionNum: row.version_num,
    inRecovery: row.in_recovery,
    user: row.usr,
    isSuperuser: row.is_superuser,
    isMonitor: row.is_monitor,
    extensions: new Map(row.extensions.map(({ name, version, schema }) => [name, { version, schema }])),
    settings: new Map(row.settings.map(({ name, setting }) => [name, setting])),
  };
}

/** What the target is, at most 15 seconds old; a failed probe is not kept. */
export const serverFacts = (target: string): Promise<ServerFacts> => known.get(target, () => ask(target));

/** Forgets what was probed: after an action that changes it, and in tests. */
export const forgetServers = (): void => known.clear();
