import { afterAll, describe, expect, test } from 'vitest';
import { askMeasured } from '@/test/ask';
import { useDatabase, type TestDatabase } from '@/test/database';
import { until } from '@/test/server';

const main = await useDatabase();
const old = await useDatabase({ major: 14 });
process.env.TARGETS = [`pg14=${old.url('monitor')}`, `bare=${main.url('app')}`, `super=${main.url('superuser')}`].join(' ');
const { closeMonitors } = await import('@/lib/run/monitor');
afterAll(closeMonitors);

const vary = "repeat('x', (g * 7919 % 90)::int)";
/** Name → how it is made. `g` counts; every one is analyzed at the end unless it says otherwise. */
const fixtures: Record<string, string[]> = {
  fresh: [`create table fresh as select g as id, ${vary} as note, now() as at from generate_series(1, 30000) g`],
  ints: ['create table ints as select g as a, g as b from generate_series(1, 30000) g'],
  flags: ['create table flags as select g % 2 = 0 as a from generate_series(1, 30000) g'],
  padded: ["create table padded as select true as a, g::bigint as b, 2::int2 as c, g::float8 as d, false as e, now() as f from generate_series(1, 20000) g"],
  updated: [`create table updated as select g as id, ${vary} as note from generate_series(1, 20000) g`, 'update updated set note = note', 'update updated set note = note', 'vacuum updated'],
  deleted: [`create table deleted as select g as id, ${vary} as note from generate_series(1, 30000) g`, 'delete from deleted where id % 10 < 7', 'vacuum deleted'],
  dead: [`create table dead as select g as id, ${vary} as note from generate_series(1, 20000) g`, 'delete from dead where id % 2 = 0'],
  wide: ["create table wide as select g as id, repeat(md5(g::text), 46) as body from generate_series(1, 4000) g", 'alter table wide alter body set storage plain', 'delete from wide where id % 3 = 0', 'vacuum wide'],
  wide_vary: ["create table wide_vary (id int, body text)", 'alter table wide_vary alter body set storage plain', "insert into wide_vary select g, repeat('x', 100 + g * 7919 % 1400) from generate_series(1, 6000) g"],
  toasted: ["create table toasted (id int, body text)", 'alter table toasted alter body set storage external', "insert into toasted select g, repeat('x', 3000) from generate_series(1, 12000) g", 'delete from toasted where id % 2 = 0', 'vacuum toasted'],
  nulls: ["create table nulls as select g as a, case when g % 3 = 0 then g::bigint end as b, case when g % 4 = 0 then md5(g::text) end as c, null::int as d from generate_series(1, 30000) g"],
  sparse: [`create table sparse as select g as id, ${Array.from({ length: 20 }, (_, i) => `case when g % 20 = ${i} then g end as c${i}`).join(', ')} from generate_series(1, 20000) g`],
  reserve: [`create table reserve (id int, note text) with (fillfactor = 70)`, `insert into reserve select g, ${vary} from generate_series(1, 20000) g`],
  reserve_deleted: [`create table reserve_deleted (id int, note text) with (fillfactor = 50)`, `insert into reserve_deleted select g, ${vary} from generate_series(1, 20000) g`, 'delete from reserve_deleted where id % 4 > 0', 'vacuum reserve_deleted'],
  dropped: ["create table dropped as select g as id, md5(g::text) as gone, g as other from generate_series(1, 20000) g", 'alter table dropped drop column gone'],
  dropped_texts: ["create table dropped_texts as select g as id, repeat(md5(g::text), 6) as gone, repeat(md5(g::text), 6) as gone_too, g as other from generate_series(1, 20000) g", 'alter table dropped_texts drop column gone, drop column gone_too', 'vacuum dropped_texts'],
  dropped_deleted: ["create table dropped_deleted as select g as id, md5(g::text) as gone, md5(g::text) as note from generate_series(1, 20000) g", 'alter table dropped_deleted drop column gone', 'delete from dropped_deleted where id % 3 > 0', 'vacuum dropped_deleted'],
  numerics: ["create table numerics as select g as id, (g * 1.37)::numeric(12,2) as a, (g / 7.0)::numeric(12,4) as b, g % 2 = 0 as c from generate_series(1, 30000) g"],
  documents: ["create table documents as select g as id, jsonb_build_object('id', g, 'name', md5(g::text), 'tags', array['a', 'b']) as body from generate_series(1, 20000) g", 'update documents set body = body where id % 2 = 0', 'vacuum documents'],
  skewed: ["create table skewed as select g as id, repeat('x', case when g % 50 = 0 then 900 else 5 end) as note from generate_series(1, 30000) g"],
  uuids: ["create table uuids as select gen_random_uuid() as id, now() as at, g % 100 as n from generate_series(1, 30000) g", 'delete from uuids where n < 30', 'vacuum uuids'],
  grown: [`create table grown as select g as id, ${vary} as note from generate_series(1, 20000) g`, 'analyze grown', `insert into grown select g, ${vary} from generate_series(1, 2000) g`, '-- no analyze'],
  added: ["create table added as select g as id from generate_series(1, 30000) g", "alter table added add column extra text default 'a default of many letters'"],
  emptied: [`create table emptied as select g as id, ${vary} as note from generate_series(1, 20000) g`, 'delete from emptied where id < 20000', 'vacuum emptied'],
};

