import { describe, expect, test } from 'vitest';
import { call } from '@/test/call';
import { useDatabase } from '@/test/database';
import { addSession, addToken, addUser, usePeople } from '@/test/people';

const db = await useDatabase();
const people = await usePeople(db);
const { admin, dba, analyst, viewer } = people;
const nobody = '01900000-0000-7000-8000-000000000000';

const auditRows = () => db.sql<{ action: string; outcome: string; object: string; actor: string; details: Record<string, unknown> }>('select action, outcome, object, actor, details from riskdesk.audit_log order by id');

/** Exactly these rows were written by `work`. */
async function audited(work: () => Promise<unknown>): Promise<{ action: string; outcome: string; object: string; actor: string; details: Record<string, unknown> }[]> {
  const before = (await auditRows()).length;
  await work();
  return (await auditRows()).slice(before);
}

type Items<T> = { items: T[] };

describe('users', () => {
  test('an administrator creates one, who can then sign in; one audit row each, without the password', async () => {
    const body = { email: 'New.Person@riskdesk.example', name: '  New Person ', role: 'analyst', password: 'a good long password' };
    let id = '';
    const rows = await audited(async () => {
      const made = await call('POST', '/api/users', { cookie: admin.cookie, body });
      expect(made.status).toBe(201);
      expect(made.body).toMatchObject({ email: 'new.person@riskdesk.example', name: 'New Person', role: 'analyst', active: true, sessions: 0, tokens: 0, lastSeenAt: null });
      id = (made.body as { id: string }).id;
    });
    expect(rows).toMatchObject([{ action: 'users.create', outcome: 'success', object: `user:${id}`, actor: admin.email }]);
    expect(JSON.stringify(rows)).not.toContain(body.password);
    expect((await call('POST', '/api/auth/sign-in/email', { body: { email: body.email, password: body.password } })).status).toBe(200);
    expect((await call('POST', '/api/users', { cookie: admin.cookie, body })).body).toMatchObject({ status: 422, errors: [{ path: 'email', code: 'taken' }] });
  });

  test.each([
    [{}, 'email'],
    [{ email: 'x', name: 'a', role: 'viewer', password: 'long enough it is' }, 'email'],
    [{ email: 'a@b.example', name: ' ', role: 'viewer', password: 'long enough it is' }, 'name'],
    [{ email: 'a@b.example', name: 'a\u0000', role: 'viewer', password: 'long enough it is' }, 'name'],
    [{ email: 'a@b.example', name: 'a\ud800', role: 'viewer', password: 'long enough it is' }, 'name'],
    [{ email: 'a@b.example', name: 'a'.repeat(1_000_000), role: 'viewer', password: 'long enough it is' }, 'name'],
    [{ email: 'a@b.example', name: 'a', role: 'root', password: 'long enough it is' }, 'role'],
    [{ email: 'a@b.example', name: 'a', role: 'viewer', password: 'short' }, 'password'],
    [{ email: 'a@b.example', name: 'a', role: 'viewer', password: 'long enough it is', active: false }, 'active'],
    [{ email: 'a@b.example', name: 'a', role: 'viewer', password: 'long enough it is', emailVerified: true }, 'emailVerified'],
  ])('refuses a new user with the field’s name, case %#', async (body, path) => {
    const answer = await call('POST', '/api/users', { cookie: admin.cookie, body });
    expect(answer.status).toBe(422);
    expect((answer.body as { errors: { path: string }[] }).errors.map((error) => error.path)).toContain(path);
  });

  test('the last active administrator stays one', async () => {
    for (const body of [{ role: 'dba' }, { active: false }]) {
      expect((await call('PATCH', `/api/users/${admin.id}`, { cookie: admin.cookie, body })).status).toBe(409);
    }
    expect((await call('PATCH', `/api/users/${admin.id}`, { cookie: admin.cookie, body: { name: 'Admin', role: 'admin', active: true } })).status).toBe(200);
  });

  test('two administrators who demote each other at once leave one', async () => {
    const other = await addUser(db, 'admin', 'none');
    const answers = await Promise.all([
      call('PATCH', `/api/users/${other.id}`, { cookie: admin.cookie, body: { role: 'viewer' } }),
      call('PATCH', `/api/users/${admin.id}`, { cookie: other.cookie, body: { role: 'viewer' } }),
    ]);
    expect(answers.map(({ status }) => status).toSorted()).not.toEqual([200, 200]);
    expect(await db.sql(`select 1 from users where role = 'admin' and active`)).toHaveLength(1);
    await db.sql(`update users set role = 'admin' where id = $1`, [admin.id]);
    await db.sql('delete from users where id = $1', [other.id]);
  });

  test('ids that are not UUIDs are 422, unknown ones 404, an empty change 422', async () => {
    const patch = (id: string, body: unknown) => call('PATCH', `/api/users/${id}`, { cookie: admin.cookie, body });
    expect((await patch('1', { name: 'a' })).body).toMatchObject({ status: 422, errors: [{ path: 'id' }] });
    expect((await patch(nobody, { name: 'a' })).status).toBe(404);
    expect((await patch(viewer.id, {})).status).toBe(422);
    expect((await patch(viewer.id, { email: 'x@y.example' })).body).toMatchObject({ errors: [{ path: 'email', code: 'unknown_field' }, { path: '' }] });
    expect((await call('POST', `/api/users/${nobody}/password`, { cookie: admin.cookie, body: { password: 'long enough it is' } })).status).toBe(404);
  });

  test('the list tells who has open sessions', async () => {
    const { items } = (await call('GET', '/api/users', { cookie: admin.cookie })).body as Items<{ email: string; sessions: number }>;
    expect(items.find(({ email }) => email === viewer.email)).toMatchObject({ sessions: 1 });
  });
});

