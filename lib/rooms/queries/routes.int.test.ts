import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askMeasured } from '@/test/ask';
import { call } from '@/test/call';
import { useDatabase } from '@/test/database';
import { usePeople } from '@/test/people';

const db = await useDatabase();
process.env.DB_MAX_CONNECTIONS = '2';
process.env.DB_MIN_CONNECTIONS = '1';

const { database, transaction } = await import('@/lib/db/client');
const { inRoute, plainTag } = await import('@/lib/db/route');
const { diagnostics } = await import('@/lib/run/registry');
const { join, sql } = await import('@/lib/pg/sql');
const { closeMonitors } = await import('@/lib/run/monitor');
const { admin } = await usePeople(db);
const sent = { cookie: admin.cookie };

afterAll(closeMonitors);

/** Another text for each number. */
const keywordFree = (n: number) => join(Array.from({ length: n + 1 }, () => sql`1`), sql` + `);

const routeOf = async (route: string) => (await askMeasured('queries.routes', { q: route })).rows.find((row) => row.route === route);
const tagged = (path: string) => `/*application='riskdesk',route='${encodeURIComponent(path)}'*/`;
const prepared = () => database().rows<{ statement: string; plans: number; custom: number }>(sql`select statement, (generic_plans + custom_plans)::int as plans, custom_plans::int as custom from pg_prepared_statements`, { planEachTime: true });

