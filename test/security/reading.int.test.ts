import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { uuidv7 } from 'uuidv7';
import { afterAll, expect, test } from 'vitest';
import { endpoints } from '@/app/api/endpoints';
import type { ExportManifest } from '@/lib/kit/export';
import { call } from '@/test/call';
import { useDatabase } from '@/test/database';
import { addToken, usePeople } from '@/test/people';
import { fingerprint } from './fingerprint';

const db = await useDatabase();
const people = await usePeople(db);
const { admin } = people;
const { token, id: tokenId } = await addToken(db, admin.id);
const made = await call('POST', '/api/assessments', { cookie: admin.cookie, body: { businessName: 'Read', riskScore: 0.4 } });
const asked = { params: { table: 'public.users' } };
const { seal } = (await call('POST', '/api/tables/analyze?preview', { cookie: admin.cookie, body: asked })).body as { seal: string };
const { jobId } = (await call('POST', '/api/tables/analyze', { cookie: admin.cookie, body: { ...asked, seal } })).body as { jobId: string };
const ids: Record<string, string> = { jobs: jobId, assessments: (made.body as { id: string }).id, users: admin.id, sessions: admin.sessionId, tokens: tokenId };

const kept: ExportManifest = { format: 1, id: uuidv7(), target: 'main', database: 'x', server_version: '18', made_at: new Date().toISOString(), verified_at: new Date().toISOString(), tables: [] };
const place = join(db.env.EXPORT_DIR ?? '', kept.id);
mkdirSync(place, { recursive: true });
writeFileSync(join(place, 'manifest.json'), JSON.stringify(kept));
afterAll(() => rmSync(join(place, '..'), { recursive: true }));
/** What a path asks for by its query. */
const queries: Record<string, string> = { '/api/exports/file': `?id=${kept.id}` };

const reads = endpoints.filter(({ method }) => method === 'GET').map(({ path }) => path.replace(/\{id\}/, () => ids[path.split('/')[2] ?? ''] ?? 'none') + (queries[path] ?? ''));

test('S4: every GET as an administrator, by session and by token, changes nothing but when they were last used', async () => {
  // Old enough to be written down at the next request, which the fingerprint leaves out by design.
  await db.sql(`update sessions set updated_at = now() - interval '1 hour'`);
  const before = await fingerprint(db);
  for (const path of reads) {
    for (const as of [{ cookie: admin.cookie }, { token }]) {
      const { status } = await call('GET', path, as);
      // The list of one's own sessions as the auth library has it is for people.
      const wanted = path === '/api/auth/list-sessions' && 'token' in as ? 409 : path === '/api/health/ready' ? 503 : 200;
      expect([path, status]).toEqual([path, path === '/api/ping' ? 204 : wanted]);
    }
  }
  expect(await fingerprint(db)).toEqual(before);
  const [used] = await db.sql<{ session: boolean; token: boolean }>(`select (select updated_at > now() - interval '1 minute' from sessions where id = $1) as session, (select last_used_at is not null from api_tokens where id = $2) as token`, [admin.sessionId, tokenId]);
  expect(used).toEqual({ session: true, token: true });
});

test('S4: the fingerprint sees one changed character', async () => {
  const before = await fingerprint(db);
  await db.sql(`update risk_assessments set business_name = 'Reaf'`);
  const after = await fingerprint(db);
  expect(Object.keys(after).filter((table) => after[table] !== before[table])).toEqual(['public.risk_assessments']);
});