describe('S9: what an administrator does holds at the next request', () => {
  const ping = (cookie: string) => call('GET', '/api/ping', { cookie }).then(({ status }) => status);

  test('disabled: sessions and tokens end; enabled again, the old session stays ended', async () => {
    const person = await addUser(db, 'viewer', 'none');
    const { token } = await addToken(db, person.id);
    expect(await ping(person.cookie)).toBe(204);
    expect((await call('GET', '/api/ping', { token })).status).toBe(204);
    await call('PATCH', `/api/users/${person.id}`, { cookie: admin.cookie, body: { active: false } });
    expect(await ping(person.cookie)).toBe(401);
    expect((await call('GET', '/api/ping', { token })).status).toBe(401);
    await call('PATCH', `/api/users/${person.id}`, { cookie: admin.cookie, body: { active: true } });
    expect(await ping(person.cookie)).toBe(401);
  });

  test('demoted: the role’s permissions are gone, from tokens too', async () => {
    const person = await addUser(db, 'dba', 'none');
    const { token } = await addToken(db, person.id);
    expect((await call('GET', '/api/audit', { cookie: person.cookie })).status).toBe(200);
    await call('PATCH', `/api/users/${person.id}`, { cookie: admin.cookie, body: { role: 'viewer' } });
    expect((await call('GET', '/api/audit', { cookie: person.cookie })).status).toBe(403);
    expect((await call('GET', '/api/audit', { token })).status).toBe(403);
  });

  test('a new password ends the account’s sessions and is the one that works', async () => {
    const person = await addUser(db, 'viewer', 'none');
    const rows = await audited(async () => {
      expect((await call('POST', `/api/users/${person.id}/password`, { cookie: admin.cookie, body: { password: 'another long password' } })).status).toBe(204);
    });
    expect(rows).toMatchObject([{ action: 'users.reset_password', object: `user:${person.id}` }]);
    expect(await ping(person.cookie)).toBe(401);
    expect((await call('POST', '/api/auth/sign-in/email', { body: { email: person.email, password: 'another long password' } })).status).toBe(200);
  });

  test('idle for twelve hours, or seven days old: over', async () => {
    const idle = await addSession(db, viewer.id);
    await db.sql(`update sessions set updated_at = now() - interval '12 hours 1 second' where id = $1`, [idle.sessionId]);
    const old = await addSession(db, viewer.id);
    await db.sql(`update sessions set expires_at = now() - interval '1 second' where id = $1`, [old.sessionId]);
    expect([await ping(idle.cookie), await ping(old.cookie)]).toEqual([401, 401]);
    const signedIn = await call('POST', '/api/auth/sign-in/email', { body: { email: viewer.email, password: people.password } });
    expect(signedIn.status).toBe(200);
    const [session] = await db.sql<{ days: number }>('select extract(epoch from expires_at - created_at)::float8 / 86400 as days from sessions where user_id = $1 order by created_at desc limit 1', [viewer.id]);
    expect(session?.days).toBeCloseTo(7, 2);
  });

  test('use does not prolong the seven days', async () => {
    const { sessionId, cookie } = await addSession(db, viewer.id);
    const ends = () => db.sql('select expires_at from sessions where id = $1', [sessionId]);
    const before = await ends();
    await db.sql(`update sessions set updated_at = now() - interval '1 hour' where id = $1`, [sessionId]);
    expect(await ping(cookie)).toBe(204);
    await call('GET', '/api/auth/get-session', { cookie });
    expect(await ends()).toEqual(before);
  });

  test('fixation: a session that was there before signing in is not the one after it', async () => {
    const planted = await addSession(db, analyst.id);
    const answer = await call('POST', '/api/auth/sign-in/email', { cookie: planted.cookie, body: { email: viewer.email, password: people.password } });
    expect(answer.status).toBe(200);
    const cookie = answer.headers.getSetCookie().find((line) => line.startsWith('riskdesk.session_token='));
    expect(cookie).toMatch(/; HttpOnly/i);
    expect(cookie).toMatch(/; SameSite=Lax/i);
    expect(cookie?.split(';')[0]).not.toBe(planted.cookie);
    const self = await call('GET', '/api/auth/get-session', { cookie: cookie?.split(';')[0] ?? '' });
    expect(self.body).toMatchObject({ user: { email: viewer.email } });
  });

  test('signed out: the cookie is worth nothing', async () => {
    const { cookie } = await addSession(db, viewer.id);
    const rows = await audited(async () => expect((await call('POST', '/api/auth/sign-out', { cookie })).status).toBe(200));
    expect(rows).toMatchObject([{ action: 'auth.sign_out', outcome: 'success' }]);
    expect(await ping(cookie)).toBe(401);
  });

  test('a cookie that was signed with another secret, or not at all, is nobody’s', async () => {
    const { cookie } = await addSession(db, viewer.id);
    const [name, value = ''] = cookie.split('=');
    const token = decodeURIComponent(value).split('.')[0];
    expect(await ping(`${name}=${token}`)).toBe(401);
    expect(await ping(`${name}=${token}.${Buffer.alloc(32).toString('base64')}`)).toBe(401);
    expect(await ping(`${name}=%E0%A4%A`)).toBe(401);
    expect(await ping(cookie)).toBe(204);
  });
});

