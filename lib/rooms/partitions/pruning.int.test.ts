import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, askMeasured } from '@/test/ask';
import { useDatabase, type TestDatabase } from '@/test/database';

const main = await useDatabase();
const old = await useDatabase({ major: 14 });
process.env.TARGETS = [`pg14=${old.url('monitor')}`, `bare=${main.url('app')}`].join(' ');
const { closeMonitors } = await import('@/lib/run/monitor');
afterAll(closeMonitors);

const parts = 9;

/** Several ways to partition; the other schema has a table of a name that is therefore not certain. */
const planted = [
  'create schema w', 'create schema elsewhere',
  'create table w.logs (id bigint not null, at timestamptz not null, kind int, note text, primary key (id, at)) partition by range (at)',
  ...Array.from({ length: parts }, (_, n) => `create table w.logs_${n} partition of w.logs for values from ('2026-0${n + 1}-01') to ('2026-${n === 8 ? '10' : `0${n + 2}`}-01')`),
  'create table w.shops (id int primary key, opened_at timestamptz, kind int)',
  'create table w.areas (area text not null, n int) partition by list (area)', ...Array.from({ length: parts }, (_, n) => `create table w.areas_${n} partition of w.areas for values in ('a${n}')`),
  'create table w.spread (a int not null, b int not null, n int) partition by hash (a, b)', ...Array.from({ length: parts }, (_, n) => `create table w.spread_${n} partition of w.spread for values with (modulus ${parts}, remainder ${n})`),
  'create table w.pairs (a int not null, b int not null, n int) partition by range (a, b)', ...Array.from({ length: parts }, (_, n) => `create table w.pairs_${n} partition of w.pairs for values from (${n}, 0) to (${n + 1}, 0)`),
  'create table w.computed (at timestamptz not null) partition by range ((at at time zone \'UTC\'))', ...Array.from({ length: parts }, (_, n) => `create table w.computed_${n} partition of w.computed for values from ('2026-0${n + 1}-01') to ('2026-0${n + 1}-02')`),
  'create table w.few (at date not null) partition by range (at)', "create table w.few_1 partition of w.few for values from ('2026-01-01') to ('2027-01-01')",
  'create table w.twice (at date not null) partition by range (at)', ...Array.from({ length: parts }, (_, n) => `create table w.twice_${n} partition of w.twice for values from ('2026-0${n + 1}-01') to ('2026-0${n + 1}-20')`), 'create table elsewhere.twice (at date)',
  'create view w.behind as select * from w.logs',
  'grant usage on schema w to riskdesk_app, riskdesk_monitor', 'grant select on all tables in schema w to riskdesk_monitor', 'grant select, update, delete, insert on all tables in schema w to riskdesk_app',
];

const nothing = 'no condition on the key';
const inside = 'key inside a function or cast';
type Said = [text: string, why: string | null];

/** What is said of each statement: why it touches every partition, or nothing. */
const corpus: Said[] = [
  ['select count(*) from w.logs', nothing],
  ['select * from w.logs where id = 5', nothing],
  ['select * from w.logs l where l.kind = 1 and exists (select from w.shops s where s.id = l.kind and s.opened_at > timestamptz \'2026-03-01\')', nothing],
  ['select count(*) filter (where at > timestamptz \'2026-05-01\') from w.logs', nothing],
  ['select * from w.logs where at is not null', nothing],
  ['select * from w.logs l where l.at > l.at - interval \'1 day\'', nothing],
  ["update w.logs set note = 'x' where id = 5", nothing],
  ['delete from w.logs where kind = 99', nothing],
  ['select * from w.logs where kind in (1, 2) for update of logs', nothing],
  ['with recent as (select * from w.logs where kind = 5) select count(*) from recent', nothing],
  ['select * from w.shops s left join w.logs l on l.kind = s.kind', nothing],
  ["select * from w.logs where at::date = date '2026-03-03'", inside],
  ["select * from w.logs where date_trunc('month', at) = timestamptz '2026-03-01'", inside],
  ["select * from w.logs where at + interval '1 day' > timestamptz '2026-03-01'", inside],
  ["select * from w.logs where extract(year from at) = 2026", inside],
  ["select * from w.logs where (at, id) > (timestamptz '2026-08-01', 5) order by at, id limit 10", 'row comparison'],
  ["select * from w.logs where at > timestamptz '2026-08-01' or kind = 3", 'one side of OR only'],
  ['select * from w.logs order by at desc limit 5', 'order only'],
  ["select * from w.areas where area like 'a1%'", nothing],
  ["select * from w.areas where lower(area) = 'a1'", inside],
  ['select * from w.areas where n = 4', nothing],
  ['select * from w.spread where a = 1', 'not equality on every key column'],
  ['select * from w.spread where a > 1 and b > 3', 'not equality on every key column'],
  ['select * from w.pairs where b = 1', nothing],
  ["select * from w.logs where at >= timestamptz '2026-08-01'", null],
  ["select * from w.logs where at between timestamptz '2026-08-01' and timestamptz '2026-08-02'", null],
  ["select * from w.logs where timestamptz '2026-02-01' > at", null],
  ["select * from w.logs where at = any (array[timestamptz '2026-08-01'])", null],
  ["select * from w.logs where at in (timestamptz '2026-08-01', timestamptz '2026-07-01')", null],
  ["select * from w.logs where (at, id) = (timestamptz '2026-08-01', 5)", null],
  ["select * from w.logs where at > timestamptz '2026-08-01' or (at < timestamptz '2026-02-01' and kind = 3)", null],
  ["select * from w.logs where at::timestamptz > timestamptz '2026-08-01'", null],
  ["select * from (select * from w.logs) x where x.at > timestamptz '2026-08-01'", null],
  ["select at, count(*) from w.logs group by at having at > timestamptz '2026-08-01'", null],
  ["update w.logs set note = 'x' where at = timestamptz '2026-08-01'", null],
  ["delete from w.logs using w.shops s where s.kind = logs.kind and logs.at < timestamptz '2026-02-01'", null],
  ["select * from w.areas where area = 'a1'", null],
  ["select * from w.areas where area <> 'a1'", null],
  ["select * from w.areas where area::varchar = 'a1'", null],
  ['select * from w.areas where area is null', null],
  ['select * from w.spread where a = 1 and b = 2', null],
  ['select * from w.pairs where a = 1', null],
  ['select * from only w.logs', null],
];

