import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { sql } from '@/lib/pg/sql';
import { MiB } from '@/lib/units';
import { bytesBetween, since } from './positions';
import { standbyFindings } from './standby-findings';

type Standby = {
  status: string | null; sender: string | null; slot: string | null; follows: boolean; restores: boolean; not_received_bytes: number | null; not_replayed_bytes: number | null;
  last_message_ms: number | null; last_commit_ms: number | null; last_commit_at: string | null; pause_state: string | null;
  feedback: boolean; conflicts: number; conflict_kinds: string | null; received_lsn: string | null; replayed_lsn: string | null; timeline: number | null;
};

export const standby = diagnostic({
  name: 'standby',
  title: 'This server as a standby',
  why: 'Whether this standby still receives and replays what its primary writes, and how old the data is that its readers see.',
  how: 'From pg_stat_wal_receiver and the recovery functions; empty on a primary. The age of the last replayed commit grows on an idle primary though nothing is missing: so the delay is 0 while the receiver streams and all that came is replayed, at most that age while something waits to be replayed, and unknown while the receiver is not streaming.',
  permission: 'stats:read',
  params: { max_bytes: param.bytes('A finding from (bytes)', 64 * MiB), max_ms: param.ms('A finding from (ms)', 60_000) },
  row: {
    role: col.text('Role'),
    status: col.text('Receiver'),
    sender: col.maybe(col.code('From')),
    slot: col.maybe(col.code('Slot')),
    timeline: col.maybe(col.count('Timeline')),
    not_received_bytes: col.maybe(col.bytes('Not received', { note: 'Of what the sender had told of with its last message' })),
    not_replayed_bytes: col.maybe(col.bytes('Not replayed')),
    replay_delay_ms: col.maybe(col.ms('Replay delay', { note: 'At most. Unknown while the receiver is not streaming' })),
    last_commit_ms: col.maybe(col.ms('Last commit replayed', { note: 'Grows on an idle primary' })),
    last_message_ms: col.maybe(col.ms('Last message')),
    pause_state: col.maybe(col.text('Replay')),
    follows: col.flag('Has a primary', { note: 'primary_conninfo is set' }),
    restores: col.flag('Has an archive', { note: 'restore_command is set' }),
    feedback: col.flag('hot_standby_feedback'),
    conflicts: col.count('Queries cancelled', { note: 'By recovery, in the observed database, since its counters began' }),
    conflict_kinds: col.maybe(col.text('Cancelled for')),
    received_lsn: col.maybe(col.code('Received up to')),
    replayed_lsn: col.maybe(col.code('Replayed up to')),
    last_commit_at: col.maybe(col.time('Committed on the primary')),
  },
  key: ['role'],
  sort: 'role',
  show: ['status', 'sender', 'slot', 'not_received_bytes', 'not_replayed_bytes', 'replay_delay_ms', 'last_commit_ms', 'pause_state', 'conflicts'],
  needs: [{ monitor: 'Without pg_monitor, the receiver’s state is hidden.' }],
  charts: [],
  codes: {
    'replication.receiver_down': 'This standby does not receive from its primary.',
    'replication.replay_paused': 'Replay on this standby is paused.',
    'replication.replay_behind': 'This standby has received WAL that it has not replayed, beyond the thresholds.',
  },
  refreshSeconds: 10,
  source: 'facts',
  read: async (ask) => {
    const rows = await ask<Standby>(sql`
      select w.status, w.sender_host || ':' || w.sender_port as sender, w.slot_name as slot, w.received_tli as timeline, g.follows, g.restores, g.feedback,
        ${bytesBetween(sql`w.latest_end_lsn`, sql`w.flushed_lsn`)} as not_received_bytes, ${bytesBetween(sql`p.received`, sql`p.replayed`)} as not_replayed_bytes,
        ${since(sql`w.last_msg_receipt_time`)} as last_message_ms, ${since(sql`p.committed`)} as last_commit_ms, p.committed as last_commit_at, p.pause_state,
        c.conflicts, c.conflict_kinds, p.received::text as received_lsn, p.replayed::text as replayed_lsn
      from (select case when pg_is_in_recovery() then pg_get_wal_replay_pause_state() end as pause_state, pg_last_wal_replay_lsn() as replayed,
          greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) as received, pg_last_xact_replay_timestamp() as committed) p
        cross join (select coalesce(bool_or(name = 'primary_conninfo' and setting <> ''), false) as follows, coalesce(bool_or(name = 'restore_command' and setting <> ''), false) as restores,
          coalesce(bool_or(name = 'hot_standby_feedback' and setting = 'on'), false) as feedback from pg_settings) g
        cross join (select coalesce(sum(k.n), 0)::float8 as conflicts, string_agg(k.kind || ' ' || k.n, ', ' order by k.n desc) filter (where k.n > 0) as conflict_kinds
          from pg_stat_database_conflicts d, lateral (values ('a dropped tablespace', d.confl_tablespace), ('a lock', d.confl_lock), ('a snapshot', d.confl_snapshot),
            ('a pinned buffer', d.confl_bufferpin), ('a deadlock', d.confl_deadlock)) k (kind, n) where d.datname = current_database()) c
        left join pg_stat_wal_receiver w on true
      where pg_is_in_recovery()`);
    return rows.map((row) => ({ ...row, role: 'standby', status: row.status ?? 'no receiver', replay_delay_ms: delayOf(row) }));
  },
  findings: (rows, { params }) => rows.flatMap((row) => standbyFindings(row, params.max_bytes, params.max_ms)),
});

function delayOf({ status, not_replayed_bytes: bytes, last_commit_ms: age }: Standby): number | null {
  if (status !== 'streaming' || bytes === null) return null;
  return bytes === 0 ? 0 : age;
}