describe('sessions', () => {
  test('one’s own by default, the asking one marked, no token in it', async () => {
    const answer = await call('GET', '/api/sessions', { cookie: dba.cookie });
    expect(answer.body).toMatchObject({ items: [{ id: dba.sessionId, userId: dba.id, current: true }] });
    expect(answer.text).not.toContain(decodeURIComponent(dba.cookie.split('=')[1] ?? '').split('.')[0]);
  });

  test('another’s: an administrator alone sees and ends it', async () => {
    const { sessionId, cookie } = await addSession(db, analyst.id);
    expect((await call('GET', `/api/sessions?userId=${analyst.id}`, { cookie: dba.cookie })).status).toBe(403);
    expect((await call('DELETE', `/api/sessions/${sessionId}`, { cookie: dba.cookie })).status).toBe(404);
    expect((await call('GET', `/api/sessions?userId=${analyst.id}`, { cookie: admin.cookie })).body).toMatchObject({ items: expect.arrayContaining([expect.objectContaining({ id: sessionId, current: false })]) });
    const rows = await audited(async () => expect((await call('DELETE', `/api/sessions/${sessionId}`, { cookie: admin.cookie })).status).toBe(204));
    expect(rows).toMatchObject([{ action: 'auth.revoke_session', object: `session:${sessionId}`, details: { userId: analyst.id } }]);
    expect((await call('GET', '/api/ping', { cookie })).status).toBe(401);
    expect((await call('DELETE', `/api/sessions/${sessionId}`, { cookie: admin.cookie })).status).toBe(404);
    expect((await call('DELETE', '/api/sessions/1', { cookie: admin.cookie })).status).toBe(422);
    expect((await call('GET', '/api/sessions?userId=1', { cookie: admin.cookie })).status).toBe(422);
    expect((await call('GET', '/api/sessions?user=1', { cookie: admin.cookie })).body).toMatchObject({ errors: [{ path: 'user', code: 'unknown_field' }] });
  });

  test('the auth library’s answers hold no session token', async () => {
    const signIn = await call('POST', '/api/auth/sign-in/email', { body: { email: analyst.email, password: people.password } });
    const cookie = signIn.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const token = decodeURIComponent(cookie.split('=')[1] ?? '').split('.')[0] ?? '';
    expect(token).toMatch(/^\w{20,}$/);
    const change = await call('POST', '/api/auth/change-password', { cookie, body: { currentPassword: people.password, newPassword: 'the next long password', revokeOtherSessions: true } });
    expect(change.status).toBe(200);
    const renewed = change.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    const own = [await call('GET', '/api/auth/get-session', { cookie: renewed }), await call('GET', '/api/auth/list-sessions', { cookie: renewed })];
    expect(own.map(({ status }) => status)).toEqual([200, 200]);
    for (const answer of [signIn, change, ...own]) {
      expect(answer.text).not.toContain(token);
      expect(answer.text).not.toContain(decodeURIComponent(renewed.split('=')[1] ?? '').split('.')[0]);
      expect(answer.text).not.toMatch(/"token"/);
    }
    expect((await call('GET', '/api/ping', { cookie })).status).toBe(401);
  });

  test('a token cannot act through a cookie that comes with it', async () => {
    const { token } = await addToken(db, viewer.id);
    const { cookie } = await addSession(db, dba.id);
    const body = { currentPassword: people.password, newPassword: 'the next long password' };
    expect((await call('POST', '/api/auth/change-password', { cookie, token, body })).status).toBe(409);
    expect((await call('GET', '/api/auth/list-sessions', { cookie, token })).status).toBe(409);
    expect((await call('GET', '/api/auth/get-session', { cookie, token })).body).toBeNull();
  });
});