/** Pruned perhaps, by what only the executor knows; or not to be told by the text at all. None of them is accused. */
const open = [
  ['select * from w.logs where at >= $1::timestamptz', ['2026-08-01']],
  ['select * from w.logs l join w.shops s on s.opened_at = l.at', []],
  ['select * from w.logs where at in (select opened_at from w.shops)', []],
  ['select * from w.spread where a = 1 and b in (1, 2)', []],
  ['select * from w.behind', []],
  ['select * from w.few', []],
  ['select * from w.computed', []],
  ["insert into w.logs (id, at) values (1, '2026-01-05')", []],
  ['with logs as (select 1 as x) select * from logs', []],
] as const;

const impossible = 'select note from w.logs where id is null';

async function leavesScanned(db: TestDatabase, text: string): Promise<Set<string>> {
  const [row] = await db.sql<{ 'QUERY PLAN': unknown }>(`explain (format json, costs off) ${text}`);
  return new Set([...JSON.stringify(row).matchAll(/"Relation Name":"(\w+_\d)"/g)].map((found) => found[1] ?? ''));
}

describe.each([[18, main, 'main'], [14, old, 'pg14']] as const)('statements over every partition on PostgreSQL %i', (_, db, target) => {
  beforeAll(async () => {
    for (const statement of planted) await db.sql(statement);
    const app = await db.connect('app');
    for (const [text] of corpus) await app.query(text);
    for (const [text, values] of open) await app.query(text, [...values]);
    // Called most: the planner is asked about it.
    for (let n = 0; n < 3; n += 1) await app.query(impossible);
    await app.query("set search_path = w; select * from twice");
  });

  test('each is accused for its reason, or not at all', async () => {
    const { rows, findings } = await askMeasured('partitions.pruning', { target, min_calls: '1', min_parts: '3', limit: '900' });
    const whys = new Map(rows.map((row) => [shape(String(row.query)), row.why]));
    for (const [text, why] of corpus) expect([text, whys.get(shape(text)) ?? null]).toEqual([text, why]);
    for (const [text] of open) expect([text, whys.get(shape(text)) ?? null]).toEqual([text, null]);
    expect(rows.filter((row) => String(row.tab).endsWith('.twice'))).toEqual([]);
    expect(findings).toHaveLength(rows.filter((row) => row.planner !== 'reads fewer').length);
    expect(findings.find((finding) => finding.code === 'partitions.walked')).toMatchObject({ severity: 'info', says: expect.stringContaining('ORDER BY') });
    expect(rows.find((row) => shape(String(row.query)) === shape('select count(*) from w.logs'))).toMatchObject({ calls: 1, partition_count: parts, opened: parts });
  });

  test('the planner agrees: what is accused scans every leaf, what is not scans fewer', async () => {
    for (const [text, why] of corpus) {
      const scanned = [...(await leavesScanned(db, text))].filter((name) => !name.startsWith('shops')).length;
      if (why === null) expect([text, scanned < parts]).toEqual([text, true]);
      else expect([text, scanned]).toEqual([text, parts]);
    }
  });

  test('the planner is asked about the costliest: it confirms them, and where it reads fewer partitions nothing is found', async () => {
    const { rows, findings } = await askMeasured('partitions.pruning', { target, min_calls: '1', min_parts: '3' });
    const said = new Map(rows.map((row) => [shape(String(row.query)), row.planner]));
    const accused = corpus.flatMap(([text, why]) => (why === null ? [] : [said.get(shape(text))]));
    expect(accused.filter((planner) => planner === 'reads all').length).toBeGreaterThan(10);
    expect(accused.every((planner) => planner === 'reads all' || String(planner).startsWith('not asked: '))).toBe(true);
    // No row of a partition is NULL in a column that is NOT NULL, which the planner knows and the text does not tell.
    expect(said.get(shape(impossible))).toBe('reads fewer');
    expect(findings.filter(({ about }) => about.includes('id is null'))).toEqual([]);
    expect(findings.find(({ evidence }) => evidence.plan === 'reads all')?.says).toContain('by its plan');
  });

  test('a statement called seldom, and a table of few partitions, are left alone', async () => {
    const { rows } = await askMeasured('partitions.pruning', { target });
    expect(rows.filter((row) => String(row.tab).startsWith('w.'))).toEqual([]);
  });
});

test('without pg_monitor it is unmeasured: statements of others are hidden', async () => {
  expect(await ask('partitions.pruning', { target: 'bare' })).toMatchObject({ state: 'unmeasured', reason: { code: 'privilege' } });
});

/** pg_stat_statements puts parameters where literals were. */
const shape = (text: string): string => text.replaceAll(/extract\((year|\$1)/g, 'extract(?').replaceAll(/(date|timestamptz|interval) ('[^']*'|\$\d+)/g, '$1 ?').replaceAll(/'[^']*'|\$\d+|\b\d+\b/g, '?').replaceAll(/\s+/g, ' ').replaceAll(/\?(, \?)+|\? \/\*, \.\.\. \*\//g, '?');
