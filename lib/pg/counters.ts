import { sql } from './sql';

/**
 * Since when this server counts scans and rows. A crash zeroes the counters and leaves pg_stat_database.stats_reset as it was, but it resets the cluster-wide
 * views as well: it cannot be later than the oldest of those.
 */
export const countingSince = sql`(
          select greatest(d.stats_reset, least(b.stats_reset, a.stats_reset, w.stats_reset))
          from pg_stat_database d, pg_stat_bgwriter b, pg_stat_archiver a, pg_stat_wal w where d.datname = current_database())`;