describe('the comment in the console’s own statements', () => {
  beforeAll(async () => {
    for (let n = 0; n < 8; n += 1) expect((await call('GET', '/api/assessments', sent)).status).toBe(200);
  });

  test('names the route where a DBA looks: pg_stat_activity, behind the first word', async () => {
    await inRoute('GET', '/api/planted/{id}', () => database().rows(sql`select 1 as planted_activity`));
    const seen = await db.sql<{ query: string }>(`select query from pg_stat_activity where datname = current_database() and application_name = 'riskdesk-app'`);
    expect(seen.map(({ query }) => query)).toContain(`select ${tagged('/api/planted/{id}')} 1 as planted_activity`);
  });

  test('and in pg_stat_statements, by Drizzle’s builder as well; one entry for a statement whoever runs it, with the text of the first', async () => {
    const { users } = await import('@/drizzle/schema');
    await inRoute('GET', '/api/first', () => database().orm.select({ planted: users.name }).from(users).limit(3));
    await inRoute('GET', '/api/second', () => transaction((tx) => tx.orm.select({ planted: users.name }).from(users).limit(3)));
    const kept = await db.sql<{ query: string; calls: number }>(`select query, calls::int from pg_stat_statements where query like '%"name"%limit%' and query like '%first%' and dbid = (select oid from pg_database where datname = current_database())`);
    expect(kept).toEqual([{ query: expect.stringContaining(tagged('/api/first')), calls: 2 }]);
  });

  test('prepares a statement that all routes share once a connection, and keeps its plan', async () => {
    for (const { room, diagnostic } of [...diagnostics.values()].slice(0, 12)) await call('GET', `/api/${room.name}/${diagnostic.name}?limit=1`, sent);
    const shared = (await prepared()).filter(({ statement }) => statement.includes('s.token = $1'));
    expect(shared).toHaveLength(1);
    expect(shared[0]?.statement).toContain(plainTag);
    expect(shared[0]?.statement).not.toContain('route=');
    // Five custom plans, then the generic one for good.
    expect(shared[0]?.plans).toBeGreaterThan(10);
    expect(shared[0]?.custom).toBeLessThanOrEqual(5);
  });

  test('does not grow with addresses: a route is its pattern', async () => {
    const id = ((await call('POST', '/api/assessments', { ...sent, body: { businessName: 'Planted', riskScore: 0.2 } })).body as { id: string }).id;
    await call('GET', `/api/assessments/${id}`, sent);
    const before = (await prepared()).length;
    for (let n = 0; n < 10; n += 1) await call('GET', `/api/assessments/019b0000-0000-7000-8000-00000000000${n}`, sent);
    await call('GET', `/api/assessments/${id}`, sent);
    expect((await prepared()).length - before).toBeLessThanOrEqual(2);
    expect((await prepared()).filter(({ statement }) => /019b|'%2Fapi%2Fassessments%2F0/.test(statement))).toEqual([]);
  });

  test('cannot be ended by what stands in it', async () => {
    await inRoute('GET', "/api/*/'x; --", () => database().rows(sql`select length('x') as planted_hostile`));
    const [kept] = await db.sql<{ query: string }>(`select query from pg_stat_statements where query like '%planted_hostile%'`);
    expect(kept?.query).toContain("/*application='riskdesk',route='%2Fapi%2F%2A%2F%27x%3B%20--'*/");
  });

  test('leaves a statement alone that is no route’s', async () => {
    await database().rows(sql`select lower('x') as planted_script`);
    const [kept] = await db.sql<{ query: string }>(`select query from pg_stat_statements where query like '%planted_script%'`);
    expect(kept?.query).toBe('select lower($1) as planted_script');
  });
});

describe('what each route costs', () => {
  test('requests, statements a request, time and rows, and no finding for a sound one', async () => {
    await inRoute('GET', '/api/sound', async () => {
      await database().rows(sql`select n from generate_series(1, 7) n`);
      await transaction((tx) => tx.rows(sql`select 1, pg_sleep(0.02)`));
    });
    await inRoute('GET', '/api/sound', async () => {});
    const row = await routeOf('GET /api/sound');
    expect(row).toMatchObject({ requests: 2, statements: 4, per_request: 2, most_statements: 4, row_count: 8, repeats: 0, repeated: null, failed: 0, waiting: 0 });
    expect(Number(row?.db_ms)).toBeGreaterThan(19);
    expect((await askMeasured('queries.routes', { q: '/api/sound' })).findings).toEqual([]);
  });

  test('one that asks row by row is found, with its statement', async () => {
    const ask = (times: number) => inRoute('GET', '/api/loop', async () => {
      for (let n = 0; n < times; n += 1) await database().rows(sql`select name as planted_loop from users where id = ${admin.id}`);
    });
    await ask(3);
    expect((await askMeasured('queries.routes', { q: '/api/loop' })).findings).toEqual([]);
    await ask(12);
    const { rows, findings } = await askMeasured('queries.routes', { q: '/api/loop' });
    expect(rows[0]).toMatchObject({ repeats: 12, repeated: expect.stringContaining('planted_loop') });
    expect(findings).toEqual([expect.objectContaining({ code: 'queries.repeats', about: 'GET /api/loop', evidence: expect.objectContaining({ repeats: 12 }) })]);
  });

  test('statement by statement: the same one under each route that sends it, and no more texts than are worth keeping', async () => {
    for (const route of ['/api/one', '/api/other', '/api/other']) await inRoute('GET', route, () => database().rows(sql`select name as planted_shared from users`));
    const { rows } = await askMeasured('queries.route_statements', { q: 'planted_shared', sort: 'route' });
    expect(rows.map(({ route, calls, per_request: perRequest, rows_per_call: perCall }) => [route, calls, perRequest, perCall])).toEqual([['GET /api/one', 1, 1, 4], ['GET /api/other', 2, 1, 4]]);
    await inRoute('GET', '/api/many', async () => {
      for (let n = 0; n < 120; n += 1) await database().rows(sql`select ${keywordFree(n)} as planted_many`, { planEachTime: true });
    });
    expect((await askMeasured('queries.route_statements', { q: '/api/many', limit: '1000' })).rows).toHaveLength(100);
    expect((await routeOf('GET /api/many'))?.statements).toBe(120);
  });

  test('failures count, and do not stay at work', async () => {
    await expect(inRoute('GET', '/api/failing', () => database().rows(sql`select 1 / 0`))).rejects.toThrow();
    expect(await routeOf('GET /api/failing')).toMatchObject({ requests: 1, failed: 1, waiting: 0 });
  });

  test('waiters by route: who waits for a connection now, and who has', async () => {
    const hold = () => inRoute('GET', '/api/holding', () => database().rows(sql`select pg_sleep(0.5)`));
    const holding = [hold(), hold()];
    await new Promise((resolve) => setTimeout(resolve, 100));
    const waiting = inRoute('GET', '/api/waiting', () => database().rows(sql`select 1`));
    await expect.poll(async () => (await routeOf('GET /api/waiting'))?.waiting).toBe(1);
    await Promise.all([...holding, waiting]);
    const row = await routeOf('GET /api/waiting');
    expect(row).toMatchObject({ waiting: 0, wait_count: 1 });
    expect(Number(row?.wait_ms)).toBeGreaterThan(0);
    expect(await routeOf('GET /api/holding')).toMatchObject({ wait_count: 0 });
  });

  test('the API’s own routes are in it by their patterns', async () => {
    const { rows } = await askMeasured('queries.routes');
    const routes = rows.map(({ route }) => route);
    expect(routes).toContain('GET /api/assessments/{id}');
    expect(routes).toContain('POST /api/assessments');
    expect((await routeOf('GET /api/assessments'))?.requests).toBe(8);
  });
});
