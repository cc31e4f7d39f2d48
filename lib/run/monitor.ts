import 'server-only';
import { readEnv } from '@/lib/env';
import { AppError } from '@/lib/errors';
import type { DeskClient } from '@/lib/pg/client';
import { fromUrl, ownSettings, type ConnectionSettings } from '@/lib/pg/connection';
import { DeskPool } from '@/lib/pg/pool';
import { render, type SQL } from '@/lib/pg/sql';

/** Monitoring must not hurt: few connections, short limits, and it gives way to any lock. */
const monitorConnections = 3;
export const diagnosticTimeoutMs = 4000;
const lockTimeoutMs = 200;

const shared = globalThis as typeof globalThis & { riskdeskMonitors?: Map<string, DeskPool> };

/** The observed databases: the product's own one, then those of TARGETS. */
export const targetNames = (): string[] => ['main', ...readEnv().TARGETS.map((target) => target.name)];

function settingsOf(name: string): ConnectionSettings {
  if (name === 'main') return ownSettings('monitor');
  const target = readEnv().TARGETS.find((candidate) => candidate.name === name);
  if (!target) throw new AppError('not_found', 'There is no observed database of this name.');
  return fromUrl(target.url);
}

/** The small pool that diagnostics of one target use, and nothing else does. @throws AppError not_found */
export function monitorPool(target: string): DeskPool {
  const pools = (shared.riskdeskMonitors ??= new Map());
  const known = pools.get(target);
  if (known) return known;
  const env = readEnv();
  const pool = new DeskPool({
    name: target === 'main' ? 'monitor' : `monitor-${target}`,
    connection: settingsOf(target),
    max: monitorConnections,
    min: 1,
    maxLifetimeMs: env.DB_MAX_LIFETIME,
    maxIdleMs: env.DB_MAX_IDLE_TIME,
    connectTimeoutMs: Math.min(env.DB_CONNECT_TIMEOUT, diagnosticTimeoutMs),
    queryTimeoutMs: diagnosticTimeoutMs,
    acquireTimeoutMs: 3000,
  });
  pools.set(target, pool);
  return pool;
}

export const monitorPools = (): DeskPool[] => [...(shared.riskdeskMonitors?.values() ?? [])];

type Row = Record<string, unknown>;

/** Rows of one read-only statement on a target, under the monitor's limits; works behind a pooler too. */
export function monitorRows<T extends Row>(target: string, statement: SQL): Promise<T[]> {
  return monitorTransaction(target, (rows) => rows<T>(statement));
}

/** Several statements in one read-only transaction, so that they see the same snapshot of the statistics. */
export function monitorTransaction<T>(target: string, work: (rows: <R extends Row>(statement: SQL) => Promise<R[]>) => Promise<T>): Promise<T> {
  return monitorPool(target).use(async (client) => {
    await client.query('begin transaction read only');
    try {
      await client.query(`select set_config('statement_timeout', '${diagnosticTimeoutMs}', true), set_config('lock_timeout', '${lockTimeoutMs}', true), set_config('TimeZone', 'UTC', true)`);
      return await work((statement) => rowsOf(client, statement));
    } finally {
      await client.query('rollback').catch(() => client.end());
    }
  });
}

async function rowsOf<R extends Row>(client: DeskClient, statement: SQL): Promise<R[]> {
  const { rows } = await client.query<R>(render(statement));
  return rows;
}

/** Ends the monitor pools. For tests. */
export async function closeMonitors(): Promise<void> {
  const pools = monitorPools();
  shared.riskdeskMonitors?.clear();
  await Promise.all(pools.map((pool) => pool.end()));
}
