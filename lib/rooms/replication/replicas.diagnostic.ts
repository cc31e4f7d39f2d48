import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { param } from '@/lib/kit/param';
import { sql } from '@/lib/pg/sql';
import { formatBytes, formatMs, MiB } from '@/lib/units';
import { bytesBetween, ms, since, walEnd } from './positions';
import { missingSync } from './synchronous';

type Replica = {
  name: string; state: string | null; not_replayed_bytes: number | null; not_sent_bytes: number | null; not_written_bytes: number | null; not_flushed_bytes: number | null; write_lag_ms: number | null; replay_lag_ms: number | null;
};

export const replicas = diagnostic({
  name: 'replicas',
  title: 'Replicas',
  why: 'How far each receiver of this server’s WAL is behind, and at which stage: sending, writing, flushing or replaying.',
  how: 'From pg_stat_replication. Bytes are what is missing now. The lag times are those of the last WAL that was confirmed: unknown when nothing is on its way, and stale while replay stands still, so bytes decide. A receiver that stores and does not replay (pg_receivewal) is behind by what it has not written. A replica that is disconnected is in no row: its slot tells. An idle primary has replicas that are 0 bytes behind, which is no lag.',
  permission: 'stats:read',
  params: { max_bytes: param.bytes('A finding from (bytes)', 64 * MiB), max_ms: param.ms('A finding from (ms)', 60_000) },
  row: {
    pid: col.code('PID'),
    name: col.code('Replica', { note: 'Its application_name' }),
    client: col.maybe(col.code('Client')),
    usr: col.maybe(col.code('Role')),
    slot: col.maybe(col.code('Slot')),
    kind: col.maybe(col.text('Kind')),
    state: col.maybe(col.text('State')),
    sync_state: col.maybe(col.text('Synchronous')),
    not_sent_bytes: col.maybe(col.bytes('Not sent')),
    not_written_bytes: col.maybe(col.bytes('Not written')),
    not_flushed_bytes: col.maybe(col.bytes('Not flushed')),
    not_replayed_bytes: col.maybe(col.bytes('Not replayed', { note: 'All that it is behind; of a logical receiver, not confirmed' })),
    write_lag_ms: col.maybe(col.ms('Write lag')),
    flush_lag_ms: col.maybe(col.ms('Flush lag')),
    replay_lag_ms: col.maybe(col.ms('Replay lag', { note: 'Unknown: nothing on its way' })),
    reply_ms: col.maybe(col.ms('Last reply')),
    xmin_age: col.maybe(col.count('Snapshot age', { note: 'What hot_standby_feedback keeps vacuum here from removing' })),
    started_at: col.maybe(col.time('Connected')),
  },
  key: ['pid'],
  search: ['name', 'client', 'usr', 'slot', 'state'],
  sort: '-not_replayed_bytes',
  show: ['name', 'client', 'slot', 'state', 'sync_state', 'not_sent_bytes', 'not_flushed_bytes', 'not_replayed_bytes', 'replay_lag_ms', 'reply_ms'],
  needs: [{ monitor: 'Without pg_monitor, the state and the positions of replicas are hidden.' }],
  charts: [{ kind: 'bars', title: 'Not replayed by replica', label: 'name', values: ['not_replayed_bytes'], top: 10 }],
  codes: {
    'replication.lag': 'A replica is further behind than the thresholds allow.',
    'replication.sync_missing': 'Fewer synchronous replicas are connected than commits wait for.',
  },
  context: {
    row: {
      receivers: col.count('Connected'),
      synchronous: col.count('Synchronous'),
      most: col.count('max_wal_senders'),
      sync_names: col.text('synchronous_standby_names'),
      sync_commit: col.text('synchronous_commit'),
    },
    sql: () => sql`
      select count(*) as receivers, count(*) filter (where sync_state in ('sync', 'quorum')) as synchronous, current_setting('max_wal_senders')::int as most,
        current_setting('synchronous_standby_names') as sync_names, current_setting('synchronous_commit') as sync_commit from pg_stat_replication`,
  },
  refreshSeconds: 10,
  source: 'sql',
  sql: {
    14: () => sql`
      select r.pid::text as pid, coalesce(nullif(r.application_name, ''), 'pid ' || r.pid) as name, host(r.client_addr) as client, r.usename::text as usr,
        s.slot_name::text as slot, coalesce(s.slot_type, case when r.state = 'backup' then 'base backup' end) as kind, r.state, r.sync_state,
        ${bytesBetween(walEnd, sql`r.sent_lsn`)} as not_sent_bytes, ${bytesBetween(walEnd, sql`r.write_lsn`)} as not_written_bytes,
        ${bytesBetween(walEnd, sql`r.flush_lsn`)} as not_flushed_bytes, ${bytesBetween(walEnd, sql`r.replay_lsn`)} as not_replayed_bytes,
        ${ms(sql`r.write_lag`)} as write_lag_ms, ${ms(sql`r.flush_lag`)} as flush_lag_ms, ${ms(sql`r.replay_lag`)} as replay_lag_ms,
        ${since(sql`r.reply_time`)} as reply_ms, age(r.backend_xmin) as xmin_age, r.backend_start as started_at
      from pg_stat_replication r left join pg_replication_slots s on s.active_pid = r.pid`,
  },
  findings: (rows, { params, context, server }) => [
    ...(context && server && !server.inRecovery ? missingSync(context) : []),
    ...rows.flatMap((row) => behind(row, params.max_bytes, params.max_ms)),
  ],
});

/**
 * An idle primary's last lag may be old: only bytes that are missing now make it count. A receiver that stores and does not replay is behind by what it has not written:
 * pg_receivewal flushes whole segments, if it says so at all.
 */
function behind(row: Replica, maxBytes: number, maxMs: number): Finding[] {
  const [behindBytes, confirmedMs] = row.not_replayed_bytes === null ? [row.not_written_bytes ?? row.not_sent_bytes, row.write_lag_ms] : [row.not_replayed_bytes, row.replay_lag_ms];
  const [bytes, lag] = [behindBytes ?? 0, confirmedMs ?? 0];
  if (row.state === 'backup' || bytes === 0 || (bytes < maxBytes && lag < maxMs)) return [];
  return [{
    code: 'replication.lag',
    severity: bytes >= maxBytes * 10 || lag >= maxMs * 10 ? 'critical' : 'warning',
    about: row.name,
    says: `Is ${formatBytes(bytes)} behind${confirmedMs === null ? '' : `; what it confirmed last took it ${formatMs(lag)}`}. ${stage(row, bytes)}`,
    evidence: { state: row.state, not_sent_bytes: row.not_sent_bytes, not_written_bytes: row.not_written_bytes, not_flushed_bytes: row.not_flushed_bytes, not_replayed_bytes: row.not_replayed_bytes, replay_lag_ms: row.replay_lag_ms },
    remedy: null,
  }];
}

function stage({ not_sent_bytes: unsent, not_written_bytes: unwritten, not_flushed_bytes: unflushed }: Replica, all: number): string {
  if ((unsent ?? 0) > all / 2) return 'Most of it has not been sent: the network, or a receiver that does not keep up.';
  if ((unflushed ?? unwritten ?? 0) > all / 2) return 'Most of it is sent but not on its disk.';
  return 'Most of it is on its disk and not replayed: replay is paused, waits for a query there, or is slower than what happens here.';
}