async function plant(db: TestDatabase): Promise<void> {
  await db.sql('create extension if not exists pgstattuple');
  await db.sql('create table unknown with (autovacuum_enabled = off) as select g as id, g as other from generate_series(1, 40000) g');
  for (const [name, steps] of Object.entries(fixtures)) {
    const own = [...steps, `alter table ${name} set (autovacuum_enabled = off)`, ...(steps.at(-1)?.startsWith('--') ? [] : [`analyze ${name}`])];
    // A session reports what it changed when it ends; what it has not reported yet when it analyzes is counted twice.
    for (const step of own) if (!step.startsWith('--')) await withOwnSession(db, step);
  }
  const names = Object.keys(fixtures).map((name) => `'${name}'::regclass`).join(', ');
  await until(async () => (await db.sql<{ missing: number }>(`select count(*)::int as missing from unnest(array[${names}]) t(rel) where pg_stat_get_last_analyze_time(t.rel::oid) is null`))[0]?.missing === 0);
}

async function withOwnSession(db: TestDatabase, statement: string): Promise<void> {
  const client = await db.connect('superuser');
  await client.query(statement);
  await client.end();
}

type Line = { table: string; pages: number; estimate: number; least: number; most: number; stattuple: number; rewritten: number; tail: number };

async function compared(db: TestDatabase, target: string): Promise<Line[]> {
  const { rows } = await askMeasured('tables.bloat', { target, limit: '1000' });
  const lines: Line[] = [];
  for (const name of Object.keys(fixtures)) {
    const row = rows.find((one) => one.tab === `public.${name}`);
    if (!row || row.bloat_bytes === null) throw new Error(`${name} was not estimated: ${JSON.stringify(row)}`);
    const heap = Number(row.heap_bytes);
    const [exact] = await db.sql<{ live_bytes: string; live_rows: string }>(`select tuple_len::text as live_bytes, tuple_count::text as live_rows from pgstattuple('public.${name}')`);
    await db.sql(`vacuum (full) ${name}`);
    const [after] = await db.sql<{ bytes: string }>(`select pg_relation_size('public.${name}')::text as bytes`);
    // The live rows as pgstattuple counted and measured them, on pages filled as far as the fill factor says. (Its free space leaves out pages that no row was on yet.)
    const liveRows = Number(exact?.live_rows);
    const needed = (liveRows * (8 * Math.ceil(Number(exact?.live_bytes) / Math.max(1, liveRows) / 8) + 4)) / (((8192 - 24) / 8192) * (Number(row.fill_factor) / 100));
    const share = (bytes: unknown) => Number(bytes) / heap;
    lines.push({
      table: name, pages: heap / 8192, estimate: share(row.bloat_bytes), least: share(row.least_bytes), most: share(row.most_bytes),
      stattuple: Math.max(0, 1 - share(needed)), rewritten: Math.max(0, 1 - share(after?.bytes)), tail: Number(row.width_bytes) / 8192,
    });
  }
  return lines;
}