describe('tokens', () => {
  const make = (body: unknown, as: { cookie?: string; token?: string }) => call('POST', '/api/tokens', { ...as, body });

  test('made, shown once, used, revoked', async () => {
    let made = { id: '', token: '', hint: '' };
    const rows = await audited(async () => {
      const answer = await make({ name: 'ci', scopes: ['assessments:read'], expiresAt: '2150-01-01T00:00:00Z' }, dba);
      expect(answer.status).toBe(201);
      made = answer.body as typeof made;
    });
    expect(rows).toMatchObject([{ action: 'auth.create_token', object: `token:${made.id}`, details: { name: 'ci', scopes: ['assessments:read'] } }]);
    expect(made.token.startsWith(made.hint)).toBe(true);
    expect(JSON.stringify(rows)).not.toContain(made.token);
    const list = await call('GET', '/api/tokens', dba);
    expect(list.body).toMatchObject({ items: expect.arrayContaining([expect.objectContaining({ id: made.id, name: 'ci', lastUsedAt: null })]) });
    expect(list.text).not.toContain(made.token);
    expect(JSON.stringify(await db.sql('select * from api_tokens'))).not.toContain(made.token);
    expect((await call('GET', '/api/ping', { token: made.token })).status).toBe(204);
    expect((await call('GET', '/api/audit', { token: made.token })).status).toBe(403);
    const gone = await audited(async () => expect((await call('DELETE', `/api/tokens/${made.id}`, dba)).status).toBe(204));
    expect(gone).toMatchObject([{ action: 'auth.revoke_token', object: `token:${made.id}` }]);
    expect((await call('GET', '/api/ping', { token: made.token })).status).toBe(401);
  });

  test('nobody hands on more than they have, and the attempt is on record', async () => {
    const rows = await audited(async () => expect((await make({ name: 'x', scopes: ['assessments:read', 'users:manage'] }, dba)).status).toBe(403));
    expect(rows).toMatchObject([{ action: 'access.refused', object: '/api/tokens', outcome: 'refused', actor: dba.email }]);
    const { token } = await addToken(db, admin.id, ['users:manage', 'assessments:read']);
    expect((await make({ name: 'x', scopes: ['audit:read'] }, { token })).status).toBe(403);
    expect((await make({ name: 'x', scopes: ['assessments:read'] }, { token })).status).toBe(201);
  });

  test('a token without users:manage handles no tokens and no sessions', async () => {
    const { token, id } = await addToken(db, dba.id);
    for (const [method, path] of [['GET', '/api/tokens'], ['GET', '/api/sessions'], ['DELETE', `/api/tokens/${id}`], ['DELETE', `/api/sessions/${dba.sessionId}`]] as const) {
      expect((await call(method, path, { token })).status, `${method} ${path}`).toBe(403);
    }
    expect((await make({ name: 'x', scopes: ['assessments:read'] }, { token })).status).toBe(403);
  });

  test('another’s: an administrator alone sees and revokes it', async () => {
    const { id } = await addToken(db, dba.id);
    expect((await call('DELETE', `/api/tokens/${id}`, viewer)).status).toBe(404);
    expect((await call('GET', `/api/tokens?userId=${dba.id}`, viewer)).status).toBe(403);
    expect((await call('GET', `/api/tokens?userId=${dba.id}`, admin)).body).toMatchObject({ items: expect.arrayContaining([expect.objectContaining({ id })]) });
    expect((await call('DELETE', `/api/tokens/${id}`, admin)).status).toBe(204);
  });

  test('expired: refused', async () => {
    const { id, token } = await addToken(db, dba.id);
    await db.sql(`update api_tokens set expires_at = now() - interval '1 second' where id = $1`, [id]);
    expect((await call('GET', '/api/ping', { token })).status).toBe(401);
  });

  test.each([
    [{ name: 'a', scopes: [] }, 'scopes'],
    [{ name: 'a', scopes: ['root'] }, 'scopes.0'],
    [{ name: 'a', scopes: ['assessments:read', 'assessments:read'] }, 'scopes'],
    [{ name: '', scopes: ['assessments:read'] }, 'name'],
    [{ name: 'a', scopes: ['assessments:read'], expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
    [{ name: 'a', scopes: ['assessments:read'], expiresAt: '9999-01-01T00:00:00Z' }, 'expiresAt'],
    [{ name: 'a', scopes: ['assessments:read'], expiresAt: 'tomorrow' }, 'expiresAt'],
    [{ name: 'a', scopes: ['assessments:read'], userId: nobody }, 'userId'],
  ])('refuses a token with the field’s name, case %#', async (body, path) => {
    const answer = await make(body, dba);
    expect(answer.status).toBe(422);
    expect((answer.body as { errors: { path: string }[] }).errors.map((error) => error.path)).toContain(path);
  });
});

describe('audit', () => {
  type Page = { items: { id: number; actor: string; action: string }[]; nextCursor: string | null; prevCursor: string | null };
  const page = async (query: string) => (await call('GET', `/api/audit?${query}`, dba)).body as Page;

  test('pages both ways show each row once', async () => {
    await db.sql(`insert into riskdesk.audit_log (actor, via, action, object, outcome) select 'pager', 'none', 'test.page', 'x:' || n, 'success' from generate_series(1, 25) n`);
    const forward: number[] = [];
    let at = await page('actor=pager&limit=10');
    expect(at.prevCursor).toBeNull();
    for (;;) {
      forward.push(...at.items.map(({ id }) => id));
      if (!at.nextCursor) break;
      at = await page(`actor=pager&limit=10&cursor=${at.nextCursor}`);
    }
    expect(forward).toHaveLength(25);
    expect(forward).toEqual(forward.toSorted((a, b) => b - a));
    const back = at.items.map(({ id }) => id);
    while (at.prevCursor) {
      at = await page(`actor=pager&limit=10&cursor=${at.prevCursor}`);
      back.unshift(...at.items.map(({ id }) => id));
    }
    expect(back).toEqual(forward);
  });

  test('filters', async () => {
    expect((await page('action=test.page&limit=200')).items).toHaveLength(25);
    expect((await page('action=test.page&object=x:3')).items).toHaveLength(1);
    expect((await page('action=test.page&outcome=failed')).items).toHaveLength(0);
    expect((await page('action=test.page&from=2199-12-31')).items).toHaveLength(0);
    expect((await page('action=test.page&to=2199-12-31T00:00:00%2B02:00&limit=200')).items).toHaveLength(25);
    const own = await page(`actor=${admin.id}`);
    expect(own.items.length).toBeGreaterThan(0);
    expect(new Set(own.items.map(({ actor }) => actor))).toEqual(new Set([admin.email]));
  });

  test.each([
    ['cursor=x', 'cursor'], ['cursor=after-1;select', 'cursor'], ['cursor=after-9999999999999999', 'cursor'], ['cursor=', 'cursor'],
    ['limit=0', 'limit'], ['limit=201', 'limit'], ['limit=', 'limit'], ['limit=1e2', 'limit'], ['limit=1&limit=2', 'limit'],
    ['from=0000-01-01', 'from'], ['from=2026-02-30', 'from'], ['to=infinity', 'to'], ['outcome=maybe', 'outcome'], ['actor=%00', 'actor'], ['sort=id', 'sort'],
  ])('%s is 422 and names the field', async (query, path) => {
    const answer = await call('GET', `/api/audit?${query}`, dba);
    expect(answer.body).toMatchObject({ status: 422, errors: [{ path }] });
  });
});
