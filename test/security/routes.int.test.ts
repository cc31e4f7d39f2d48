import { describe, expect, test } from 'vitest';
import { endpoints } from '@/app/api/endpoints';
import { auth } from '@/lib/auth/auth';
import { rolePermissions, roles, permissions } from '@/lib/kit/permission';
import { actions } from '@/lib/run/actions/registry';
import { diagnostics } from '@/lib/run/registry';
import { call, routes, type Sent } from '@/test/call';
import { useDatabase } from '@/test/database';
import { addSession, addToken, usePeople } from '@/test/people';
import { concrete, described, everyMethod, expected, granted, methodsOf, outcome, ruleOf, type Asking, type Described } from './matrix';

const db = await useDatabase();
const people = await usePeople(db);
const { cookie } = people.admin;
const document = (await call('GET', '/api/openapi.json', { cookie })).body as Described;

/** Where a route file with a placeholder leads: `[id]` anywhere, `[room]/[name]` to what is declared, the last resort to nothing. */
function pathsOf(segments: string[]): string[] {
  if (segments.some((segment) => segment.startsWith('[...'))) return [];
  if (segments.join('/') !== '[room]/[name]') return [`/api/${segments.map((segment) => segment.replace(/^\[(\w+)\]$/, '{$1}')).join('/')}`];
  return [...new Set([...diagnostics.keys(), ...actions.keys()])].map((id) => `/api/${id.replace('.', '/')}`);
}

const paths = routes.flatMap(({ segments }) => pathsOf(segments));

type Caller = Asking & { as: () => Promise<Sent> };

const withToken = async (role: 'viewer' | 'admin', scopes: readonly (typeof permissions)[number][]) => ({ token: (await addToken(db, people[role].id, scopes)).token });

const callers: Caller[] = [
  { name: 'nobody', permissions: [], via: 'nothing', as: async () => ({}) },
  // A session for each request: one of the routes ends it.
  ...roles.map((role): Caller => ({ name: role, permissions: granted[role], via: 'session', as: async () => ({ cookie: (await addSession(db, people[role].id)).cookie }) })),
  { name: 'a token without scopes', permissions: [], via: 'token', as: () => withToken('admin', []) },
  { name: 'an administrator’s token with every scope', permissions: granted.admin, via: 'token', as: () => withToken('admin', permissions) },
  { name: 'a viewer’s token with every scope', permissions: granted.viewer, via: 'token', as: () => withToken('viewer', permissions) },
];

describe('S1: every route, method and role, decided in the handler', () => {
  test('roles have the permissions of the contract', () => {
    for (const role of roles) expect(rolePermissions[role].toSorted()).toEqual(granted[role].toSorted());
  });

  test('the route files, the list of endpoints and the OpenAPI document name the same routes', () => {
    const listed = endpoints.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(listed).size).toBe(listed.length);
    expect(described(document).toSorted()).toEqual(listed.toSorted());
    expect(paths.toSorted()).toEqual(Object.keys(document.paths).toSorted());
  });

  test.each(described(document).map((route) => route.split(' ')))('%s %s asks for what the contract says', (method = '', path = '') => {
    expect(() => ruleOf(document, method, path)).not.toThrow();
  });

  test.each(callers)('$name', async (caller) => {
    const wrong: string[] = [];
    for (const path of paths) {
      for (const method of methodsOf(document, path)) {
        const { status } = await call(method, concrete(path), { ...(await caller.as()), ...(method === 'GET' ? {} : { body: {} }) });
        const [got, wanted] = [outcome(status, path), expected(caller, ruleOf(document, method, path))];
        if (got !== wanted) wrong.push(`${method} ${path}: ${got} where ${wanted} was expected`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test.each(paths)('%s: every other method is 405 and names the ones there are', async (path) => {
    const known = methodsOf(document, path);
    for (const method of everyMethod.filter((other) => !known.includes(other))) {
      for (const as of [{}, { cookie }]) {
        const answer = await call(method, concrete(path), as);
        expect([answer.status, answer.headers.get('allow')?.split(', ').toSorted()]).toEqual([405, known.toSorted()]);
        expect(answer.body).toMatchObject({ code: 'method_not_allowed' });
      }
    }
  });

  const ofLibrary = Object.values(auth().api).flatMap((route) => ('path' in route && typeof route.path === 'string' ? [`/api/auth${route.path.replaceAll(/:\w+/g, 'x')}`] : []));
  const closed = [...new Set(ofLibrary)].filter((path) => !paths.includes(path));

  test('the auth library has more endpoints than are open', () => {
    expect(closed).toContain('/api/auth/sign-up/email');
    expect(closed.length).toBeGreaterThan(15);
  });

  test.each([...closed, '/api/nothing', '/api/nothing/at/all', '/api/queries/nothing', '/api/queries', '/api/constructor/prototype', '/api/__proto__/slow', '/api/users/1/nothing'])('%s is 404 to everybody', async (path) => {
    for (const method of everyMethod) {
      for (const as of [{}, { cookie }]) {
        const answer = await call(method, path, as);
        expect([method, answer.status]).toEqual([method, 404]);
        expect(answer.headers.get('content-type')).toBe('application/problem+json');
      }
    }
  });
});
