import { afterEach, describe, expect, test, vi } from 'vitest';
import { onTarget } from '@/test/action';
import { useActions } from '@/test/actions';
import { useDatabase } from '@/test/database';

const db = await useDatabase();
const old = await useDatabase({ major: 14 });
process.env.TARGETS = `pg14=${old.url('maintenance')}`;
vi.setConfig({ testTimeout: 90_000 });
const actions = await useActions(db);

const boundsIn = async ({ sql }: typeof db, table: string) =>
  (await sql<{ bound: string }>(`select pg_get_expr(c.relpartbound, 0) as bound from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = $1::regclass order by 1`, [table])).map(({ bound }) => bound);

test('the coming months of the product, in parent and children, with the indexes of each', async () => {
  const { shown, done } = onTarget(actions);
  const before = (await boundsIn(db, 'risk_factors')).length;
  const params = { table: 'public.risk_assessments', ahead: '6' };
  const { plan } = await shown('partitions.create', params);
  expect(plan.map(({ sql }) => sql).join('\n')).not.toMatch(/PARTITION OF|IF NOT EXISTS/);
  expect(plan.every(({ lock }) => lock === 'SHARE UPDATE EXCLUSIVE')).toBe(true);
  await done('partitions.create', params);
  for (const table of ['risk_assessments', 'risk_factors', 'predictions', 'compliance_checks']) expect(await boundsIn(db, table)).toHaveLength(before + 3);
  expect(await boundsIn(db, 'risk_factors')).toEqual(await boundsIn(db, 'risk_assessments'));
  const [lacking] = await db.sql<{ n: number }>(`select count(*)::int as n from pg_index p join pg_class pc on pc.oid = p.indexrelid and pc.relkind = 'I' join pg_inherits i on i.inhparent = p.indrelid
    where not exists (select from pg_inherits j join pg_index x on x.indexrelid = j.inhrelid where j.inhparent = p.indexrelid and x.indrelid = i.inhrelid)`);
  expect(lacking?.n).toBe(0);
  // Nothing is missing now: nothing to do is a success.
  expect((await shown('partitions.create', params)).plan).toEqual([]);
  await done('partitions.create', params);
});

describe('R13: the clock of the console', () => {
  afterEach(() => void vi.useRealTimers());

  test.each([-23, 1])('%i hours away from the database’s changes neither a bound nor a cutoff', async (hours) => {
    const { shown } = onTarget(actions);
    const ask = async () => [(await shown('partitions.create', { table: 'public.risk_assessments', ahead: '9' })).plan, (await shown('partitions.archive', { table: 'public.risk_assessments', days: '1', partial: 'go too' })).plan];
    const before = await ask();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + hours * 3_600_000 });
    expect(await ask()).toEqual(before);
    expect(before[0]?.length).toBeGreaterThan(0);
  });
});

describe.each([['main', db], ['pg14', old]] as const)('on %s', (target, server) => {
  const { done, preview } = onTarget(actions, target);
  const plant = async (name: string, key: string, more: string[] = []) => {
    const owner = await server.connect('maintenance');
    for (const text of [`create table ${name} (at ${key} not null, primary key (at)) partition by range (at)`, ...more]) await owner.query(text);
    return owner;
  };

  test.each([['day', 4], ['week', 4], ['month', 4], ['year', 4]].filter(([every]) => target === 'main' || every === 'month') as [string, number][])('each %s, of a table that has no partition yet; the one of now and three more, in UTC wherever the database is', async (every, count) => {
    const name = `"of ""${every}"""`;
    await server.sql(`alter database ${server.name} set timezone = 'Pacific/Auckland'`);
    await plant(name, 'timestamptz');
    expect((await preview('partitions.create', { table: `public.${name}` })).body).toMatchObject({ guards: [{ name: 'period' }] });
    await done('partitions.create', { table: `public.${name}`, every });
    await server.sql(`alter database ${server.name} reset timezone`);
    const session = await server.connect('superuser');
    await session.query(`set timezone = 'UTC'`);
    const { rows } = await session.query<{ bound: string; n: number }>(`select pg_get_expr(c.relpartbound, 0) as bound from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'public.${name.replaceAll("'", "''")}'::regclass order by 1`);
    expect(rows).toHaveLength(count);
    for (const { bound } of rows) expect(bound).toMatch(/FROM \('\d{4}-\d\d-\d\d 00:00:00\+00'\) TO \('\d{4}-\d\d-\d\d 00:00:00\+00'\)/);
    await session.query(`insert into ${name} select now()`);
    await session.query(`insert into ${name} select date_trunc('${every}', now()) + 4 * interval '1 ${every}' - interval '1 microsecond'`);
    await expect(session.query(`insert into ${name} select date_trunc('${every}', now()) + 4 * interval '1 ${every}'`)).rejects.toThrow(/no partition/);
  });

  test('a gap is filled, a name that is taken is passed by, a DEFAULT is proved empty before', async () => {
    const owner = await plant('gappy', 'date', [`create table gappy_1 partition of gappy for values from ('2026-01-01') to ('2026-02-01')`, `create table gappy_3 partition of gappy for values from ('2026-03-01') to ('2026-04-01')`, 'create table gappy_rest partition of gappy default', 'create table gappy_2026_02 (a int)']);
    await done('partitions.create', { table: 'public.gappy', ahead: '0' });
    expect((await boundsIn(server, 'gappy')).slice(1, 3)).toEqual([`FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')`, `FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')`]);
    // What proved DEFAULT empty is gone; what proves the bounds of the new partitions stays.
    expect(await server.sql(`select distinct conname::text, conrelid = 'gappy_rest'::regclass as of_default from pg_constraint where conname ~ '^riskdesk'`)).toEqual([{ conname: 'riskdesk_bounds', of_default: false }]);
    await owner.query(`insert into gappy values (current_date + 4000)`);
    await done('partitions.create', { table: 'public.gappy', ahead: '2' });
    expect((await preview('partitions.create', { table: 'public.gappy', ahead: '366' })).body).toMatchObject({ guards: [{ name: 'default_rows' }] });
  });

  test('the remainders that a hash-partitioned table lacks', async () => {
    const owner = await server.connect('maintenance');
    await owner.query('create table hashed (id int primary key) partition by hash (id)');
    await owner.query('create table hashed_0 partition of hashed for values with (modulus 4, remainder 0)');
    await done('partitions.create', { table: 'public.hashed' });
    await owner.query('insert into hashed select generate_series(1, 100)');
  });

  test('what is not the role’s own, or no time, is refused with what helps', async () => {
    await server.sql('create table strange (at date not null) partition by range (at)');
    const [refused] = ((await preview('partitions.create', { table: 'public.strange', every: 'day' })).body as { guards: { name: string; saferWay: string }[] }).guards;
    expect(refused).toMatchObject({ name: 'privilege', saferWay: expect.stringMatching(/^GRANT .* TO riskdesk_maintenance;$/) });
    const owner = await server.connect('maintenance');
    await owner.query('create table listed (k text) partition by list (k)');
    expect((await preview('partitions.create', { table: 'public.listed' })).body).toMatchObject({ guards: [{ name: 'key' }, { name: 'period' }] });
  });
});
