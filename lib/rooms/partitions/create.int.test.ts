import { afterEach, describe, expect, test, vi } from 'vitest';
import { onTarget } from '@/test/action';
import { askMeasured } from '@/test/ask';
import { useActions } from '@/test/actions';
import { useDatabase } from '@/test/database';
import { calendarOf } from './calendar';

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

  /** Partitions of these months, as whoever lives in Berlin writes them. */
  const inBerlin = async (name: string, months: string, zone = 'Europe/Berlin') => {
    const owner = await plant(name, 'timestamptz');
    await owner.query(`set timezone = '${zone}'`);
    const { rows } = await owner.query<{ text: string }>(`select format('create table ${name}_%s partition of ${name} for values from (%L) to (%L)', to_char(m, 'YYYYMM'), m::timestamptz, (m + interval '1 month')::timestamptz) as text from (${months}) x(m)`);
    for (const { text } of rows) await owner.query(text);
    return owner;
  };
  const recent = `select generate_series(date_trunc('month', now())::timestamp - interval '13 months', date_trunc('month', now())::timestamp, interval '1 month')`;
  const notOfMonths = (name: string) => `select pg_get_expr(c.relpartbound, 0) as bound from pg_inherits i join pg_class c on c.oid = i.inhrelid, lateral regexp_match(pg_get_expr(c.relpartbound, 0), '\\(''(.*)''\\) TO \\(''(.*)''') b
    where i.inhparent = '${name}'::regclass and not (b[1]::timestamp = date_trunc('month', b[1]::timestamp) and b[2]::timestamp = b[1]::timestamp + interval '1 month')`;

  test.each(['as before', 'month'])('R13: months of another time zone go on as months of it, over both changes of the clock and the year’s end: each %s', async (every) => {
    const name = `berlin_${every.length}`;
    const owner = await inBerlin(name, recent);
    const { rows: [next] } = await owner.query<{ sql: string }>(`select format('FROM (%L) TO (%L)', to_char(m at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS+00'), to_char(n at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS+00')) as sql from (select date_trunc('month', now()) + interval '1 month' as m, date_trunc('month', now()) + interval '2 months' as n) x`);
    expect((await askMeasured('partitions.runway', { target, q: `public.${name}` })).rows).toMatchObject([{ next_sql: expect.stringContaining(next?.sql ?? '') }]);
    await done('partitions.create', { table: `public.${name}`, ahead: '14', every });
    const { rows } = await owner.query<{ n: number; last: string }>(`select count(*)::int as n, max(c.relname) as last from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = '${name}'::regclass`);
    expect(rows[0]?.n).toBe(28);
    expect((await owner.query(notOfMonths(name))).rows).toEqual([]);
    await owner.query(`insert into ${name} select generate_series(date_trunc('month', now()) - interval '13 months', date_trunc('month', now()) + interval '15 months' - interval '1 second', interval '1 day')`);
    expect((await owner.query(`select from pg_class where relname = '${name}_' || to_char(date_trunc('month', now()) + interval '14 months', 'YYYY_MM')`)).rows).toHaveLength(1);
    if (every !== 'as before') return;
    await owner.query(`create table ${name}_rest partition of ${name} default`);
    await owner.query(`insert into ${name} values (date_trunc('month', now()) + interval '20 months'), (date_trunc('month', now()) + interval '27 months' - interval '1 second')`);
    await done('partitions.rescue_default', { table: `public.${name}` });
    expect((await owner.query(notOfMonths(name))).rows).toEqual([]);
    expect((await owner.query(`select from ${name}_rest`)).rows).toEqual([]);
    await owner.query(`drop table ${name}`);
  });

  test('R13: bounds of which several time zones, or none, could be meant are not guessed at: the zone is to be named', async () => {
    const owner = await inBerlin('winter', `values (timestamp '2026-01-01'), ('2026-02-01')`);
    const asked = { table: 'public.winter', ahead: '12', gaps: 'no' };
    expect((await preview('partitions.create', asked)).body).toMatchObject({ guards: [{ name: 'zone', says: expect.stringMatching(/days of \d+ time zones .* would differ/) }] });
    expect((await preview('partitions.create', { ...asked, zone: 'Mars/Olympus' })).body).toMatchObject({ guards: [{ name: 'zone', says: expect.stringContaining('Mars/Olympus') }] });
    await owner.query('create table winter_rest partition of winter default');
    expect((await preview('partitions.rescue_default', { table: 'public.winter' })).body).toMatchObject({ guards: [{ name: 'zone', says: expect.stringMatching(/days of \d+ time zones .* would differ/) }] });
    expect((await preview('partitions.rescue_default', { table: 'public.winter', zone: 'Mars/Olympus' })).body).toMatchObject({ guards: [{ name: 'zone', says: expect.stringContaining('Mars/Olympus') }] });
    await owner.query(`insert into winter values ('2028-06-01 00:00')`);
    await done('partitions.rescue_default', { table: 'public.winter', zone: 'Europe/Berlin' });
    expect((await owner.query('select tableoid::regclass::text as part from winter')).rows).toEqual([{ part: 'winter_2028_06' }]);
    await done('partitions.create', { ...asked, zone: 'Europe/Berlin' });
    expect((await owner.query(notOfMonths('winter'))).rows).toEqual([]);
    await plant('uneven', 'timestamptz', [`create table uneven_1 partition of uneven for values from ('2026-01-01 00:00+00') to ('2026-01-02 03:00+00')`, `create table uneven_2 partition of uneven for values from ('2026-01-02 03:00+00') to ('2026-01-02 13:10+00')`]);
    for (const every of ['as before', 'month']) expect((await preview('partitions.create', { table: 'public.uneven', every })).body).toMatchObject({ guards: [{ name: 'zone', says: expect.stringContaining('no time zone') }] });
    await plant('sixths', 'timestamptz', [`create table sixths_1 partition of sixths for values from ('2026-01-01 03:00+00') to ('2026-01-01 07:00+00')`]);
    await done('partitions.create', { table: 'public.sixths', ahead: '2', gaps: 'no' });
    await plant('dated', 'date', [`create table dated_1 partition of dated for values from ('2025-04-01') to ('2026-04-01')`]);
    expect((await preview('partitions.create', { table: 'public.dated', zone: 'Europe/Berlin' })).body).toMatchObject({ guards: [{ name: 'zone' }] });
    // A year that begins in April goes on so.
    await done('partitions.create', { table: 'public.dated' });
    for (const bound of (await boundsIn(server, 'dated'))) expect(bound).toMatch(/^FOR VALUES FROM \('\d{4}-04-01'\) TO \('\d{4}-04-01'\)$/);
  });

  test.each(['Europe/Berlin', 'America/Havana', 'America/Santiago', 'Africa/Cairo', 'Australia/Lord_Howe', 'Asia/Kolkata', 'Pacific/Auckland', 'UTC'])('days begin in %s when PostgreSQL says', async (zone) => {
    const days = await server.sql<{ wall: number; at: number }>(`select extract(epoch from d)::float8 * 1000 as wall, extract(epoch from d at time zone $1)::float8 * 1000 as at from generate_series(timestamp '2024-01-01', '2027-01-01', '1 day') d`, [zone]);
    const calendar = calendarOf(zone);
    expect(days.filter(({ wall, at }) => calendar?.at(wall) !== at || Math.floor(calendar.wall(at) / 86_400_000) * 86_400_000 !== wall)).toEqual([]);
  });

  test('a gap is filled, a name that is taken is passed by, a DEFAULT is proved empty before', async () => {
    const owner = await plant('gappy', 'date', [`create table gappy_1 partition of gappy for values from ('2026-01-01') to ('2026-02-01')`, `create table gappy_3 partition of gappy for values from ('2026-03-01') to ('2026-04-01')`, 'create table gappy_rest partition of gappy default', 'create table gappy_2026_02 (a int)']);
    await done('partitions.create', { table: 'public.gappy', ahead: '0' });
    expect((await boundsIn(server, 'gappy')).slice(1, 3)).toEqual([`FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')`, `FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')`]);
    // What proved DEFAULT empty is gone; what proves the bounds of new partitions is wanted or not.
    const proofs = () => server.sql(`select distinct conname::text, conrelid = 'gappy_rest'::regclass as of_default from pg_constraint where conname ~ '^riskdesk' and conrelid::regclass::text ~ '^gappy'`);
    expect(await proofs()).toEqual([]);
    await owner.query(`insert into gappy values (current_date + 4000)`);
    await done('partitions.create', { table: 'public.gappy', ahead: '2', check: 'yes' });
    expect(await proofs()).toEqual([{ conname: 'riskdesk_bounds', of_default: false }]);
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
    await owner.query('create table counted (id bigserial) partition by range (id)');
    await owner.query('create table counted_1 partition of counted for values from (1000000000) to (2000000000)');
    expect((await preview('partitions.create', { table: 'public.counted' })).body).toMatchObject({ guards: [{ name: 'key' }, { name: 'period' }] });
  });
});
