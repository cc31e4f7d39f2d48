import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sorts } from '@/lib/rooms/assessments/schema';
import { writeCursor } from '@/lib/rooms/assessments/cursor';
import { diagnostics } from '@/lib/run/registry';
import { call, type Sent } from '@/test/call';
import { useDatabase } from '@/test/database';
import { rounds, seed } from '@/test/faults';
import { signedCookie, usePeople } from '@/test/people';

const db = await useDatabase();
const { admin } = await usePeople(db);
await call('POST', '/api/assessments', { cookie: admin.cookie, body: { businessName: 'Found', riskScore: 0.4 } });

const payloads = [
  "'", "''", '"', '`', '\\', "\\'", '%', '_', ';', '--', '#', '/*', '*/', '$1', '$$', '$x$', ':a', '?', '{}', '(', ')', '())', '[', "E'\\''", "U&'\\0027'", "U&\"d\\0061t\"", '\u2019', '\uff07', '\u02bc',
  "' or '1'='1", "' or 1=1 --", '1 or 1=1', '1) or (1=1', "') or ('1'='1", "' union select null --", "' union all select email, password from accounts --", '1; select pg_sleep(5)', "1'; select pg_sleep(5) --", "'||pg_sleep(5)||'", '(select pg_sleep(5))', "'; drop table users; --", '"; drop table users; --', "'); delete from users; --", '1; copy users to program \'id\'', "' and 1=cast((select version()) as int) --", "' and extractvalue(1, version()) --",
  'created_at desc; drop table users', 'createdAt;', 'createdAt--', '-createdAt, (select 1)', '"createdAt"', 'created_at', 'risk_score', '(case when true then id else created_at end)', 'id limit 1 offset 1', '1 asc', '-', '--createdAt', '-"', 'constructor', '__proto__', 'toString',
  'null', 'undefined', 'true', 'NaN', 'infinity', '-infinity', '1e309', '-1', '0x1F', '1_000', '01', '9'.repeat(40), '9223372036854775808', '0.1.2', '2026-02-30', '0000-00-00', '294277-01-01', 'epoch', 'now', 'tomorrow', '00000000-0000-0000-0000-000000000000', "00000000-0000-0000-0000-00000000000'",
  '\u0000', 'a\u0000b', '\u0001', '\u001a', '\u2028', '\ufffe', '\u{10ffff}', '\u{1f600}', 'x'.repeat(8000), 'a,b', 'a|b', 'a&b', 'pg_catalog.pg_class', '/* riskdesk:x */', '%27%20or%201=1', '{"$ne":null}', '[]', '../../etc/passwd',
];

type Ask = (text: string) => { path: string } & Sent;

const field = (base: string, name: string): [string, Ask] => [`${base} ${name}`, (text) => ({ path: `${base}?${new URLSearchParams({ [name]: text }).toString()}` })];
const filters = ['q', 'status', 'riskLevel', 'industry', 'country', 'userId', 'minScore', 'maxScore', 'createdFrom', 'createdTo'];
const inPath = (before: string, after = ''): [string, Ask] => [`${before}{}${after}`, (text) => ({ path: `${before}${encodeURIComponent(text.toWellFormed()).replaceAll('.', '%2e')}${after}` })];

/** A cursor with a sound checksum: whoever reads the code can make one. */
const forged = (sort: (typeof sorts)[number]): [string, Ask] => [`cursor of ${sort}`, (text) => ({ path: `/api/assessments?sort=${sort}&cursor=${writeCursor({ sort, direction: 'after', key: text, id: admin.id })}` })];

/** Every place where text of a request comes near a statement. */
const places: [string, Ask][] = [
  ...[...filters, 'sort', 'limit', 'cursor'].map((name) => field('/api/assessments', name)),
  ...filters.map((name) => field('/api/assessments/stats', name)),
  ...sorts.map(forged),
  ...['cursor', 'limit', 'actor', 'action', 'object', 'outcome', 'from', 'to'].map((name) => field('/api/audit', name)),
  ...[...diagnostics.values()].flatMap(({ room, diagnostic }) => ['target', 'limit', 'sort', 'q', ...Object.keys(diagnostic.params)].map((name) => field(`/api/${room.name}/${diagnostic.name}`, name))),
  ...['/api/sessions', '/api/tokens'].map((path) => field(path, 'userId')),
  field('/api/findings', 'target'),
  ...['/api/assessments/', '/api/queries/', '/api/'].map((path) => inPath(path)),
  ['name of a field', (text) => ({ path: `/api/assessments?${new URLSearchParams({ [text]: '1' }).toString()}` })],
  ['text of a cookie', (text) => ({ path: '/api/ping', cookie: signedCookie(encodeURIComponent(text.toWellFormed())) })],
  ['token', (text) => ({ path: '/api/ping', token: encodeURIComponent(text.toWellFormed()) })],
];

const wanted = rounds * 125;

/** The list in every place first, then text of chance: as many as are asked for. */
function* attempts(): Generator<[string, Ask, string]> {
  const random = fc.sample(fc.oneof(fc.string({ unit: 'binary', maxLength: 30 }), fc.stringMatching(/^['"\\;%(),$ -]{1,12}$/)), { numRuns: wanted, seed });
  const pairs = payloads.flatMap((text) => places.map(([name, ask]): [string, Ask, string] => [name, ask, text]));
  // Each place comes with another part of the list until all have come with all of it.
  const stride = 7919;
  for (let n = 0; n < pairs.length; n += 1) {
    const pair = pairs[(n * stride) % pairs.length];
    if (pair) yield pair;
    const text = random[n % random.length];
    const place = places[n % places.length];
    if (text !== undefined && place) yield [place[0], place[1], text];
  }
}

/** Lines that the server wrote about statements of this database. */
const logged = () => readFileSync(db.logFile, 'utf8').split('\n').filter((line) => line.includes(` ${db.name} `) && /ERROR|FATAL|PANIC/.test(line));

test(`S5: ${wanted} attempts to inject SQL, seed ${seed}: none is an error of ours or reaches the server as one`, async () => {
  const wrong: string[] = [];
  const counts: Record<number, number> = {};
  let made = 0;
  for (const [name, ask, text] of attempts()) {
    if ((made += 1) > wanted) break;
    const { path, ...sent } = ask(text);
    const answer = await call('GET', path, sent.cookie || sent.token ? sent : { cookie: admin.cookie });
    counts[answer.status] = (counts[answer.status] ?? 0) + 1;
    if (answer.status >= 500 || answer.text.includes('"code":"failed"')) wrong.push(`${name} ${JSON.stringify(text)}: ${answer.status}`);
  }
  process.stdout.write(`S5: ${JSON.stringify(counts)}\n`);
  expect(wrong).toEqual([]);
  expect(logged()).toEqual([]);
  expect(Object.keys(counts)).toContain('200');
  expect(await db.sql('select count(*)::int as n from users')).toEqual([{ n: 4 }]);
}, 600_000);

test('S5: the log would show a statement that does not parse', async () => {
  await expect(db.sql('selec')).rejects.toThrow('syntax error');
  await expect.poll(logged).toContainEqual(expect.stringContaining('syntax error'));
});
