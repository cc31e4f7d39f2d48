import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectTo } from '@/scripts/postgres/roles';
import { ask, askMeasured } from '@/test/ask';
import { majors, startTestServer, superPassword, type TestServer } from '@/test/cluster';
import { useDatabase } from '@/test/database';
import { startPgBouncer } from '@/test/pgbouncer';

/** The oldest and the newest in `npm test`, all of them in `npm run test:majors`. */
const tested = process.env.TEST_MAJORS === 'all' ? majors : ([14, 18] as const);

const main = await useDatabase();
const servers = new Map<string, TestServer>();
const bouncer = await startPgBouncer(main.port);
for (const major of tested) {
  // An empty database on a server that loads no library and has no extension; and a copy of it in recovery.
  const bare = await startTestServer({ major, settings: { shared_preload_libraries: null } });
  await bare.stop();
  const standby = await startTestServer({ standbyOf: bare, settings: { shared_preload_libraries: null } });
  await bare.start();
  servers.set(`bare${major}`, bare).set(`standby${major}`, standby);
}
process.env.TARGETS = [...[...servers].map(([name, server]) => `${name}=${server.url()}`), `bouncer=${main.url('monitor').replace(`:${main.port}/`, `:${bouncer.port}/`)}`].join(' ');

const { diagnostics } = await import('./registry');
const { closeMonitors } = await import('./monitor');

afterAll(async () => {
  await closeMonitors();
  await bouncer.dispose();
  await Promise.all([...servers.values()].map((server) => server.dispose()));
});

const asked = [...diagnostics.values()].filter(({ diagnostic }) => ['sql', 'facts'].includes(diagnostic.source)).map(({ id }) => id);
/** What a server without libraries and extensions, or in recovery, may say instead of an answer. */
const without = ['extension_missing', 'extension_not_loaded'];

describe.each([...servers.keys()].filter((name) => name.startsWith('bare')))('an empty database without any extension: %s', (target) => {
  test.each(asked)('%s: an answer, or the extension that it needs', async (id) => {
    const result = await ask(id, { target });
    expect(result.state === 'measured' ? [] : [result.reason.code].filter((code) => !without.includes(code))).toEqual([]);
    // Nothing of people is there to be wrong: what is found is about the server itself.
    if (result.state === 'measured' && !/^(config|replication|pool|locks)\./.test(id)) expect(result.findings).toEqual([]);
  });
});

describe.each([...servers.keys()].filter((name) => name.startsWith('standby')))('F8: in recovery: %s', (target) => {
  test.each(asked)('%s: an answer, or that only the primary has it', async (id) => {
    const result = await ask(id, { target });
    expect(result.state === 'measured' ? [] : [result.reason.code].filter((code) => ![...without, 'standby'].includes(code))).toEqual([]);
  });
});

describe('F9: through PgBouncer in transaction mode', () => {
  beforeAll(async () => {
    const client = await connectTo(main.port, main.name, superPassword);
    await client.query('create table seen (a int); insert into seen select generate_series(1, 10); analyze seen').finally(() => client.end());
  });

  test.each(asked)('%s: as without it', async (id) => {
    const [direct, pooled] = [await ask(id), await ask(id, { target: 'bouncer' })];
    expect(pooled.state, pooled.state === 'unmeasured' ? pooled.reason.says : '').toBe(direct.state);
  });

  test('the same database is seen', async () => {
    expect((await askMeasured('tables.size', { target: 'bouncer', q: 'public.seen' })).rows).toHaveLength(1);
  });
});
