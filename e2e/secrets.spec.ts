import { randomBytes } from 'node:crypto';
import { expect, test } from '@playwright/test';
import pg from 'pg';
import { concrete } from '../test/security/matrix';
import { administrator, sessionCookie, startConsole, startProductServer, until, type RunningConsole } from '../test/server';

test.describe.configure({ mode: 'serial', timeout: 180_000 });

/** In every secret of this spec, so that one search finds whichever gets out. */
const mark = `canary${randomBytes(4).toString('hex')}`;
const secret = (where: string) => `${mark}-${where}-of-thirty-two-characters-or-more`;
/** A value at which the planted trigger fails with this SQLSTATE, and with the whole row in message, detail and hint. */
const failing = (state: string) => `${mark} state:${state}`;

/** Errors of our own, of the person, of the moment and of the connection; the last kinds open the circuit breaker. */
const states = ['23514', '23505', '23503', '22001', '22P02', '42501', '42P01', 'P0001', 'XX000', '40001', '40P01', '57014', '55P03', '53100', '53200', '08006', '57P01'];

let server: Awaited<ReturnType<typeof startProductServer>>;
let db: pg.Client;
let console: RunningConsole;
let env: Record<string, string>;
let admin = '';
let document: Described;

type Property = { type?: string | string[] };
type Operation = { parameters: { name: string; in: string }[]; requestBody?: { content: { 'application/json': { schema: { properties?: Record<string, Property> } } } } };
type Described = { paths: Record<string, Record<string, Operation>> };

type Answer = { what: string; status: number; text: string };
const answers: Answer[] = [];

/** Asks, and keeps everything that came back: status, headers and body. */
async function ask(method: string, path: string, { body, text, headers = {} }: { body?: unknown; text?: string; headers?: Record<string, string> } = {}): Promise<Answer> {
  const payload = text ?? (body === undefined ? undefined : JSON.stringify(body));
  const all: Record<string, string> = { cookie: admin, origin: console.url, 'content-type': 'application/json', ...headers };
  const answer = await fetch(console.url + path, { method, headers: all, redirect: 'manual', ...(payload === undefined ? {} : { body: payload }) });
  const kept = { what: `${method} ${path}`, status: answer.status, text: `${JSON.stringify([...answer.headers])}\n${await answer.text()}` };
  answers.push(kept);
  return kept;
}

/** Where a secret is: the mark, or the session's token, which only the cookie may hold. */
function leaks(found: Answer[]): string[] {
  const token = decodeURIComponent(admin.split('=')[1] ?? '').split('.')[0] ?? '';
  const needles = [mark, token].filter((needle) => needle.length > 10);
  return found.flatMap(({ what, status, text }) => needles.flatMap((needle) => (text.includes(needle) ? [`${what} (${status}): …${text.slice(Math.max(0, text.indexOf(needle) - 80), text.indexOf(needle) + 80)}`] : [])));
}

const pages = ['/', '/assessments', '/assessments/new', '/audit', '/targets', '/users', '/account', '/queries', '/pool', '/sign-in', '/no-such-page'];

test.beforeAll(async () => {
  server = await startProductServer();
  db = new pg.Client(server.url(server.database));
  db.on('error', () => {});
  await db.connect();
  for (const role of ['app', 'monitor', 'maintenance']) await db.query(`alter role riskdesk_${role} password '${secret(role)}'`);
  const url = (role: string, port: number, password = secret(role)) => `postgres://riskdesk_${role}:${password}@127.0.0.1:${port}/${server.database}?sslmode=disable`;
  env = {
    ...server.env,
    DB_PASSWORD: secret('app'),
    DB_MONITOR_URL: url('monitor', server.port),
    DB_MAINTENANCE_URL: url('maintenance', server.port),
    TARGETS: `refused=${url('monitor', server.port, secret('wrong'))} away=${url('monitor', 1)}`,
    AUTH_SECRET: secret('auth'),
    METRICS_TOKEN: secret('metrics'),
    ADMIN_PASSWORD: secret('admin'),
  };
  console = await startConsole(env);
  await until(async () => (await fetch(`${console.url}/api/health/ready`)).ok);
  admin = await sessionCookie(console.url, { email: administrator.email, password: secret('admin') });
  document = JSON.parse((await ask('GET', '/api/openapi.json')).text.split('\n')[1] ?? '') as Described;
  await db.query(`
    create function planted() returns trigger language plpgsql as $$ begin
      raise exception 'refused: %', new using errcode = substring(new::text from 'state:(.....)'), detail = new::text, hint = new::text;
    end $$`);
  for (const table of ['risk_assessments', 'risk_factors', 'predictions', 'compliance_checks', 'users', 'sessions', 'api_tokens']) {
    await db.query(`create trigger planted before insert or update on ${table} for each row when (new::text like '%${mark} state:%') execute function planted()`);
  }
});

