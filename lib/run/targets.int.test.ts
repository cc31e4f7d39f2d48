import { afterAll, expect, test } from 'vitest';
import { useDatabase } from '@/test/database';

const main = await useDatabase();
const old = await useDatabase({ major: 14, settings: { shared_preload_libraries: null } });
// The server is shared with other files: what this one grants goes to a role of its own.
const bare = `bare_${main.name}`;
await main.sql(`create role ${bare} login password 'bare'`);
await main.sql(`grant connect on database ${main.name} to ${bare}`);
process.env.TARGETS = [`bare=postgres://${bare}:bare@127.0.0.1:${main.port}/${main.name}?sslmode=disable`, `super=${main.url('superuser')}`, `old=${old.url('monitor')}`, 'away=postgres://nobody:wrong@127.0.0.1:1/none?sslmode=disable'].join(' ');

const { describeTargets } = await import('./targets');
const { forgetServers } = await import('./server');
const { closeMonitors } = await import('./monitor');

afterAll(async () => {
  await closeMonitors();
  await main.sql(`drop owned by ${bare}`);
  await main.sql(`drop role ${bare}`);
});

const target = async (name: string) => {
  forgetServers();
  return (await describeTargets()).find((one) => one.name === name);
};
const lacksOf = async (name: string) => (await target(name))?.lacks ?? [];

test('the own database and those of TARGETS, each with its version and role; one that is away is listed as such', async () => {
  expect(await target('main')).toMatchObject({ reachable: true, inRecovery: false, role: 'riskdesk_monitor', superuser: false, lacks: [] });
  expect(await target('old')).toMatchObject({ reachable: true, version: expect.stringMatching(/^14\./) });
  expect(await target('away')).toEqual({ name: 'away', reachable: false, version: null, inRecovery: null, role: null, superuser: null, lacks: [] });
});

test('a role without pg_monitor: what is hidden, and the very statement that mends it', async () => {
  const [lack, ...rest] = await lacksOf('bare');
  expect(rest).toEqual([]);
  expect(lack).toMatchObject({ what: 'pg_monitor', says: expect.stringContaining(bare) });
  await main.sql(lack?.sql ?? '');
  expect(await lacksOf('bare')).toEqual([]);
});

test('a superuser is more than reading needs', async () => {
  expect((await lacksOf('super')).map(({ what }) => what)).toEqual(['least privilege']);
});

test('a library that is not loaded is named once, though several questions need it', async () => {
  expect((await lacksOf('old')).filter(({ what }) => what === 'pg_stat_statements')).toEqual([expect.objectContaining({ sql: expect.stringContaining('shared_preload_libraries') })]);
});
