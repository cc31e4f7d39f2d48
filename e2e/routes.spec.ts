import { readFileSync } from 'node:fs';
import { declared } from '../lib/rooms';
import { concrete, described, everyMethod, expected, granted, methodsOf, outcome, ruleOf, type Asking, type Described, type Rule } from '../test/security/matrix';
import { rawRequest } from '../test/raw';
import { buildWithoutProxy, startConsole, type RunningConsole } from '../test/server';
import { asAdmin, consoleEnvironment, expect, newAccount, test } from './fixtures';

test.describe.configure({ mode: 'serial' });

const roles = ['viewer', 'analyst', 'dba', 'admin'] as const;

/** Every route of the build, from what Next itself wrote down. */
const built = Object.values(JSON.parse(readFileSync('.next/app-path-routes-manifest.json', 'utf8')) as Record<string, string>);
const isApi = (route: string) => route.startsWith('/api/');
/** Next's own pages for errors, and a file. */
const notPages = ['/_not-found', '/_global-error', '/icon.svg'];

type Caller = Asking & { headers: Record<string, string> };

let url = '';
let callers: Caller[] = [];
let document: Described;
let withoutProxy: RunningConsole;
/** The `id` that stands for each page with a placeholder. */
let ids: Record<string, string> = {};

async function tokenOf(admin: Caller): Promise<Caller> {
  const answer = await fetch(`${url}/api/tokens`, { method: 'POST', headers: { ...admin.headers, 'content-type': 'application/json' }, body: JSON.stringify({ name: 'of the routes', scopes: granted.admin }) });
  const { token } = (await answer.json()) as { token: string };
  return { name: 'a token', permissions: granted.admin, via: 'token', headers: { authorization: `Bearer ${token}` } };
}

type Items = { items: { id: string }[] };

test.beforeAll(async ({ baseURL }) => {
  test.setTimeout(120_000);
  url = baseURL ?? '';
  const people: Caller[] = [];
  for (const role of roles) people.push({ name: role, permissions: granted[role], via: 'session', headers: (await newAccount(role)).headers });
  callers = [{ name: 'nobody', permissions: [], via: 'nothing', headers: {} }, ...people, await tokenOf(people[3] ?? raise('no administrator'))];
  document = await asAdmin<Described>('/api/openapi.json');
  const [users, assessments] = [await asAdmin<Items>('/api/users'), await asAdmin<Items>('/api/assessments?limit=1')];
  const wish = { params: { table: 'public.users' } };
  const { seal } = await asAdmin<{ seal: string }>('/api/tables/analyze?preview', wish);
  const { jobId } = await asAdmin<{ jobId: string }>('/api/tables/analyze', { ...wish, seal });
  ids = { users: users.items[0]?.id ?? raise('no user'), assessments: assessments.items[0]?.id ?? raise('no assessment'), maintenance: jobId };
  withoutProxy = await startConsole(consoleEnvironment(), buildWithoutProxy());
});

test.afterAll(async () => {
  withoutProxy?.signal('SIGKILL');
  await withoutProxy?.ended;
});

function raise(message: string): never {
  throw new Error(message);
}

test('S1: the build has the routes that the OpenAPI document describes, and no others', () => {
  const dispatched = [...new Set(declared.flatMap(({ room, diagnostics, actions }) => [...diagnostics, ...actions].map(({ name }) => `/api/${room.name}/${name}`)))];
  const routes = built.filter(isApi).flatMap((route) => {
    if (route === '/api/[...unknown]') return [];
    return route === '/api/[room]/[name]' ? dispatched : [route.replaceAll(/\[(\w+)\]/g, '{$1}')];
  });
  expect(routes.toSorted()).toEqual(Object.keys(document.paths).toSorted());
  expect(described(document).length).toBeGreaterThan(routes.length);
});

