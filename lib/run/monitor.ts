import 'server-only';
import { readEnv } from '@/lib/env';
import { AppError } from '@/lib/errors';
import type { DeskClient } from '@/lib/pg/client';
import { fromUrl, ownSettings, type ConnectionSettings } from '@/lib/pg/connection';
import { DeskPool } from '@/lib/pg/pool';
import { render, type SQL } from '@/lib/pg/sql';

/** Monitoring must not hurt: few connections, short limits, and it gives way to any lock. */
const monitorConnections = 3;
/** Scans that a person asks for run one after the other, beside the others. */
const scanConnections = 1;
export const diagnosticTimeoutMs = 4000;
const lockTimeoutMs = 200;

const shared = globalThis as typeof globalThis & { riskdeskMonitors?: Map<string, DeskPool> };

/** The observed databases: the product's own one, then those of TARGETS. */
export const targetNames = (): string[] => ['main', ...readEnv().TARGETS.map((target) => target.name)];

/** @throws AppError not_found for a name that is none of theirs */
export function requireTarget(name: string): string {
  if (!targetNames().includes(name)) throw new AppError('not_found', 'There is no observed database of this name.');
  return name;
}

function settingsOf(name: string): ConnectionSettings {
  if (name === 'main') return ownSettings('monitor');
  const target = readEnv().TARGETS.find((candidate) => candidate.name === name);
  if (!target) throw new AppError('not_found', 'There is no observed database of this name.');
  return fromUrl(target.url);
}

/** Who changes a target: the product's own maintenance role, elsewhere the role of TARGETS. @throws AppError not_found */
export const maintenanceSettings = (target: string): ConnectionSettings => (target === 'main' ? ownSettings('maintenance') : settingsOf(target));

/** The small pool that diagnostics of one target use, and nothing else does. What may run for longer has one of its own. @throws AppError not_found */
export function monitorPool(target: string, limitMs = diagnosticTimeoutMs): DeskPool {
  const pools = (shared.riskdeskMonitors ??= new Map());
  const use = limitMs > diagnosticTimeoutMs ? 'scan' : 'monitor';
  const name = target === 'main' ? use : `${use}-${target}`;
  const known = pools.get(`${name} ${limitMs}`);
  if (known) return known;
  const env = readEnv();
  const pool = new DeskPool({
    name,
    connection: settingsOf(target),
    max: use === 'scan' ? scanConnections : monitorConnections,
    min: use === 'scan' ? 0 : 1,
    maxLifetimeMs: env.DB_MAX_LIFETIME,
    maxIdleMs: env.DB_MAX_IDLE_TIME,
    connectTimeoutMs: Math.min(env.DB_CONNECT_TIMEOUT, diagnosticTimeoutMs),
    queryTimeoutMs: limitMs,
    acquireTimeoutMs: 3000,
  });
  pools.set(`${name} ${limitMs}`, pool);
  return pool;
}

export const monitorPools = (): DeskPool[] => [...(shared.riskdeskMonitors?.values() ?? [])];

type Row = Record<string, unknown>;

/** Rows of one read-only statement on a target, under the monitor's limits; works behind a pooler too. */
export function monitorRows<T extends Row>(target: string, statement: SQL): Promise<T[]> {
  return monitorTransaction(target, (rows) => rows<T>(statement));
}

type Work<T> = (rows: <R extends Row>(statement: SQL) => Promise<R[]>, client: DeskClient) => Promise<T>;

/**
 * Several statements in one read-only transaction, so that they see the same snapshot of the statistics. Times are written in one way, whatever the role's settings say; nothing is compiled, because
 * over catalogs that takes longer than it saves.
 */
export function monitorTransaction<T>(target: string, work: Work<T>, limitMs = diagnosticTimeoutMs): Promise<T> {
  return monitorPool(target, limitMs).use(async (client) => {
    await client.query('begin transaction read only');
    try {
      await client.query(`select set_config('statement_timeout', '${limitMs}', true), set_config('lock_timeout', '${lockTimeoutMs}', true), set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, MDY', true), set_config('jit', 'off', true)`);
      return await work((statement) => rowsOf(client, statement), client);
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