test.afterAll(async () => {
  console?.signal('SIGKILL');
  await console?.ended;
  await db?.end().catch(() => {});
  await server?.dispose();
});

/** Each field of each endpoint with a secret in it, where it cannot be right. */
async function badInput(): Promise<void> {
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [name, { parameters, requestBody }] of Object.entries(methods)) {
      const method = name.toUpperCase();
      const target = concrete(path);
      for (const { name: field } of parameters.filter((one) => one.in === 'query')) await ask(method, `${target}?${new URLSearchParams({ [field]: `${secret(field)}\0` }).toString()}`);
      if (path.includes('{id}')) await ask(method, path.replace('{id}', secret('id')), method === 'GET' ? {} : { body: {} });
      if (!requestBody) continue;
      for (const field of Object.keys(requestBody.content['application/json'].schema.properties ?? {})) await ask(method, target, { body: { [field]: { [field]: secret(field) } } });
      await ask(method, target, { body: { unknown: secret('unknown') } });
      await ask(method, target, { text: `{"password": "${secret('cut')}` });
      await ask(method, target, { text: `password=${secret('form')}`, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
      await ask(method, target, { body: { password: secret('foreign') }, headers: { origin: `https://${mark}.example` } });
    }
  }
}

/** What is no session, no token and no password, and what is one but may not. */
async function wrongCredentials(): Promise<void> {
  for (const path of ['/api/users', '/api/metrics', '/api/ping', '/api/assessments', '/api/auth/get-session']) {
    await ask('GET', path, { headers: { cookie: '', authorization: `Bearer ${secret('token')}` } });
    await ask('GET', path, { headers: { cookie: `riskdesk.session_token=${secret('cookie')}.${secret('signature')}` } });
    await ask('GET', path, { headers: { cookie: '', authorization: `Basic ${secret('basic')}` } });
  }
  for (let attempt = 0; attempt < 7; attempt += 1) {
    await ask('POST', '/api/auth/sign-in/email', { body: { email: 'nobody@riskdesk.example', password: secret('password') } });
  }
  await ask('POST', '/api/auth/change-password', { body: { currentPassword: secret('current'), newPassword: secret('new') } });
  await ask('POST', '/api/users', { body: { email: administrator.email, name: 'Again', role: 'viewer', password: secret('taken') } });
}

/** The database refuses a write with the row in all that it says, in every way that the console tells apart. */
async function databaseErrors(): Promise<void> {
  const made = await ask('POST', '/api/assessments', { body: { businessName: 'Planted', riskScore: 0.4 } });
  const { id } = JSON.parse(made.text.split('\n')[1] ?? '') as { id: string };
  const body = { businessName: 'Planted', riskScore: 0.4 };
  await ask('PATCH', `/api/assessments/${id}`, { body: { version: 7, businessName: secret('late') } });
  for (const state of states) {
    const text = failing(state);
    await ask('POST', '/api/assessments', { body: { ...body, businessName: text } });
    await ask('POST', '/api/assessments', { body: { ...body, factors: [{ category: 'financial', name: text, score: 0.4, weight: 0.5 }] } });
    await ask('POST', '/api/assessments', { body: { ...body, predictions: [{ horizonMonths: 6, predictedScore: 0.5, confidence: 0.8, modelUsed: text }] } });
    await ask('POST', '/api/assessments/batch', { body: { items: [{ ...body, businessName: text }] } });
    await ask('PATCH', `/api/assessments/${id}`, { body: { version: 1, businessName: text } });
    await ask('POST', '/api/tokens', { body: { name: text, scopes: ['assessments:read'] } });
  }
  await ask('POST', '/api/users', { body: { email: 'planted@riskdesk.example', name: failing('23514'), role: 'viewer', password: secret('planted') } });
  // The library's own insert goes through Drizzle, whose message holds the parameters.
  for (const state of ['23514', 'XX000']) await ask('POST', '/api/auth/sign-in/email', { body: { email: administrator.email, password: secret('admin') }, headers: { cookie: '', 'user-agent': failing(state) } });
}

/** Questions about servers that refuse or are away, and about one whose statistics fail with a statement's text. */
async function failingDiagnostics(): Promise<void> {
  await db.query(`create role planted_role password '${secret('role')}'`);
  await db.query('alter extension pg_stat_statements drop view pg_stat_statements');
  await db.query('alter view pg_stat_statements rename to planted_statements');
  for (const target of ['main', 'refused', 'away', secret('target').slice(0, 50)]) {
    await ask('GET', `/api/queries/slow?min_mean_ms=0&target=${target}`);
    await ask('GET', `/api/findings?target=${target}`);
  }
  await db.query(`create function planted_statement() returns boolean language plpgsql as $$ begin raise exception '${secret('statement')}' using detail = '${secret('detail')}'; end $$`);
  await db.query('create view pg_stat_statements as select * from planted_statements where planted_statement()');
  await db.query('grant select on pg_stat_statements to public');
  await ask('GET', `/api/queries/slow?min_mean_ms=0&q=${secret('q')}`);
  await ask('GET', '/api/findings');
  await ask('GET', '/api/targets');
}

