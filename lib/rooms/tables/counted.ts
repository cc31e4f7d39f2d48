import type { Need } from '@/lib/kit/diagnostic';

/** What must hold before the counters of changed rows say anything. */
export const counted: Need[] = [
  { primary: 'Changed rows are counted, and vacuumed and analyzed, on the primary: ask there.' },
  { setting: 'track_counts', not: 'off', says: 'track_counts is off: nobody counts changed rows, and autovacuum does not run.', remedy: 'ALTER SYSTEM SET track_counts = on;\nSELECT pg_reload_conf();' },
];
