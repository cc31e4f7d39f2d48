import type { Severity } from '@/lib/kit/finding';
import { formatBytes } from '@/lib/units';
import { asSetting, change, consider, fine, manual, measured, pgtune, sizeOf, type Known, type Opinion, type Rule, type Situation } from './advice';

/** A switch that must stand on one side. */
const must = (value: 'on' | 'off', severity: Severity, otherwise: string, right: string): Rule => (_, { raw }) => (raw === value ? fine(right, manual) : change(severity, value, otherwise, manual));

const planner = must('on', 'warning', 'A way to plan is forbidden for everybody. That is meant for finding out about one statement; where it helps, statistics or costs are wrong.', 'The planner may choose.');

/**
 * A checkpoint is requested when max_wal_size is half used, and also by CREATE DATABASE, backups and people. Only where as much WAL lies
 * between checkpoints as the limit leaves room for can it have been the limit.
 */
export const checkpoints = ({ checkpoints: { timed, requested, wal_bytes: wal } }: Situation, setting: Known): Opinion => {
  const total = timed + requested;
  const apart = wal / Math.max(total, 1);
  const figures = `${requested} of ${total} checkpoints were requested rather than due by time, with ${formatBytes(apart)} of WAL between two`;
  if (total < 10) return fine(`${figures}: too few to tell.`, measured);
  if (requested <= timed) return fine(`${figures}.`, measured);
  if (apart < sizeOf(setting) * 0.4) return fine(`${figures}: too little for the limit to have been the cause.`, measured);
  return change('warning', asSetting(sizeOf(setting) * 2), `${figures}: the limit causes them. Each writes pages again that time would have gathered, and full pages to the WAL after it. More needs the disk for it, and makes recovery after a crash longer.`, measured);
};

/** What does not depend on the machine, by setting. */
export const safety: Record<string, Rule> = {
  fsync: must('on', 'critical', 'A crash of the machine can leave the database beyond repair: nothing makes sure that what was written is on disk.', 'Data survives a crash of the machine.'),
  full_page_writes: must('on', 'critical', 'A page half written at a crash cannot be repaired. Only a file system that writes whole pages makes off safe.', 'Half-written pages are repaired after a crash.'),
  zero_damaged_pages: must('off', 'critical', 'A damaged page is silently emptied, and what was on it is gone.', 'A damaged page is an error.'),
  ignore_checksum_failure: must('off', 'critical', 'A page whose checksum is wrong is used all the same, and the damage spreads.', 'A wrong checksum is an error.'),
  autovacuum: must('on', 'critical', 'Nobody removes dead rows or renews statistics, until the transaction ids run out and PostgreSQL starts it all the same.', 'Dead rows are removed and statistics renewed.'),
  track_counts: must('on', 'critical', 'Nothing is counted, so autovacuum does not know what to do and unused indexes cannot be told.', 'Tables and indexes are counted.'),
  track_activities: must('on', 'warning', 'pg_stat_activity does not say what sessions do.', 'Sessions show what they do.'),
  synchronous_commit: (_, { raw }) => (raw === 'off' ? consider('on', 'After a crash, commits of the last moments (up to three times wal_writer_delay) can be lost; the rest is consistent. Right for data that can be made again, and better set for its role alone.', manual) : fine('A commit is on disk before it is confirmed.', manual)),
  password_encryption: (_, { raw }) => (raw === 'scram-sha-256' ? fine('Passwords are stored as SCRAM secrets.', manual) : change('warning', 'scram-sha-256', 'New passwords are stored as MD5, which a thief of the hash can sign in with; PostgreSQL 18 warns of each. Set, and let every role set its password again.', manual)),
  checkpoint_completion_target: (_, { raw }) => (Number(raw) >= 0.9 ? fine('The default since 14.', manual) : change('info', '0.9', 'Checkpoints write faster than they must, and the disk is busier meanwhile. 0.9 is the default since 14.', manual)),
  wal_buffers: (_, setting) => (setting.raw === setting.boot || setting.source === 'default' || setting.source === 'override' ? fine('Sized from shared_buffers by PostgreSQL itself.', manual) : fine('Set by hand. -1 lets PostgreSQL size it from shared_buffers, up to 16 MB, and is seldom worse.', manual)),
  idle_in_transaction_session_timeout: (_, { raw }) => (raw === '0' ? consider('5min', 'A session that is forgotten inside a transaction keeps its locks and holds back vacuum until it ends. Better set for the roles of applications than for everybody.', manual) : fine('A forgotten transaction ends by itself.', manual)),
  huge_pages: (_, { raw }) => (raw === 'off' ? consider('try', 'try, the default, costs nothing where the system has no huge pages.', manual) : fine('Used where the system has them.', manual)),
  enable_seqscan: planner,
  enable_indexscan: planner,
  enable_hashjoin: planner,
  enable_mergejoin: planner,
  enable_nestloop: planner,
  enable_sort: planner,
  jit: ({ workload }, { raw }) => {
    if (raw === 'off') return fine('Off.', pgtune);
    if (workload === 'web' || workload === 'oltp') return consider('off', 'Compiling costs more than it gives for short statements whose cost is overestimated. Off by default from PostgreSQL 19.', pgtune);
    return fine('Helps long statements; for short ones it is better off (state the workload).', pgtune);
  },
};
