import { afterAll, describe, expect, test } from 'vitest';
import { majors, useDatabase } from '@/test/database';
import { startPgBouncer } from '@/test/pgbouncer';

const main = await useDatabase();
const databases = await Promise.all(majors.map(async (major) => [major, major === 18 ? main : await useDatabase({ major })] as const));
const uses = ['superuser', 'monitor', 'maintenance', 'app'] as const;
const refusing = 'refusing=postgres://nobody:wrong@127.0.0.1:1/none?sslmode=disable';

const bouncer = await startPgBouncer(main.port, { settings: { stats_users: 'riskdesk_monitor' } });
process.env.PGBOUNCER_URL = main.url('monitor').replace(`:${main.port}/${main.name}`, `:${bouncer.port}/pgbouncer`);
process.env.TARGETS = [...databases.flatMap(([major, db]) => uses.map((use) => `pg${major}-${use}=${db.url(use)}`)), refusing].join(' ');

const { diagnostics } = await import('@/lib/run/registry');
const { questionSchema, toQuestion } = await import('@/lib/run/question');
const { runDiagnostic } = await import('@/lib/run/run-diagnostic');
const { closeMonitors } = await import('@/lib/run/monitor');

afterAll(async () => {
  await Promise.all([closeMonitors(), (await import('./pgbouncer')).closePgBouncer()]);
  await bouncer.dispose();
});

// What goes by kept figures has some to go by.
const { takeSample } = await import('./sampler');
for (const entry of diagnostics.values()) await takeSample(entry, 'main');
await main.sql(`update riskdesk.samples set at = at - interval '2 hours'`);

type Entry = Parameters<typeof runDiagnostic>[0];
const all = [...diagnostics.values()].map((entry) => [entry.id, entry] as const);
const askOf = (entry: Entry) => (query: Record<string, string>) => runDiagnostic(entry, toQuestion(questionSchema(entry.diagnostic).parse(query)));

describe.each(all)('%s', (_, entry) => {
  const ask = askOf(entry);

  test.each(databases.flatMap(([major]) => uses.map((use) => [major, use] as const)))('F6/F7: answers on PostgreSQL %i as %s', async (major, use) => {
    const result = await ask({ target: `pg${major}-${use}` });
    if (result.state === 'unmeasured') expect(result.reason.code).not.toBe('failed');
    else expect(result.findings.every((finding) => finding.code in entry.diagnostic.codes)).toBe(true);
  });

  test('sorts by every column in both directions', async () => {
    for (const column of Object.keys(entry.diagnostic.row)) {
      for (const sort of [column, `-${column}`]) expect((await ask({ sort })).state, sort).toBe('measured');
    }
  });

  test('S5: what a person types is data', async () => {
    const payloads = ["'; drop table users; --", '%', '_', '\\', '"', "$1", '/* riskdesk:', '😀', 'x'.repeat(200)];
    for (const q of payloads) expect((await ask({ q })).state, q).toBe('measured');
  });
});

test.each(all.filter(([, { diagnostic }]) => ['sql', 'facts'].includes(diagnostic.source)))('%s: a server that is away is unmeasured, not an error', async (_, entry) => {
  expect(await askOf(entry)({ target: 'refusing' })).toMatchObject({ state: 'unmeasured', reason: { code: 'unreachable' } });
});

test('identical questions share one answer', async () => {
  const entry = diagnostics.get('queries.slow');
  if (!entry) throw new Error('queries.slow is not declared');
  const question = toQuestion(questionSchema(entry.diagnostic).parse({ min_mean_ms: '7' }));
  // The server is shared with other files, which ask the same of databases of their own.
  const counted = "select coalesce(sum(calls), 0)::int as calls from pg_stat_statements where query like '%/* riskdesk:queries.slow */ d.%' and dbid = (select oid from pg_database where datname = current_database())";
  const before = await main.sql<{ calls: number }>(counted);
  const answers = await Promise.all(Array.from({ length: 50 }, () => runDiagnostic(entry, question)));
  const after = await main.sql<{ calls: number }>(counted);
  expect(new Set(answers).size).toBe(1);
  expect(Number(after[0]?.calls) - Number(before[0]?.calls)).toBe(1);
});

test('S4: asking changes nothing: the session is read only', async () => {
  const { monitorRows } = await import('@/lib/run/monitor');
  const { sql } = await import('@/lib/pg/sql');
  await expect(monitorRows('pg18-superuser', sql`create table planted (a int)`)).rejects.toMatchObject({ code: '25006' });
});
