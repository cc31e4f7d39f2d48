import pg from 'pg';
import { readEnv } from '@/lib/env';
import { ensurePartitions } from '@/lib/db/partitions';
import { closeDatabase } from '@/lib/db/client';
import { ownSettings } from '@/lib/pg/connection';
import { withSession } from '@/lib/pg/session';
import { connectTo } from '../postgres/roles';
import type { Place } from '../supervisor/paths';
import { isSeeded } from '../supervisor/prepared';
import { readCredentials } from '../supervisor/credentials';
import { unshownMark } from '../supervisor/announce';
import { ensureDemoAccounts, ensurePeople } from './accounts';
import { generateAssessments, type SeedAssessment } from './assessment';
import { monthStart } from './calendar';
import { people } from './catalog';
import { insertAssessments } from './insert';
import { Progress } from './progress';
import { runWorkload } from './workload';

const months = 14;
const batchSize = 500;

function wantedRows(): number {
  const rows = Number(process.env.RISKDESK_SEED_ROWS || 25_000);
  return Number.isInteger(rows) && rows >= 0 && rows <= 1_000_000 ? rows : 25_000;
}

/**
 * Fills an own database that is empty. The assessments come in one transaction, so a start that is killed leaves none
 * and the next one begins again; what it finds there it never touches.
 */
export async function seedDemo(place: Place): Promise<void> {
  if (await isSeeded(place)) return;
  const { passwords } = await readCredentials(place);
  const { DB_PORT, DB_NAME } = readEnv();
  const client = await connectTo(DB_PORT, DB_NAME, passwords.postgres);
  try {
    // The console is about the statements of an application; these would only be in the way there.
    await client.query(`select set_config('pg_stat_statements.track', 'none', false)`);
    const demoIds = await ensureDemoAccounts(client, place.accounts, unshownMark(place));
    const peopleIds = await ensurePeople(client);
    await closeDatabase();
    if (await isEmpty(client)) await fill(client, [...peopleIds, demoIds.at(-1) ?? '']);
  } finally {
    await client.end();
  }
  await runWorkload();
}

async function isEmpty(client: pg.ClientBase): Promise<boolean> {
  const { rowCount } = await client.query('select from risk_assessments limit 1');
  return rowCount === 0;
}

async function fill(client: pg.Client, userIds: string[]): Promise<void> {
  const now = new Date();
  const count = wantedRows();
  const first = monthStart(now, months - 1);
  await withSession(ownSettings('maintenance'), { name: 'seed', connectTimeoutMs: 10_000 }, (session) => ensurePartitions(session, first.toISOString(), now.toISOString()));
  const userWeights = [...people.map(({ weight }) => weight), 6];
  const progress = new Progress(`Demo data (${count.toLocaleString('en')} assessments)`, count);
  let batch: SeedAssessment[] = [];
  let written = 0;
  const flush = async () => {
    await insertAssessments(client, batch, userIds);
    progress.at((written += batch.length));
    batch = [];
  };
  await client.query('begin');
  // Children are made together with their parents: looking each parent up again proved nothing and took 50 of 60 s.
  await client.query('set local session_replication_role = replica');
  for (const assessment of generateAssessments({ seed: 20_240_601, count, months, now, userWeights })) {
    batch.push(assessment);
    if (batch.length === batchSize) await flush();
  }
  await flush();
  await client.query('commit');
  for (const table of ['risk_assessments', 'risk_factors', 'predictions', 'compliance_checks', 'users']) await client.query(`analyze ${table}`);
  progress.done();
}
