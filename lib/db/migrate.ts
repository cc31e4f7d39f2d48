import 'server-only';
import { join } from 'node:path';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as migrateWithDrizzle } from 'drizzle-orm/node-postgres/migrator';
import { readEnv, SettingsError } from '@/lib/env';
import type { DeskClient } from '@/lib/pg/client';
import { ownSettings } from '@/lib/pg/connection';
import { withSession } from '@/lib/pg/session';
import { ident, render, sql, type SQL } from '@/lib/pg/sql';
import { ensurePartitions } from './partitions';

/** Consoles that start together migrate one after the other. */
const migrationLock = [0x5249534b, 1];
const monthsAhead = 3;

/**
 * Brings the product's own database up to date: migrations, what the roles may do, partitions for the coming months.
 * Runs as the maintenance role (the owner) on a session of its own, under an advisory lock. A pooler would keep that lock
 * on a connection of its own after we are gone, and no console could migrate any more.
 * @throws SettingsError through a pooler
 */
export async function migrate(): Promise<{ applied: number; partitions: number }> {
  const env = readEnv();
  return withSession(ownSettings('maintenance', env), { name: 'migrate', connectTimeoutMs: env.DB_CONNECT_TIMEOUT }, async (client) => {
    if (!client.direct) throw new SettingsError(['DB_MAINTENANCE_URL must lead to PostgreSQL itself: migrations cannot run through a pooler.']);
    await takeLock(client);
    const before = await appliedCount(client);
    await migrateWithDrizzle(drizzle(client), { migrationsFolder: join(process.cwd(), 'drizzle/migrations'), migrationsSchema: 'riskdesk', migrationsTable: 'migrations' });
    await grant(client, ownSettings('app', env).user, ownSettings('monitor', env).user);
    const partitions = await ensureComingMonths(client);
    return { applied: (await appliedCount(client)) - before, partitions };
  });
}

/** Polled: a session that waits inside pg_advisory_lock holds a snapshot and can deadlock with CREATE INDEX CONCURRENTLY. */
async function takeLock(client: DeskClient): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1, $2) as taken', migrationLock);
    if (rows[0]?.taken) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('another console has been migrating this database for two minutes');
}

async function appliedCount(client: DeskClient): Promise<number> {
  const { rows } = await client.query<{ there: boolean }>("select to_regclass('riskdesk.migrations') is not null as there");
  if (!rows[0]?.there) return 0;
  const counted = await client.query<{ n: number }>('select count(*)::int as n from riskdesk.migrations');
  return counted.rows[0]?.n ?? 0;
}

/** The database's clock decides which months come next, in UTC. */
async function ensureComingMonths(client: DeskClient): Promise<number> {
  const { rows } = await client.query<{ from: string; to: string }>(`select now() as from, now() + make_interval(months => ${monthsAhead}) as to`);
  const [span] = rows;
  return span ? ensurePartitions(client, span.from, span.to) : 0;
}

const appTables = ['users', 'sessions', 'accounts', 'verifications', 'api_tokens', 'risk_assessments', 'risk_factors', 'predictions', 'compliance_checks'];

/** The application's role reads and writes rows, appends to the audit log and owns nothing; grants are idempotent. */
async function grant(client: DeskClient, app: string, monitor: string): Promise<void> {
  const run = (statement: SQL) => client.query(render(statement).text);
  const { rows } = await client.query<{ owner: string }>('select current_user as owner');
  if (rows[0]?.owner === app) return;
  await run(sql`grant usage on schema public, riskdesk to ${ident(app)}`);
  for (const table of appTables) await run(sql`grant select, insert, update, delete on ${ident('public', table)} to ${ident(app)}`);
  for (const table of ['audit_log', 'audit_checkpoints']) await run(sql`grant select, insert on ${ident('riskdesk', table)} to ${ident(app)}`);
  for (const table of ['rate_limits', 'finding_decisions', 'schedules']) await run(sql`grant select, insert, update, delete on ${ident('riskdesk', table)} to ${ident(app)}`);
  await run(sql`grant select, insert, update on riskdesk.jobs to ${ident(app)}`);
  await run(sql`grant select, insert, delete on riskdesk.samples to ${ident(app)}`);
  await run(sql`grant select on riskdesk.migrations to ${ident(app)}`);
  if (monitor !== app && monitor !== rows[0]?.owner) await run(sql`grant usage on schema public, riskdesk to ${ident(monitor)}`);
}
