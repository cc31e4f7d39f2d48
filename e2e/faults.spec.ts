import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import pg from 'pg';
import { signal } from '../scripts/processes';
import { rounds } from '../test/faults';
import { processTree } from '../test/process-tree';
import { startConsole, startProductServer, signIn, until, type Client } from '../test/server';

// Each has a server and a console of its own.
test.describe.configure({ mode: 'parallel', timeout: 240_000 + rounds * 10_000 });

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const quantile = (values: number[], q: number) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? 0;

async function timed(client: Client, path: string): Promise<{ status: number; ms: number }> {
  const started = performance.now();
  const { status } = await client(path);
  return { status, ms: performance.now() - started };
}

test('F1, P20: the database stops and starts under a running console', async () => {
  const server = await startProductServer();
  const console = await startConsole(server.env);
  try {
    await until(async () => (await fetch(`${console.url}/api/health/ready`)).ok);
    const client = await signIn(console.url);
    const up: number[] = [];
    for (let call = 0; call < 100; call += 1) up.push((await timed(client, '/api/assessments?limit=50')).ms);
    await server.stop();
    const down: { status: number; ms: number }[] = [];
    for (let round = 0; round < 10; round += 1) down.push(...(await Promise.all(Array.from({ length: 50 }, () => timed(client, '/api/assessments?limit=50')))));
    expect(new Set(down.map(({ status }) => status))).toEqual(new Set([503]));
    const answer = await client('/api/assessments');
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.body).toMatchObject({ code: 'database_unavailable', status: 503 });
    expect((await fetch(`${console.url}/api/health/live`)).status).toBe(200);
    expect((await fetch(`${console.url}/api/health/ready`)).status).toBe(503);
    expect((await fetch(`${console.url}/api/health`)).status).toBe(503);
    await server.start();
    await until(async () => (await client('/api/assessments')).status === 200);
    expect(console.hasEnded()).toBe(false);
    expect(console.output()).not.toMatch(/unhandled|uncaught/i);
    const p99 = quantile(down.map(({ ms }) => ms), 0.99);
    process.stdout.write(`P20: p99 while down ${p99.toFixed(1)} ms / p50 while up ${median(up).toFixed(1)} ms = ${(p99 / median(up)).toFixed(1)}\n`);
  } finally {
    console.signal('SIGKILL');
    await console.ended;
    await server.dispose();
  }
});

test('F3: a server that is frozen gives 503 within the deadline, and is used again when it thaws', async () => {
  const server = await startProductServer();
  const console = await startConsole({ ...server.env, REQUEST_TIMEOUT: '1s' });
  const pids = () => serverProcesses(server.dataDir);
  try {
    await until(async () => (await fetch(`${console.url}/api/health/ready`)).ok);
    const client = await signIn(console.url);
    expect((await client('/api/assessments')).status).toBe(200);
    for (const pid of pids()) signal(pid, 'SIGSTOP');
    const statuses = await Promise.all(Array.from({ length: 60 }, () => client('/api/assessments').then(({ status }) => status)));
    expect(new Set(statuses)).toEqual(new Set([503]));
    expect((await fetch(`${console.url}/api/health/live`)).status).toBe(200);
    for (const pid of pids()) signal(pid, 'SIGCONT');
    await until(async () => (await client('/api/assessments')).status === 200);
  } finally {
    for (const pid of pids()) signal(pid, 'SIGCONT');
    console.signal('SIGKILL');
    await console.ended;
    await server.dispose();
  }
});

/** The postmaster and its children. */
function serverProcesses(dataDir: string): number[] {
  return processTree(Number(readFileSync(`${dataDir}/postmaster.pid`, 'utf8').split('\n')[0]));
}

test('P20: with the database down from the start, the console serves, and migrates when it comes', async () => {
  const server = await startProductServer();
  await server.stop();
  const console = await startConsole(server.env);
  try {
    expect((await fetch(`${console.url}/api/health/live`)).status).toBe(200);
    expect((await fetch(`${console.url}/api/health/ready`)).status).toBe(503);
    await server.start();
    await until(async () => (await fetch(`${console.url}/api/health/ready`)).ok);
    await signIn(console.url);
  } finally {
    console.signal('SIGKILL');
    await console.ended;
    await server.dispose();
  }
});

