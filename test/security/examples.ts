import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { uuidv7 } from 'uuidv7';
import { afterAll, expect } from 'vitest';
import type { ExportManifest } from '@/lib/kit/export';
import type { FindingsAnswer } from '@/lib/kit/result';
import { call, type Sent } from '@/test/call';
import type { TestDatabase } from '@/test/database';
import { addSession, addToken, addUser, type People } from '@/test/people';

/** What only a superuser may do is asked of this target: call it before anything reads the environment. */
export function exampleTarget(db: TestDatabase): void {
  process.env.TARGETS = `super=${db.url('superuser')}`;
}

export type Example = { path: string; body?: unknown };

const assessment = { businessName: 'Example', riskScore: 0.3, factors: [{ category: 'financial', name: 'liquidity', score: 0.4, weight: 0.5 }] };
let made = 0;

/**
 * For every route that changes something a request that works, made anew each time; a test that walks them fails for a
 * route that has none here. `as` is an administrator.
 */
export function examples(db: TestDatabase, { admin, viewer, password }: People, as: Sent): Record<string, () => Promise<Example>> {
  const newAssessment = async () => (await call('POST', '/api/assessments', { ...as, body: assessment })).body as { id: string };
  const email = () => `example-${(made += 1)}@riskdesk.example`;
  let finding: string | undefined;
  const anyFinding = async () => {
    if (finding === undefined) {
      for (let n = 0; n < 2; n += 1) await (await db.connect('app')).query('select 1 as example_finding, pg_sleep(0.15)');
      const { items } = (await call('GET', '/api/findings', as)).body as FindingsAnswer;
      finding = items.find(({ about }) => about.includes('example_finding'))?.id;
    }
    return `/api/findings/${finding}/decision`;
  };
  let creating: ReturnType<typeof db.connect> | undefined;
  const create = async (statement: string) => (await (creating ??= db.connect('maintenance'))).query(statement);
  /** An action on an object of its own, with the seal of its preview: a job that nobody runs stays open on its object. */
  const sealedBody = async (action: string, params: Record<string, string>, more: Record<string, string> = {}, target = 'main'): Promise<Example> => {
    const { seal } = (await call('POST', `/api/${action}?preview`, { ...as, body: { params, target } })).body as { seal: string };
    return { path: `/api/${action}`, body: { params, target, seal, ...more } };
  };
  /** Of what there is one in a database: the job of an earlier example is out of the way. */
  const alone = async (action: string, make: () => Promise<Example>): Promise<Example> => {
    await db.sql(`update riskdesk.jobs set state = 'cancelled', finished_at = now() where action = $1 and state = 'queued'`, [action]);
    return make();
  };
  // Slots belong to the server, which other files use too.
  const slot = `example_${db.name}`;
  afterAll(() => db.sql('select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1', [slot]));
  /** A session of the maintenance role's own, which runs a statement. */
  const ofSession = async (action: string): Promise<Example> => {
    const client = await db.connect('maintenance');
    await client.query(`set application_name = 'example'`);
    const { rows: [seen] } = await client.query<{ pid: string; started: string }>('select pid::text, backend_start::text as started from pg_stat_activity where pid = pg_backend_pid()');
    client.query('select pg_sleep(60)').catch(() => {});
    while ((await db.sql(`select from pg_stat_activity where pid = $1 and state = 'active' and wait_event = 'PgSleep'`, [Number(seen?.pid)])).length === 0) await sleep(5);
    return sealedBody(action, seen ?? {});
  };
  const ofAction = async (action: string, kind: 'table' | 'index', given: Record<string, string> = {}): Promise<Example> => {
    const name = `example_${(made += 1)}`;
    await create(`create table ${name} (a int)`);
    await create(`create index ${name}_a on ${name} (a)`);
    if (action === 'indexes/drop_invalid') await db.sql('update pg_index set indisvalid = false where indexrelid = $1::regclass', [`public.${name}_a`]);
    const object = kind === 'table' ? `public.${name}` : `public.${name}_a`;
    return sealedBody(action, { [kind]: object, ...given }, ['indexes/drop', 'tables/vacuum_full'].includes(action) ? { confirm: object } : {});
  };
  const newSchedule = async (): Promise<Example> => {
    const name = `example_${(made += 1)}`;
    await create(`create table ${name} (a int)`);
    return { path: '/api/schedules', body: { action: 'tables.analyze', params: { table: `public.${name}` }, cron: '30 2 * * *', timeZone: 'Europe/Berlin', window: { from: '22:00', to: '04:00' } } };
  };
  const madeSchedule = async () => {
    const { path, body } = await newSchedule();
    return `/api/schedules/${((await call('POST', path, { ...as, body })).body as { id: string }).id}`;
  };
  const ofPartitions = async (action: string): Promise<Example> => {
    const name = `example_${(made += 1)}`;
    const plain = action === 'partition_table';
    await create(`create table ${name} (at timestamptz not null primary key)${plain ? '' : ' partition by range (at)'}`);
    if (!plain) {
      await create(`create table ${name}_1 partition of ${name} for values from ('2020-01-01+00') to ('2020-02-01+00')`);
      await create(action === 'rescue_default' ? `create table ${name}_rest partition of ${name} default` : `create table ${name}_2 (like ${name} including all)`);
      await create(`create table ${name}_archive (like ${name} including all) partition by range (at)`);
    }
    if (action === 'export') await create(`create table ${name}_2019 (at timestamptz not null primary key)`);
    const more: Record<string, Record<string, string>> = { attach: { partition: `${name}_2`, from: '2020-02-01', to: '2020-03-01' }, restore: { from: '2019-01-01', to: '2020-01-01' }, partition_table: { by: 'at' } };
    const params = action === 'export' ? { partition: `public.${name}_2019` } : action === 'detach' ? { partition: `public.${name}_1` } : { table: `public.${name}`, ...more[action] };
    const { seal } = (await call('POST', `/api/partitions/${action}?preview`, { ...as, body: { params } })).body as { seal: string };
    return { path: `/api/partitions/${action}`, body: { params, seal } };
  };
  /** An export of one table without a row, as it lies in the directory. */
  const ofExport = async (): Promise<Example> => {
    const [id, table, at] = [uuidv7(), `example_${(made += 1)}`, new Date().toISOString()];
    const file = { schema: 'public', table, columns: [{ name: 'a', type: 'integer' }], ddl: [`CREATE TABLE public.${table} (a integer)`], ties: [], summed: '', copy_from: '', file: '1.csv.gz', rows: 0, checksum: '0', bytes: 0, csv_bytes: 0, sha256: '' };
    const kept: ExportManifest = { format: 1, id, target: 'main', database: db.name, server_version: '14.0', made_at: at, verified_at: at, tables: [file] };
    const place = join(db.env.EXPORT_DIR ?? '', id);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'manifest.json'), JSON.stringify(kept));
    writeFileSync(join(place, file.file), '');
    return sealedBody('partitions/import', { export: id });
  };
  afterAll(() => rmSync(db.env.EXPORT_DIR ?? '', { recursive: true, force: true }));
  const partitioning = ['create', 'rescue_default', 'archive', 'restore', 'attach', 'detach', 'export', 'partition_table'];
  const acceptance = () => ({ target: 'main', kind: 'accepted', reason: `example ${(made += 1)}` });
  return {
    // Running it leaves a row in the audit log.
    'POST /api/plans/explain': async () => ({ path: '/api/plans/explain', body: { target: 'main', sql: 'select 1', analyze: true } }),
    'POST /api/tables/analyze': () => ofAction('tables/analyze', 'table'),
    'POST /api/tables/vacuum': () => ofAction('tables/vacuum', 'table'),
    'POST /api/indexes/reindex': () => ofAction('indexes/reindex', 'index'),
    'POST /api/indexes/drop': () => ofAction('indexes/drop', 'index'),
    ...Object.fromEntries(partitioning.map((action) => [`POST /api/partitions/${action}`, () => ofPartitions(action)])),
    'POST /api/partitions/import': ofExport,
    'POST /api/indexes/drop_invalid': () => ofAction('indexes/drop_invalid', 'index'),
    'POST /api/tables/vacuum_full': () => ofAction('tables/vacuum_full', 'table'),
    'POST /api/tables/reindex': () => ofAction('tables/reindex', 'table'),
    'POST /api/indexes/create': () => ofAction('indexes/create', 'table', { columns: 'a DESC' }),
    'POST /api/config/set': () => alone('config.set', () => sealedBody('config/set', { name: 'geqo_effort', value: '2' }, {}, 'super')),
    'POST /api/tables/storage': () => ofAction('tables/storage', 'table', { fillfactor: '90' }),
    'POST /api/tables/sequence': async () => {
      const name = `example_${(made += 1)}`;
      await create(`create sequence ${name} as integer`);
      return sealedBody('tables/sequence', { sequence: `public.${name}` });
    },
    'POST /api/queries/reset_statement': async () => {
      // Each call of it is another statement.
      await (await db.connect('app')).query(`select ${'1 + '.repeat((made += 1))} 1 as example_statement`);
      const [one] = await db.sql<{ queryid: string }>(`select queryid::text as queryid from pg_stat_statements s where s.dbid = (select oid from pg_database where datname = current_database()) and s.query like '%example_statement%' and s.query not like '%queryid%' order by length(s.query) desc limit 1`);
      return sealedBody('queries/reset_statement', { queryid: one?.queryid ?? '' });
    },
    'POST /api/queries/reset_statistics': () => alone('queries.reset_statistics', () => sealedBody('queries/reset_statistics', {}, { confirm: db.name })),
    'POST /api/config/extension': () => alone('config.extension', () => sealedBody('config/extension', { name: 'hstore' })),
    'POST /api/replication/drop_slot': () => alone('replication.drop_slot', async () => {
      await db.sql('select pg_create_physical_replication_slot($1) where not exists (select from pg_replication_slots where slot_name = $1)', [slot]);
      return sealedBody('replication/drop_slot', { slot }, { confirm: slot }, 'super');
    }),
    'POST /api/config/reset': () => alone('config.reset', () => sealedBody('config/reset', { name: 'seq_page_cost' }, {}, 'super')),
    'POST /api/locks/cancel': () => ofSession('locks/cancel'),
    'POST /api/locks/terminate': () => ofSession('locks/terminate'),
    'DELETE /api/jobs/{id}': async () => {
      const { path, body } = await ofAction('tables/analyze', 'table');
      const { jobId } = (await call('POST', path, { ...as, body })).body as { jobId: string };
      return { path: `/api/jobs/${jobId}` };
    },
    'POST /api/jobs/{id}/approval': async () => {
      const { path, body } = await ofAction('tables/analyze', 'table');
      const { jobId } = (await call('POST', path, { ...as, body })).body as { jobId: string };
      await db.sql(`update riskdesk.jobs set state = 'awaiting', requested_by = null, requester = 'another@riskdesk.example' where id = $1`, [jobId]);
      return { path: `/api/jobs/${jobId}/approval`, body: {} };
    },
    'POST /api/schedules': newSchedule,
    'PATCH /api/schedules/{id}': async () => ({ path: await madeSchedule(), body: { enabled: false } }),
    'DELETE /api/schedules/{id}': async () => ({ path: await madeSchedule() }),
    'PUT /api/findings/{id}/decision': async () => ({ path: await anyFinding(), body: acceptance() }),
    'DELETE /api/findings/{id}/decision': async () => {
      const path = await anyFinding();
      await call('PUT', path, { ...as, body: acceptance() });
      return { path };
    },
    'POST /api/assessments': async () => ({ path: '/api/assessments', body: assessment }),
    'POST /api/assessments/batch': async () => ({ path: '/api/assessments/batch', body: { items: [assessment, assessment] } }),
    'PATCH /api/assessments/{id}': async () => ({ path: `/api/assessments/${(await newAssessment()).id}`, body: { version: 1, riskScore: 0.9 } }),
    'DELETE /api/assessments/{id}': async () => ({ path: `/api/assessments/${(await newAssessment()).id}?version=1` }),
    'POST /api/auth/sign-in/email': async () => ({ path: '/api/auth/sign-in/email', body: { email: viewer.email, password } }),
    'POST /api/auth/sign-out': async () => ({ path: '/api/auth/sign-out' }),
    'POST /api/auth/change-password': async () => ({ path: '/api/auth/change-password', body: { currentPassword: password, newPassword: password } }),
    'POST /api/users': async () => ({ path: '/api/users', body: { email: email(), name: 'Example', role: 'viewer', password } }),
    'PATCH /api/users/{id}': async () => ({ path: `/api/users/${(await addUser(db, 'viewer', 'none', email())).id}`, body: { name: 'Another' } }),
    'POST /api/users/{id}/password': async () => ({ path: `/api/users/${(await addUser(db, 'viewer', 'none', email())).id}/password`, body: { password } }),
    'DELETE /api/sessions/{id}': async () => ({ path: `/api/sessions/${(await addSession(db, viewer.id)).sessionId}` }),
    'POST /api/tokens': async () => ({ path: '/api/tokens', body: { name: 'example', scopes: ['assessments:read'] } }),
    'DELETE /api/tokens/{id}': async () => ({ path: `/api/tokens/${(await addToken(db, admin.id)).id}` }),
  };
}

/** @throws where a route that changes something has no example */
export async function exampleOf(known: Record<string, () => Promise<Example>>, route: string): Promise<Example> {
  const make = known[route];
  expect(make, `${route} has an example in test/security/examples.ts`).toBeDefined();
  return make ? make() : { path: '' };
}
