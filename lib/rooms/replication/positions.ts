import { sql, type SQL } from '@/lib/pg/sql';

/** Where this server's WAL ends: what it wrote as a primary, what it has received or replayed as a standby. */
export const walEnd = sql`case when pg_is_in_recovery() then greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) else pg_current_wal_lsn() end`;

/** NULL where one end is unknown, which greatest() alone would make a zero. */
export const bytesBetween = (end: SQL, start: SQL): SQL => sql`case when ${start} is not null and ${end} is not null then greatest(pg_wal_lsn_diff(${end}, ${start}), 0)::float8 end`;

export const ms = (interval: SQL): SQL => sql`(extract(epoch from ${interval}) * 1000)::float8`;

/** Milliseconds since a moment; NULL stays NULL. */
export const since = (moment: SQL): SQL => sql`case when ${moment} is not null then greatest((extract(epoch from clock_timestamp() - ${moment}) * 1000)::float8, 0) end`;
