import 'server-only';
import { appPool } from '@/lib/db/client';
import { sql } from '@/lib/pg/sql';
import { formatBytes } from '@/lib/units';
import { monitorRows } from './monitor';

export type CheckStatus = 'healthy' | 'unhealthy' | 'unknown';
export type Check = { status: CheckStatus; duration: number; details: string };
export type Health = { status: 'healthy' | 'unhealthy'; timestamp: string; checks: Record<'connectivity' | 'connection_pool' | 'database_size' | 'long_queries', Check> };

const checkTimeoutMs = 2000;

/** Runs one check; what fails is `unknown`, never healthy. `duration` is in milliseconds. */
async function check(work: () => Promise<{ ok: boolean; details: string }>, failed: CheckStatus = 'unknown'): Promise<Check> {
  const started = performance.now();
  const took = () => Math.round((performance.now() - started) * 10) / 10;
  let timer: NodeJS.Timeout | undefined;
  try {
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('timeout')), checkTimeoutMs);
    });
    const { ok, details } = await Promise.race([work(), timeout]);
    return { status: ok ? 'healthy' : 'unhealthy', duration: took(), details };
  } catch {
    return { status: failed, duration: took(), details: 'The check itself failed: the database did not answer in time.' };
  } finally {
    clearTimeout(timer);
  }
}

const connectivity = () =>
  check(async () => {
    await appPool().use((client) => client.query('select 1'));
    return { ok: true, details: 'A connection of the application pool answers.' };
  }, 'unhealthy');

/** Open connections are no problem and a full pool without waiters works: what hurts is waiting while all are taken. */
const connectionPool = () =>
  check(async () => {
    const { inUse, max, waiting, open } = appPool().figures();
    return { ok: !(waiting > 0 && inUse >= max), details: `Connections: ${open}/${max} open, ${inUse} in use, ${waiting} waiting` };
  });

const databaseSize = () =>
  check(async () => {
    const [row] = await monitorRows<{ size: number }>('main', sql`select pg_database_size(current_database()) as size`);
    return { ok: row !== undefined, details: row ? `Size: ${formatBytes(row.size)}` : 'unknown' };
  });

/** Client sessions only: a walsender or an autovacuum worker is always or rightly busy. */
const longQueries = () =>
  check(async () => {
    const [row] = await monitorRows<{ long: number; hidden: number }>('main', sql`
      select count(*) filter (where state = 'active' and clock_timestamp() - query_start > interval '30 seconds') as long,
        count(*) filter (where state is null) as hidden
      from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() and datname = current_database()`);
    const hidden = row?.hidden ? `, ${row.hidden} sessions hidden from the monitoring role` : '';
    return { ok: row?.long === 0, details: `Queries running for over 30 s: ${row?.long ?? 'unknown'}${hidden}` };
  });

/**
 * The guide's health check. Unhealthy (503) is only what keeps requests from being served: no connection, or requests
 * waiting for one while all are taken. Long queries are reported and do not take the console out of rotation.
 */
export async function health(): Promise<Health> {
  const [first, pool, size, long] = await Promise.all([connectivity(), connectionPool(), databaseSize(), longQueries()]);
  const healthy = first.status === 'healthy' && pool.status === 'healthy';
  return {
    status: healthy ? 'healthy' : 'unhealthy',
    timestamp: new Date().toISOString(),
    checks: { connectivity: first, connection_pool: pool, database_size: size, long_queries: long },
  };
}
