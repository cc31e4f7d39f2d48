import { ident, sql, type SQL } from '@/lib/pg/sql';
import type { Need, ServerFacts } from './diagnostic';

/** The extension can live in any schema. */
export const statements = (server: ServerFacts, view: string): SQL => ident(server.extensions.get('pg_stat_statements')?.schema ?? 'public', view);

/**
 * The search path of a role in this database as ALTER ROLE, ALTER DATABASE and the configuration say, NULL where none does; what a session sets for itself is not known to
 * anyone else.
 */
export const searchPathOf = (role: SQL): SQL => sql`coalesce((
          select substr(t.setting, 13) from (select d.setdatabase, d.setrole, unnest(d.setconfig) as setting from pg_db_role_setting d) t
          where t.setting like 'search_path=%' and t.setrole in (${role}, 0) and (t.setdatabase = 0 or t.setdatabase = (select oid from pg_database where datname = current_database()))
          order by t.setrole = 0, t.setdatabase = 0 limit 1),
        (select p.reset_val from pg_settings p where p.name = 'search_path' and p.source not in ('user', 'database user')))`;

/** The schemas of a search_path as it is written in a setting. */
export function schemasIn(path: string | null, role: string): string[] {
  const found = (path ?? '"$user", public').match(/"(?:[^"]|"")*"|[^",\s]+/g) ?? [];
  return found.map((part) => (part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part.toLowerCase())).map((name) => (name === '$user' ? role : name)).filter((name) => name !== '');
}

/** What every question to pg_stat_statements needs. */
export const needs: Need[] = [
  { extension: 'pg_stat_statements', minVersion: '1.9', loadedWhen: 'pg_stat_statements.max' },
  {
    setting: 'pg_stat_statements.track',
    not: 'none',
    says: 'pg_stat_statements.track is none: no statement is counted.',
    remedy: "ALTER SYSTEM SET pg_stat_statements.track = 'top';\nSELECT pg_reload_conf();",
  },
  {
    setting: 'compute_query_id',
    not: 'off',
    says: 'compute_query_id is off: pg_stat_statements cannot tell statements apart and counts none.',
    remedy: "ALTER SYSTEM SET compute_query_id = 'auto';\nSELECT pg_reload_conf();",
  },
];
