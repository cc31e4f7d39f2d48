import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { sql } from '@/lib/pg/sql';
import { GiB } from '@/lib/units';
import { bytesBetween, since, walEnd } from './positions';
import { slotFindings } from './slot-findings';

export const slots = diagnostic({
  name: 'slots',
  title: 'Replication slots',
  why: 'A slot keeps the WAL that its consumer has not read, for ever unless there is a limit: one that nobody uses fills the disk.',
  how: 'From pg_replication_slots. The limit is max_slot_wal_keep_size. Since when a slot is inactive is known from 17, the reason of its invalidation from 17 (a conflict with recovery from 16). A slot that a standby copies from its primary is inactive there by nature.',
  permission: 'stats:read',
  params: { max_bytes: param.bytes('A finding from (bytes)', GiB), max_inactive_ms: param.ms('Inactive for (ms)', 3_600_000) },
  row: {
    slot: col.code('Slot'),
    kind: col.text('Kind'),
    plugin: col.maybe(col.code('Plugin')),
    datname: col.maybe(col.code('Database')),
    active: col.flag('Active'),
    active_pid: col.maybe(col.code('PID')),
    temporary: col.flag('Temporary'),
    wal_status: col.maybe(col.text('WAL', { note: 'reserved and extended are safe, unreserved is about to be removed, lost is gone' })),
    retained_bytes: col.maybe(col.bytes('WAL kept')),
    limit_bytes: col.maybe(col.bytes('Limit', { note: 'Unknown: none' })),
    limit_ratio: col.maybe(col.ratio('Of the limit')),
    safe_bytes: col.maybe(col.bytes('Until it is lost', { note: 'WAL that may be written before the slot can be lost; negative: at the next checkpoint. Unknown without a limit' })),
    unconfirmed_bytes: col.maybe(col.bytes('Not confirmed', { note: 'By a logical consumer' })),
    inactive_at: col.maybe(col.time('Inactive since')),
    inactive_ms: col.maybe(col.ms('Inactive for')),
    invalidation: col.maybe(col.text('Invalidated by')),
    xmin_age: col.maybe(col.count('Snapshot age', { note: 'What the slot keeps vacuum from removing, in tables or the catalog' })),
    two_phase: col.maybe(col.flag('Two-phase')),
    failover: col.maybe(col.flag('Failover', { note: 'From 17' })),
    synced: col.maybe(col.flag('Copied from the primary', { note: 'From 17' })),
  },
  key: ['slot'],
  search: ['slot', 'kind', 'plugin', 'datname', 'wal_status', 'invalidation'],
  sort: '-retained_bytes',
  show: ['slot', 'kind', 'datname', 'active', 'wal_status', 'retained_bytes', 'limit_ratio', 'inactive_ms', 'invalidation', 'xmin_age'],
  needs: [],
  charts: [{ kind: 'bars', title: 'WAL kept by slot', label: 'slot', values: ['retained_bytes'], top: 10 }],
  codes: {
    'replication.slot_lost': 'The WAL that a slot’s consumer still needs is gone: the slot will never work again.',
    'replication.slot_at_risk': 'A slot is close to losing the WAL that its consumer still needs.',
    'replication.slot_inactive': 'Nobody uses a slot, and it keeps WAL.',
    'replication.slot_retention': 'A slot in use keeps more WAL than the threshold.',
  },
  actions: [{ action: 'replication.drop_slot', from: { slot: 'slot' } }],
  refreshSeconds: 30,
  source: 'sql',
  // Columns that came later are read through JSON, where a missing one is NULL.
  sql: {
    14: () => sql`
      select k.*, k.retained_bytes / nullif(k.limit_bytes, 0) as limit_ratio, ${since(sql`k.inactive_at`)} as inactive_ms from (
        select s.slot_name::text as slot, s.slot_type as kind, s.plugin::text as plugin, s.database::text as datname, s.active, s.active_pid::text as active_pid, s.temporary, s.wal_status,
          ${bytesBetween(walEnd, sql`s.restart_lsn`)} as retained_bytes, l.limit_bytes, s.safe_wal_size::float8 as safe_bytes,
          ${bytesBetween(walEnd, sql`s.confirmed_flush_lsn`)} as unconfirmed_bytes, (j.j->>'inactive_since')::timestamptz as inactive_at,
          coalesce(j.j->>'invalidation_reason', case when (j.j->>'conflicting')::bool then 'a conflict with recovery' end) as invalidation,
          greatest(age(s.xmin), age(s.catalog_xmin)) as xmin_age, s.two_phase, (j.j->>'failover')::bool as failover, (j.j->>'synced')::bool as synced
        from pg_replication_slots s cross join lateral (select to_jsonb(s) as j) j
          cross join (select nullif(setting, '-1')::float8 * 1048576 as limit_bytes from pg_settings where name = 'max_slot_wal_keep_size') l
      ) k`,
  },
  findings: (rows, { params }) => rows.flatMap((row) => slotFindings(row, params.max_bytes, params.max_inactive_ms)),
});
