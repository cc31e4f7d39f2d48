import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask as askQuestion, askMeasured } from '@/test/ask';
import { useDatabase } from '@/test/database';

const db18 = await useDatabase();
const db14 = await useDatabase({ major: 14 });
process.env.TARGETS = `pg14=${db14.url('monitor')} bare=${db18.url('app')}`;

const { closeMonitors } = await import('@/lib/run/monitor');

afterAll(closeMonitors);

const ask = (name: string, target: string, query: Record<string, string> = {}) => askQuestion(`queries.${name}`, { target, ...query });
const measured = (name: string, target: string, query: Record<string, string> = {}) => askMeasured(`queries.${name}`, { target, ...query });

describe.each([['main', db18], ['pg14', db14]] as const)('on %s', (target, db) => {
  beforeAll(async () => {
    await db.sql('create table planted_keys (id int primary key, v text)');
    await db.sql("insert into planted_keys select g, repeat('x', 100) from generate_series(1, 20000) g");
    await db.sql('grant select on planted_keys to riskdesk_app');
    const app = await db.connect('app');
    for (let call = 0; call < 120; call += 1) await app.query('select v as planted_one from planted_keys where id = $1', [call + 1]);
    for (let call = 0; call < 120; call += 1) {
      await app.query('select count(*) as planted_counted from planted_keys where id = $1', [call]);
      await app.query('select v as planted_together from planted_keys where id = any($1)', [[call + 1]]);
      await app.query("select v as planted_in_text from planted_keys where v <> 'where id = $1' order by id limit 1");
    }
    await db.sql('create table planted_parents (id int primary key, name text); create table planted_children (id int primary key, "Parent id" int not null references planted_parents, v text)');
    await db.sql("insert into planted_parents select g, 'p' || g from generate_series(1, 110) g; insert into planted_children select g, g, 'c' || g from generate_series(1, 110) g");
    await db.sql('grant select on planted_parents, planted_children to riskdesk_app');
    for (const { id } of (await app.query<{ id: number }>("select /*controller='parents',action='list'*/ id, name from planted_parents order by name")).rows) {
      await app.query(`select v as planted_child from planted_children where "Parent id" = $1`, [id]);
    }
    for (const { id } of (await app.query<{ id: number }>("select /*route='%2Fshop'*/ id, v from planted_keys order by id limit 110")).rows) {
      await app.query("select /*route='%2Fshop'*/ id, v, 1 as planted_tagged from planted_keys where id = $1", [id]);
    }
    await app.query('select v as planted_unrelated from planted_keys order by id desc limit 110');
    await app.query("select set_config('work_mem', '64kB', false)");
    for (let call = 0; call < 2; call += 1) await app.query('select v as planted_sort from planted_keys order by v, id desc');
  });

  test('by calls and by total time: every shape once, ordered as asked', async () => {
    const byCalls = await measured('calls', target, { q: 'planted_' });
    expect(byCalls.rows.filter((row) => /planted_(one|sort)/.test(String(row.query))).map((row) => row.calls)).toEqual([120, 2]);
    const byTotal = await measured('total', target, { limit: '1000' });
    const totals = byTotal.rows.map((row) => Number(row.total_ms));
    expect(totals).toEqual(totals.toSorted((a, b) => b - a));
    expect(byTotal.rows.filter((row) => String(row.query).includes('riskdesk:'))).toEqual([]);
  });

  test('temporary files: the sort that spilled, a call and as a whole', async () => {
    const { rows } = await measured('temp', target, { q: 'planted_sort' });
    expect(rows).toHaveLength(1);
    expect(Number(rows[0]?.temp_per_call_bytes)).toBeGreaterThan(1024 ** 2);
    expect(rows[0]?.temp_bytes).toBe(Number(rows[0]?.temp_per_call_bytes) * 2);
  });

  test('I/O: what was written is there', async () => {
    const { rows } = await measured('io', target, { q: 'insert into planted_keys' });
    expect(Number(rows[0]?.dirtied_bytes)).toBeGreaterThan(1024 ** 2);
  });

  test('one by one: the lookup in a loop is a suspicion; a sort, a count, a list of keys and a look-alike text are none', async () => {
    const { rows, findings } = await measured('n_plus_one', target, { min_calls: '115', q: 'planted' });
    expect(rows.map(({ calls, looks_up: what, by_key: byKey, parent }) => [calls, what, byKey, parent])).toEqual([[120, 'public.planted_keys by id', true, null]]);
    expect(String(rows[0]?.together).replaceAll(/\s+/g, ' ')).toBe('SELECT v AS planted_one FROM planted_keys WHERE id = ANY ($1)');
    expect(findings).toEqual([expect.objectContaining({ code: 'queries.n_plus_one', says: expect.stringContaining('A suspicion'), evidence: expect.objectContaining({ calls: 120, rows_per_call: 1 }) })]);
    expect((await measured('n_plus_one', target)).findings).toEqual([]);
  });

  test('one by one: names the candidate for the loop, connected by a foreign key, and says that it is one', async () => {
    const { rows, findings } = await measured('n_plus_one', target, { min_calls: '100', q: 'planted_child' });
    expect(rows).toEqual([expect.objectContaining({ calls: 110, looks_up: 'public.planted_children by Parent id', by_key: false, parent: expect.stringContaining('from planted_parents'), parent_rows: 110, parent_why: 'Parent id references public.planted_parents, which it reads' })]);
    expect(findings[0]?.says).toContain('A candidate for the loop, which gave 110 rows');
    expect(findings[0]?.evidence['parent_queryid']).toBe(rows[0]?.parent_queryid);
  });

  test('one by one: names a candidate that carries the same route in its comment, and the route', async () => {
    const { rows, findings } = await measured('n_plus_one', target, { min_calls: '100', q: 'planted_tagged' });
    expect(rows).toEqual([expect.objectContaining({ calls: 110, by_key: true, said_by: 'route=/shop', parent: expect.stringContaining('order by id limit'), parent_why: 'both carry the same route in their comment' })]);
    expect(findings[0]?.says).toContain('Its first caller says route=/shop.');
  });

  test('running now: the statement, for how long, and what it waits for; its secret is neither shown nor found (F13)', async () => {
    const app = await db.connect('app');
    const slow = app.query("select /*application='shop',route='%2Forders'*/ pg_sleep(30), 'password=canary-in-clear' as planted_running").catch(() => null);
    await expect.poll(async () => (await measured('running', target, { q: 'planted_running', sort: '-pid' })).rows.length, { timeout: 10_000, interval: 1100 }).toBe(1);
    const { rows, findings } = await measured('running', target, { q: 'planted_running', long_ms: '1' });
    expect(rows[0]).toMatchObject({ usr: 'riskdesk_app', state: 'active', wait: 'Timeout: PgSleep', blocked_by: 0, caller: 'application=shop, route=/orders', queryid: expect.stringMatching(/^-?\d+$/) });
    expect(JSON.stringify({ rows, findings })).not.toContain('canary');
    expect(findings).toEqual([expect.objectContaining({ code: 'queries.long', remedy: { action: 'locks.cancel', params: expect.objectContaining({ pid: String(rows[0]?.pid) }) } })]);
    expect((await measured('running', target, { q: 'canary-in' })).rows).toEqual([]);
    await db.sql("select pg_cancel_backend(pid) from pg_stat_activity where query like '%planted_running%' and pid <> pg_backend_pid()");
    await slow;
  });

  test('a search cannot guess at a password in a utility statement', async () => {
    await db.sql("create role planted_guess password 'canary-in-clear'");
    await db.sql('drop role planted_guess');
    expect((await measured('total', target, { q: 'planted_guess' })).rows).toHaveLength(2);
    expect((await measured('total', target, { q: 'canary-in' })).rows).toEqual([]);
  });
});

test('without pg_monitor what runs is unmeasured, not nothing', async () => {
  expect(await ask('running', 'bare')).toMatchObject({ state: 'unmeasured', reason: { code: 'privilege' } });
});
