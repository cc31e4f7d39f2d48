import { relOption } from '@/lib/pg/relations';
import { sql, type SQL } from '@/lib/pg/sql';

/** The table's own storage option where it has one, else the server's setting. */
const own = (name: string): SQL => sql`coalesce(${relOption(name)}, current_setting(${name}))::float8`;

const rows = sql`greatest(c.reltuples, 0)::float8`;

/** Whether the table's own option, and the server, let autovacuum come; it comes against wraparound all the same. */
export const autovacuumOn: SQL = sql`(coalesce(${relOption('autovacuum_enabled')}, 'on')::bool and current_setting('autovacuum')::bool)`;

/** Dead rows from which autovacuum vacuums (relation_needs_vacanalyze in autovacuum.c); from 18 with a ceiling. */
export const vacuumThreshold = (major: number): SQL => {
  const plain = sql`(${own('autovacuum_vacuum_threshold')} + ${own('autovacuum_vacuum_scale_factor')} * ${rows})`;
  if (major < 18) return plain;
  return sql`(case when ${own('autovacuum_vacuum_max_threshold')} >= 0 then least(${plain}, ${own('autovacuum_vacuum_max_threshold')}) else ${plain} end)`;
};

/** Inserted rows from which it vacuums; NULL where that is off. From 18 only the share of pages that is not frozen counts. */
export const insertThreshold = (major: number): SQL => {
  const unfrozen = major < 18 ? sql`1` : sql`(case when c.relpages > 0 and c.reltuples > 0 and c.relallfrozen > 0 then 1 - least(c.relallfrozen, c.relpages)::float8 / c.relpages else 1 end)`;
  return sql`(case when ${own('autovacuum_vacuum_insert_threshold')} >= 0
    then ${own('autovacuum_vacuum_insert_threshold')} + ${own('autovacuum_vacuum_insert_scale_factor')} * ${rows} * ${unfrozen} end)`;
};

/** Changed rows from which it analyzes. */
export const analyzeThreshold: SQL = sql`(${own('autovacuum_analyze_threshold')} + ${own('autovacuum_analyze_scale_factor')} * ${rows})`;

/** Transactions after which it vacuums against wraparound; a table's own option can only lower it. */
export const freezeMaxAge = (what: 'freeze' | 'multixact_freeze'): SQL => {
  const name = `autovacuum_${what}_max_age`;
  return sql`least(coalesce(${relOption(name)}::float8, 'infinity'), current_setting(${name})::float8)`;
};

/** Autovacuum has had two rounds to come since `last`; never counts as long ago. Right after a load what a session reports late looks like change. */
export const hadTime = (last: SQL): SQL => sql`(coalesce(${last}, '-infinity') < now() - 2 * current_setting('autovacuum_naptime')::interval)`;

/** Tables that a vacuum is at work on. Asked once: for every table anew it would look at every session. */
export const vacuuming: SQL = sql`select p.relid from pg_stat_progress_vacuum p where p.relid is not null and p.datname = current_database()`;