/** A page whose session cannot be marked as used: what the database says holds the session's row. */
async function failingPages(): Promise<void> {
  await db.query('begin; set local session_replication_role = replica');
  await db.query(`update sessions set user_agent = $1, updated_at = now() - interval '1 hour'`, [failing('XX000')]);
  await db.query('commit');
  for (const path of [...pages, '/api/ping', '/api/users']) await ask('GET', path);
  await db.query('begin; set local session_replication_role = replica');
  await db.query(`update sessions set user_agent = 'a browser', updated_at = now()`);
  await db.query('commit');
  // A page's own reading, beyond who is asking.
  await db.query('revoke select on risk_assessments, users from riskdesk_app');
  for (const path of ['/assessments', '/users', concrete('/assessments/{id}'), concrete('/users/{id}')]) await ask('GET', path);
  await db.query('grant select on risk_assessments, users to riskdesk_app');
}

/** The application's password is no longer right; then there is no server at all. */
async function unavailableDatabase(): Promise<void> {
  const everything = async () => {
    for (const path of [...pages, '/api/users', '/api/ping', '/api/health', '/api/health/ready', '/api/queries/slow', `/api/assessments?q=${secret('q')}`]) await ask('GET', path);
    for (const path of ['/api/auth/sign-in/email', '/api/users', '/api/assessments']) await ask('POST', path, { body: { email: 'nobody@riskdesk.example', password: secret('password'), businessName: secret('name') } });
  };
  await db.query(`alter role riskdesk_app password 'another'`);
  await db.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename like 'riskdesk%'`);
  await everything();
  await server.stop();
  await everything();
}

const count = (list: number[]) => Object.fromEntries([...new Set(list)].toSorted().map((status) => [status, list.filter((one) => one === status).length]));

test('S8: hundreds of errors of every kind tell no secret: not to who asked, not in the log, not in the metrics, not in a page', async ({ page }) => {
  await badInput();
  await wrongCredentials();
  await failingDiagnostics();
  await databaseErrors();
  await failingPages();
  const metrics = await ask('GET', '/api/metrics', { headers: { cookie: '', authorization: `Bearer ${secret('metrics')}` } });
  expect(metrics.text).toContain('database_queries_total');
  await page.goto(`${console.url}/sign-in`);
  await page.getByLabel('E-mail').fill('nobody@riskdesk.example');
  await page.getByLabel('Password').fill(secret('typed'));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByText(/Too many attempts/)).toBeVisible();
  const kept = await page.evaluate(() => JSON.stringify([window.localStorage, window.sessionStorage, window.document.cookie, window.location.href, window.history.state]));
  await unavailableDatabase();
  const log = console.output();
  const statuses = count(answers.map(({ status }) => status));
  process.stdout.write(`S8: ${JSON.stringify(statuses)}, ${log.length} characters of log\n`);
  const errors = answers.filter(({ status }) => status >= 400);
  expect(errors.length).toBeGreaterThan(200);
  for (const status of [400, 401, 403, 404, 409, 415, 422, 429, 500, 503]) expect(Object.keys(statuses)).toContain(String(status));
  expect(leaks([...answers, { what: 'the log', status: 0, text: log }, { what: 'what the browser keeps', status: 0, text: kept }])).toEqual([]);
  // What was searched is the whole log, and the errors are in it.
  expect(log.length).toBeLessThan(200_000);
  expect(log.split('"unexpected error"').length).toBeGreaterThan(50);
  for (const kind of ['"diagnostic failed"', '"where":"a page"']) expect(log).toContain(kind);
});

test('S8: settings that are wrong, or that the database refuses, are told without their values', async () => {
  const refused = await startConsole({ ...env, DB_PORT: '1', DB_MAINTENANCE_URL: '', DB_MONITOR_URL: '' });
  await until(() => refused.output().includes('the database is not ready yet'));
  refused.signal('SIGKILL');
  await refused.ended;
  const wrong = await startConsole({ ...env, DATABASE_URL: `mysql://u:${secret('url')}@h/d`, TARGETS: `x=http://u:${secret('target')}@h`, METRICS_TOKEN: mark.slice(0, 10) }).then(() => 'it started', (error: Error) => error.message);
  expect(wrong).toContain('DATABASE_URL must be a URL');
  expect(leaks([{ what: 'refused', status: 0, text: refused.output() }, { what: 'wrong', status: 0, text: wrong }])).toEqual([]);
});

test('S8: the search finds a secret where there is one', () => {
  expect(leaks([{ what: 'planted', status: 200, text: `{"businessName":"${failing('00000')}"}` }, { what: 'clean', status: 500, text: '{}' }])).toEqual([expect.stringContaining('planted (200)')]);
});