const child = { factors: [{ category: 'financial', name: 'liquidity', score: 0.4, weight: 0.5 }], predictions: [{ horizonMonths: 6, predictedScore: 0.5, confidence: 0.8, modelUsed: 'm1' }], complianceChecks: [{ checkType: 'kyc', status: 'passed' }] };
const batchSize = 20;

type Sent = { batches: Map<string, 'acknowledged' | 'unknown'>; edits: Map<string, number> };

/** Writes batches and edits until the console is gone. */
async function write(client: Client, writer: number, round: number, sent: Sent): Promise<void> {
  for (let n = 0; ; n += 1) {
    const name = `batch-${round}-${writer}-${n}`;
    sent.batches.set(name, 'unknown');
    const items = Array.from({ length: batchSize }, () => ({ businessName: name, riskScore: 0.3, ...child }));
    const { status, body } = await client('/api/assessments/batch', { method: 'POST', body: { items } });
    if (status !== 201) throw new Error(`batch answered ${status}`);
    sent.batches.set(name, 'acknowledged');
    const id = (body as { ids: string[] }).ids[0] ?? '';
    const edited = await client(`/api/assessments/${id}`, { method: 'PATCH', body: { version: 1, riskScore: 0.9, factors: [] } });
    if (edited.status === 200) sent.edits.set(id, 2);
  }
}

test(`F14: the console is killed ${rounds} times during writes; nothing acknowledged is lost and nothing is half-written`, async () => {
  const seed = Number(process.env.FAULT_SEED || Date.now() % 1_000_000);
  process.stdout.write(`F14: seed ${seed}\n`);
  let state = seed;
  const random = () => ((state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31);
  const server = await startProductServer();
  const sent: Sent = { batches: new Map(), edits: new Map() };
  try {
    for (let round = 0; round < rounds; round += 1) {
      const console = await startConsole(server.env);
      await until(async () => (await fetch(`${console.url}/api/health/ready`)).ok);
      const client = await signIn(console.url);
      const writers = Array.from({ length: 4 }, (_, writer) => write(client, writer, round, sent).catch(() => {}));
      await new Promise((resolve) => setTimeout(resolve, 100 + random() * 900));
      console.signal(round % 4 === 3 ? 'SIGTERM' : 'SIGKILL');
      await console.ended;
      await Promise.all(writers);
    }
    await settled(server.url(server.database), sent);
  } finally {
    await server.dispose();
  }
});

/** I1, I3, I5 on what the writers remember. */
async function settled(url: string, sent: Sent): Promise<void> {
  const db = new pg.Client(url);
  await db.connect();
  const { rows } = await db.query<{ name: string; parents: number; factors: number; predictions: number; checks: number }>(`
    select a.business_name as name, count(*)::int as parents,
      sum((select count(*) from risk_factors f where f.assessment_id = a.id))::int as factors,
      sum((select count(*) from predictions p where p.assessment_id = a.id))::int as predictions,
      sum((select count(*) from compliance_checks c where c.assessment_id = a.id))::int as checks
    from risk_assessments a where a.business_name like 'batch-%' group by 1`);
  const found = new Map(rows.map((row) => [row.name, row]));
  for (const [name, state] of sent.batches) {
    const row = found.get(name);
    if (state === 'acknowledged') expect(row, `${name} was acknowledged`).toBeDefined();
    if (!row) continue;
    expect(row).toMatchObject({ parents: batchSize, predictions: batchSize, checks: batchSize });
    expect([batchSize, batchSize - 1], 'an edit took the factors of one').toContain(row.factors);
  }
  const edited = await db.query<{ id: string }>('select id from risk_assessments where version >= 2 and risk_score = 0.9');
  for (const id of sent.edits.keys()) expect(edited.rows.map((row) => row.id)).toContain(id);
  const torn = await db.query(`select 1 from risk_assessments a where version = 2 and exists (select from risk_factors f where f.assessment_id = a.id)`);
  expect(torn.rowCount).toBe(0);
  const audit = await db.query<{ n: number }>("select count(*)::int as n from riskdesk.audit_log where action like 'assessments.%'");
  expect(audit.rows[0]?.n).toBe(found.size + edited.rows.length);
  await db.end();
  process.stdout.write(`F14: ${sent.batches.size} batches sent, ${[...sent.batches.values()].filter((state) => state === 'acknowledged').length} acknowledged, ${found.size} there, ${edited.rows.length} edits\n`);
}
