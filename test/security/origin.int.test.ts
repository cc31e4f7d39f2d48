import { describe, expect, test } from 'vitest';
import { endpoints } from '@/app/api/endpoints';
import { call, origin, type Sent } from '@/test/call';
import { useDatabase } from '@/test/database';
import { addSession, addToken, usePeople } from '@/test/people';
import { exampleOf, examples, exampleTarget } from './examples';
import { fingerprint } from './fingerprint';

const db = await useDatabase();
exampleTarget(db);
const people = await usePeople(db);
const { admin } = people;
const { token } = await addToken(db, admin.id);
const known = examples(db, people, { cookie: admin.cookie });
const mutations = endpoints.filter(({ method }) => method !== 'GET').map(({ method, path }) => ({ method, path, route: `${method} ${path}` }));

const foreign = 'https://elsewhere.example';

/** What says where a request comes from; undefined: it does not. */
const origins: [name: string, headers: Record<string, string>][] = [
  ['no Origin', {}],
  ['Origin null', { origin: 'null' }],
  ['a foreign Origin', { origin: foreign }],
  ['a foreign Origin that begins like ours', { origin: `${origin}.elsewhere.example` }],
  ['our host on another port', { origin: 'http://localhost:3001' }],
  ['an Origin that is none', { origin: 'localhost:3000' }],
  ['a forged X-Forwarded-Host', { origin: foreign, 'x-forwarded-host': 'elsewhere.example', 'x-forwarded-proto': 'https', forwarded: 'host=elsewhere.example;proto=https' }],
];
const sites = [undefined, 'cross-site', 'same-site'];

const boundary = '--x\r\ncontent-disposition: form-data; name="businessName"\r\n\r\nExample\r\n--x--\r\n';

/** The same body as each of the types that a page can make a browser send. */
const encodings = (body: unknown): Sent[] => [
  { text: JSON.stringify(body ?? {}), type: 'application/json' },
  { text: JSON.stringify(body ?? {}), type: 'text/plain' },
  { text: new URLSearchParams(Object.entries(body ?? {}).map(([key, value]) => [key, String(value)])).toString(), type: 'application/x-www-form-urlencoded' },
  { text: boundary, type: 'multipart/form-data; boundary=x' },
];

/** In the place of what `call` would add by itself. */
const asBrowser = (cookie: string, headers: Record<string, string>): Sent => ({ headers: { cookie, ...headers } });

describe('S3: what another site makes a browser send', () => {
  test.each(mutations)('$route: refused, and nothing has changed', async ({ method, route }) => {
    const { path, body } = await exampleOf(known, route);
    const before = await fingerprint(db);
    const passed: string[] = [];
    const attempt = async (name: string, sent: Sent) => {
      const { status, body: answer } = await call(method, path, sent);
      if (status !== 403 || (answer as { code: string }).code !== 'foreign_origin') passed.push(`${name}, ${sent.type}: ${status}`);
    };
    for (const encoding of encodings(body)) {
      for (const site of sites) {
        const fetched: Record<string, string> = site === undefined ? {} : { 'sec-fetch-site': site };
        for (const [name, headers] of origins) await attempt(`${name}, ${site}`, { ...encoding, ...asBrowser(admin.cookie, { ...headers, ...fetched }) });
        if (site !== undefined) await attempt(`our Origin, ${site}`, { ...encoding, ...asBrowser(admin.cookie, { origin, ...fetched }) });
      }
      await attempt('a navigation without Origin', { ...encoding, ...asBrowser(admin.cookie, { 'sec-fetch-site': 'none' }) });
      for (const [name, headers] of origins.slice(1)) {
        await attempt(`${name}, without a cookie`, { ...encoding, headers });
        await attempt(`${name}, with a token`, { ...encoding, token, headers });
      }
    }
    expect(passed).toEqual([]);
    expect(await fingerprint(db)).toEqual(before);
  });

  test.each(mutations)('$route: the same request from our own page works', async ({ method, route }) => {
    const { path, body } = await exampleOf(known, route);
    const before = await fingerprint(db);
    const { cookie } = await addSession(db, admin.id);
    const answer = await call(method, path, { ...(body === undefined ? {} : { body }), ...asBrowser(cookie, { origin, 'sec-fetch-site': 'same-origin' }) });
    expect(answer.status, answer.text).toBeLessThan(300);
    expect(await fingerprint(db)).not.toEqual(before);
  });

  test.each(mutations.filter(({ path }) => !path.startsWith('/api/auth/')))('$route: with a token, which says nothing of its origin, it works', async ({ method, route }) => {
    const { path, body } = await exampleOf(known, route);
    const answer = await call(method, path, { token, ...(body === undefined ? {} : { body }) });
    expect(answer.status, answer.text).toBeLessThan(300);
  });
});