test('S1: every route and method over HTTP, as each role, with a token and as nobody', async () => {
  test.setTimeout(120_000);
  const wrong: string[] = [];
  // Signing out would end the session: as a person it is asked in routes.int.test.ts.
  const paths = Object.keys(document.paths);
  for (const { headers, ...asking } of callers) {
    for (const path of paths.filter((one) => asking.via !== 'session' || !one.endsWith('/sign-out'))) {
      const known = methodsOf(document, path);
      for (const method of [...everyMethod, 'TRACE', 'PROPFIND']) {
        const answer = await rawRequest(url, method, concrete(path), { ...headers, 'content-type': 'application/json' });
        const wanted = known.includes(method) ? expected(asking, ruleOf(document, method, path)) : 405;
        const got = outcome(answer.status, path);
        if (got !== wanted) wrong.push(`${asking.name}: ${method} ${path}: ${got} where ${wanted} was expected`);
        if (wanted === 405 && answer.headers['allow']?.split(', ').toSorted().join() !== known.toSorted().join()) wrong.push(`${method} ${path}: Allow is ${answer.headers['allow']}`);
        if (answer.status >= 400 && path !== '/api/health' && answer.headers['content-type'] !== 'application/problem+json') wrong.push(`${method} ${path}: ${answer.headers['content-type']}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

/** Who may see which page, the first line that fits. A page that no line fits fails. */
const pageRules: [RegExp, Rule][] = [
  [/^\/sign-in$/, 'public'],
  [/^\/(account)?$/, 'signed-in'],
  [/^\/users(\/|$)/, 'users:manage'],
  [/^\/audit$/, 'audit:read'],
  [/^\/assessments\/(new|[^/]+\/edit)$/, 'assessments:write'],
  [/^\/assessments(\/[^/]+)?$/, 'assessments:read'],
  [/^\/queries\/statement$/, 'stats:read'],
  [/^\/maintenance\/[^/]+$/, 'stats:read'],
  ...declared.map(({ room }): [RegExp, Rule] => [new RegExp(`^${room.path}$`), 'stats:read']),
];

function pages(): string[] {
  const own = built.filter((route) => !isApi(route) && !notPages.includes(route));
  const found = own.flatMap((route) => (route === '/[room]' ? declared.map(({ room }) => room.path) : [route.replaceAll(/\[id\]/g, () => ids[route.split('/')[1] ?? ''] ?? raise(`no id for ${route}`))]));
  return [...new Set(found)];
}

/** Status and, of a redirect, where to. */
async function visit(base: string, path: string, headers: Record<string, string>): Promise<string> {
  const answer = await rawRequest(base, 'GET', path, headers);
  return [answer.status, answer.headers['location']].filter(Boolean).join(' ');
}

function wantedOf(caller: Asking, path: string): string {
  const rule = pageRules.find(([pattern]) => pattern.test(path))?.[1] ?? raise(`${path} has no permission in this test`);
  if (rule === 'public') return caller.via === 'session' ? '307 /' : '200';
  const answer = expected(caller, rule);
  return answer === 401 ? '307 /sign-in' : answer === 403 ? '403' : '200';
}

for (const proxied of [true, false]) {
  test(`S1: every page as each role${proxied ? '' : ', with proxy.ts removed'}`, async () => {
    const base = proxied ? url : withoutProxy.url;
    expect((await rawRequest(base, 'GET', '/sign-in')).headers['content-security-policy'] !== undefined).toBe(proxied);
    const wrong: string[] = [];
    for (const caller of callers.filter(({ via }) => via !== 'token')) {
      for (const path of pages()) {
        const got = await visit(base, path, caller.headers);
        const wanted = wantedOf(caller, path);
        if (got !== wanted) wrong.push(`${caller.name}: ${path}: ${got} where ${wanted} was expected`);
      }
      const nowhere = await visit(base, '/no-such-page', caller.headers);
      if (nowhere !== (caller.via === 'nothing' ? '307 /sign-in' : '404')) wrong.push(`${caller.name}: /no-such-page: ${nowhere}`);
    }
    expect(wrong).toEqual([]);
  });
}

const spellings = [
  ['/api/users/', '//api/users', '/api//users', '/api/./users', '/api/x/../users', '/api/%2e%2e/api/users', '/api/%75sers', '/%61pi/users', '/api%2fusers', '/api/users%2f', '/api/users%00', '/api/users%20', '/api/users%0a'],
  ['/API/users', '/api/Users', '/api/users;x', '/api/users.json', '/api/users.rsc', '/api/users?_rsc=1', '/api/users#x', '/api/users%3f', '/_next/data/x/api/users.json', '/_next/image?url=%2Fapi%2Fusers&w=64&q=75', '/api/users/%E0%A4%A', '/%E0%A4%A', '*'],
  ['/users/', '//users', '/%75sers', '/Users', '/users.rsc', '/users?_rsc=1', '/users.segments/_tree.segment.rsc', '/users.png', '/users.txt', '/users%2f', '/./users', '/x/../users', '/_next/data/x/users.json', '/(console)/users', '/(console)/users/page', '/users/page'],
].flat();

const around = ['x-middleware-subrequest', 'x-middleware-rewrite', 'x-middleware-next', 'x-middleware-skip', 'x-middleware-override-headers', 'x-original-url', 'x-rewrite-url', 'x-invoke-path', 'x-invoke-output', 'x-invoke-status', 'x-matched-path', 'x-now-route-matches', 'x-nextjs-data', 'x-next-resume', 'x-prerender-revalidate', 'rsc', 'next-router-prefetch', 'next-router-segment-prefetch', 'next-action', 'x-http-method-override', 'x-forwarded-host', 'x-forwarded-for', 'x-riskdesk-client'];
const headers = [...around.flatMap((name) => ['1', '/api/users'].map((value) => ({ [name]: value }))), { 'x-middleware-subrequest': 'proxy:proxy:proxy:proxy:proxy' }];

/** Refused, led elsewhere, or not there; never an error of ours, and never what the page or the route would have shown. */
async function passesBy(caller: Caller, target: string, extra: Record<string, string> = {}): Promise<string[]> {
  const answer = await rawRequest(url, 'GET', target, { ...caller.headers, ...extra });
  const flight = answer.headers['content-type'] === 'text/x-component';
  // A page fetched by Next's own client is refused inside its answer.
  const refused = answer.status === 200 ? flight && /NEXT_(REDIRECT;replace;\/sign-in|HTTP_ERROR_FALLBACK;40[34])/.test(answer.body) : answer.status < 500;
  const leaked = answer.body.includes('dba@riskdesk.example');
  return refused && !leaked ? [] : [`${caller.name}: ${target} ${JSON.stringify(extra)}: ${answer.status}${leaked ? ' with data' : ''}`];
}

test('S1: no spelling of a path and no header leads around the decision', async () => {
  const admin = await rawRequest(url, 'GET', '/api/users', callers.find(({ name }) => name === 'admin')?.headers);
  expect([admin.status, admin.body.includes('dba@riskdesk.example')]).toEqual([200, true]);
  const wrong: string[] = [];
  for (const caller of callers.filter(({ name }) => ['nobody', 'analyst'].includes(name))) {
    for (const target of spellings) wrong.push(...(await passesBy(caller, target)));
    for (const extra of headers) for (const target of ['/api/users', '/users']) wrong.push(...(await passesBy(caller, target, extra)));
  }
  expect(wrong).toEqual([]);
});
