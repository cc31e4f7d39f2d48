import { parseArgs } from 'node:util';
import pg from 'pg';
import { exitWith, PlainError } from './plain-error';
import { connectTo, databaseName } from './postgres/roles';
import { generateBulk } from './seed/bulk';
import { monthStart } from './seed/calendar';
import { databaseEnvironment } from './supervisor/own-database';
import { readCredentials } from './supervisor/credentials';
import { openPlace } from './supervisor/paths';

function wholeNumber(text: string, name: string, most: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > most) throw new PlainError(`--${name} must be a whole number from 1 to ${most}.`);
  return number;
}

/** The console's own database while it runs, or `--url` of a superuser of any other; without its foreign keys being checked, nobody else may. */
async function connect(url: string | undefined): Promise<pg.Client> {
  if (url) {
    process.env.DB_MAINTENANCE_URL = url;
    process.env.DATABASE_URL = url;
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return client;
  }
  const { port, passwords } = await readCredentials(await openPlace());
  Object.assign(process.env, databaseEnvironment(port, passwords));
  return connectTo(port, databaseName, passwords.postgres).catch(() => {
    throw new PlainError('The console’s own database does not run: start the console with npm start first, or name a database with --url.');
  });
}

/** Months that lie before the ones that a migration ensures need their partitions first. */
async function ensureMonths(months: number): Promise<void> {
  const { ensurePartitions } = await import('@/lib/db/partitions');
  const { ownSettings } = await import('@/lib/pg/connection');
  const { withSession } = await import('@/lib/pg/session');
  const now = new Date();
  await withSession(ownSettings('maintenance'), { name: 'generate', connectTimeoutMs: 10_000 }, (session) =>
    ensurePartitions(session, monthStart(now, months - 1).toISOString(), now.toISOString()),
  );
}

/** `npm run generate -- --rows 1000000 [--months 14] [--seed 1] [--url postgres://…]`: assessments in bulk, for benchmarks. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { rows: { type: 'string' }, months: { type: 'string', default: '14' }, seed: { type: 'string', default: '1' }, url: { type: 'string' } },
  });
  const rows = wholeNumber(values.rows ?? '', 'rows', 100_000_000);
  const months = wholeNumber(values.months, 'months', 1200);
  const seed = wholeNumber(values.seed, 'seed', 1_000_000_000);
  const client = await connect(values.url);
  try {
    const { rows: users } = await client.query<{ id: string }>('select id from users order by created_at');
    if (users.length === 0) throw new PlainError('The database has no user to whom the assessments could belong.');
    await ensureMonths(months);
    await generateBulk(client, { rows, months, seed, userIds: users.map(({ id }) => id) });
    console.log('Analyzing …');
    for (const table of ['risk_assessments', 'risk_factors', 'predictions', 'compliance_checks']) await client.query(`vacuum (analyze) ${table}`);
  } finally {
    await client.end();
  }
}

main().then(() => process.exit(0), exitWith);