const percent = (value: number) => `${(value * 100).toFixed(1)} %`.padStart(8);
const table = (lines: Line[]) => lines.map((line) => `${line.table.padEnd(16)} ${String(line.pages).padStart(5)} pages  estimate ${percent(line.estimate)} in ${percent(line.least)} –${percent(line.most)}  rewrite ${percent(line.rewritten)}  pgstattuple ${percent(line.stattuple)}`).join('\n');

describe.each([['18', main, 'main'], ['14', old, 'pg14']] as const)('on PostgreSQL %s', (major, db, target) => {
  test('the truth lies inside the stated interval', { timeout: 120_000 }, async () => {
    await plant(db);
    const lines = await compared(db, target);
    process.stdout.write(`\nBloat on PostgreSQL ${major}\n${table(lines)}\n`);
    const page = (line: Line) => 1 / line.pages + 1e-9;
    const outside = lines.filter((line) => line.rewritten < line.least - page(line) || line.rewritten > line.most + page(line));
    expect(outside.map((line) => line.table)).toEqual([]);
    // A row's rest at each page's end is not in what pgstattuple tells, and a dropped column's values are live to it: it may find less than a rewrite.
    const disputed = lines.filter((line) => (!line.table.startsWith('dropped') && line.stattuple < line.least - line.tail - page(line)) || line.stattuple > line.most + line.tail + page(line));
    expect(disputed.length / lines.length).toBeLessThanOrEqual(0.05);
    const error = lines.map((line) => Math.abs(line.estimate - line.rewritten));
    expect(error.reduce((sum, one) => sum + one, 0) / lines.length).toBeLessThan(0.04);
    // An interval that says nothing would be right as well.
    expect(lines.filter((line) => line.most - line.least < 0.25).length / lines.length).toBeGreaterThan(0.8);
  });
});

test('a table that was never analyzed is not known, neither bloated nor clean', async () => {
  const { rows } = await askMeasured('tables.bloat', { q: 'unknown' });
  expect(rows).toMatchObject([{ tab: 'public.unknown', bloat_bytes: null, least_bytes: null, knowledge: expect.stringContaining('Never') }]);
});

test('finds a bloated table by the low end of its estimate, with the statement and what it blocks', async () => {
  await withOwnSession(main, "create table bloated with (autovacuum_enabled = off) as select g as id, repeat('x', 200) as note from generate_series(1, 20000) g");
  await withOwnSession(main, 'delete from bloated where id % 10 > 0');
  await withOwnSession(main, 'vacuum (analyze) bloated');
  const { findings } = await askMeasured('tables.bloat', { q: 'bloated', min_bytes: '1000000' });
  expect(findings).toMatchObject([{ code: 'tables.bloat', severity: 'warning', about: 'public.bloated', says: expect.stringContaining('blocks reads and writes'), remedy: { action: 'tables.vacuum_full', params: { table: 'public.bloated' } } }]);
  expect((await askMeasured('tables.bloat', { q: 'bloated' })).findings, 'four megabytes are no finding of themselves').toEqual([]);
});

test('what rows hold of dropped columns is not said to be made usable by VACUUM', async () => {
  await withOwnSession(main, "create table narrowed with (autovacuum_enabled = off) as select g as id, repeat(md5(g::text), 6) as gone, repeat(md5(g::text), 6) as gone_too from generate_series(1, 20000) g");
  await withOwnSession(main, 'alter table narrowed drop column gone, drop column gone_too');
  await withOwnSession(main, 'vacuum (analyze) narrowed');
  const { rows, findings } = await askMeasured('tables.bloat', { q: 'narrowed', min_bytes: '1000000' });
  expect(rows).toMatchObject([{ tab: 'public.narrowed', dropped: true }]);
  expect(findings).toMatchObject([{ says: expect.stringMatching(/^A rewrite would give back about .* only a rewrite removes those values/), remedy: { action: 'tables.vacuum_full' } }]);
  expect(findings[0]?.says).not.toContain('VACUUM makes that space usable');
});
