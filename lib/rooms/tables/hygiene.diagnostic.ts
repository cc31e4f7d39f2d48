import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding, Remedy } from '@/lib/kit/finding';
import { sql } from '@/lib/pg/sql';
import { hygieneRows } from './hygiene-sql';

type Kind = { code: `tables.${string}`; severity: Finding['severity']; says: (detail: string) => string; remedy: ((tab: string, detail: string) => string | Remedy) | null };

/** What each kind means; the detail is an object's name, quoted. Kinds without an entry are shown and no finding. */
const kinds: Record<string, Kind> = {
  'no primary key': {
    code: 'tables.no_primary_key', severity: 'info', remedy: null,
    says: (detail) => (detail === '' ? 'Has no primary key: rows cannot be told apart, and logical replication of updates and deletes needs a replica identity.' : `Has no primary key. The unique index ${detail} tells its rows apart; logical replication of updates and deletes needs it named as the replica identity.`),
  },
  'published without identity': {
    code: 'tables.no_replica_identity', severity: 'critical', says: (detail) => `Is published by ${detail}, updates or deletes with it, but has no replica identity: UPDATE and DELETE on it fail.`,
    remedy: (tab) => `-- better: a primary key. FULL writes the whole old row into the WAL and lets subscribers search for it\nALTER TABLE ${tab} REPLICA IDENTITY FULL;`,
  },
  'constraint not valid': {
    code: 'tables.not_valid', severity: 'warning', says: (detail) => `Constraint ${detail} was never validated: older rows may break it, and the planner cannot rely on it. Validating reads the table and lets reads and writes go on.`,
    remedy: (tab, detail) => `ALTER TABLE ${tab} VALIDATE CONSTRAINT ${detail};`,
  },
  'trigger disabled': {
    code: 'tables.trigger_disabled', severity: 'warning', says: (detail) => `Trigger ${detail} is disabled: what it should do is not done.`,
    remedy: (tab, detail) => `ALTER TABLE ${tab} ENABLE TRIGGER ${detail};  -- blocks writes for a moment`,
  },
  'foreign key not enforced': {
    code: 'tables.foreign_key_disabled', severity: 'warning', says: (detail) => `The triggers that enforce foreign key ${detail} are disabled: rows may refer to nothing, although the constraint counts as valid.`,
    remedy: (tab) => `ALTER TABLE ${tab} ENABLE TRIGGER ALL;  -- as superuser; does not check rows written meanwhile`,
  },
  'autovacuum off': {
    code: 'tables.autovacuum_off', severity: 'warning', says: () => 'Autovacuum is switched off for this table: dead rows and old statistics stay until somebody runs VACUUM and ANALYZE.',
    remedy: (tab) => ({ action: 'tables.storage', params: { table: tab, autovacuum_enabled: 'default' } }),
  },
  unlogged: {
    code: 'tables.unlogged', severity: 'info', says: () => 'Is unlogged: it is emptied after a crash, is empty on standbys, and is in no base backup. Fine for what can be made again.',
    remedy: (tab) => `ALTER TABLE ${tab} SET LOGGED;  -- writes the whole table into the WAL, ACCESS EXCLUSIVE meanwhile`,
  },
};

/** This console’s own counters of sign-in attempts, which may be lost. */
const ownUnlogged = 'riskdesk.rate_limits';

export const hygiene = diagnostic({
  name: 'hygiene',
  title: 'Hygiene',
  why: 'Small things that were meant to be temporary.',
  how: 'From the catalogs. A partitioned table stands for its partitions; tables of extensions are left out. “Never analyzed” is judged under stale statistics. Constraints NOT ENFORCED by declaration (from 18) are listed and no finding: they say what was meant.',
  permission: 'stats:read',
  params: {},
  row: { tab: col.code('Table'), kind: col.text('What'), detail: col.code('Object'), row_estimate: col.maybe(col.count('Rows')), place: col.count('Order', { note: 'The most serious kind first' }) },
  key: ['tab', 'kind', 'detail'],
  search: ['tab', 'kind', 'detail'],
  sort: 'place',
  show: ['tab', 'kind', 'detail', 'row_estimate'],
  needs: [],
  charts: [],
  codes: {
    'tables.no_primary_key': 'A table without a primary key.',
    'tables.no_replica_identity': 'A published table whose updates and deletes fail, because it has no replica identity.',
    'tables.not_valid': 'A constraint that was added NOT VALID and never validated.',
    'tables.trigger_disabled': 'A trigger that is switched off.',
    'tables.foreign_key_disabled': 'A foreign key whose triggers are switched off.',
    'tables.autovacuum_off': 'A table for which autovacuum is switched off.',
    'tables.unlogged': 'A table that a crash empties and standbys do not have.',
  },
  refreshSeconds: 60,
  source: 'sql',
  alarm: () => sql`d.kind not in ('never analyzed', 'constraint not enforced')`,
  sql: { 14: ({ server }) => hygieneRows(server.major) },
  findings: (rows) =>
    rows.flatMap((row): Finding[] => {
      const kind = kinds[row.kind];
      if (!kind || (row.kind === 'unlogged' && row.tab === ownUnlogged)) return [];
      const { code, severity, says, remedy } = kind;
      const helps = remedy?.(row.tab, row.detail) ?? null;
      return [{ code, severity, about: row.tab, says: says(row.detail), evidence: { object: row.detail, row_estimate: row.row_estimate }, remedy: typeof helps === 'string' ? { sql: helps } : helps }];
    }),
});
