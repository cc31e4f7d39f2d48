import { ident, type SQL } from '@/lib/pg/sql';
import type { Need, ServerFacts } from './diagnostic';

/** The extension can live in any schema. */
export const statements = (server: ServerFacts, view: string): SQL => ident(server.extensions.get('pg_stat_statements')?.schema ?? 'public', view);

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
