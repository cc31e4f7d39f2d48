import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Measured } from '@/lib/kit/result';
import { useActions } from '@/test/actions';
import { call } from '@/test/call';
import { useDatabase } from '@/test/database';
import { runEach } from '@/test/remedies';

const main = await useDatabase();
const old = await useDatabase({ major: 14 });
process.env.TARGETS = `old=${old.url('maintenance')}`;
const actions = await useActions(main);

const odd = 'Odd "table\'s"\n<b>';
const quoted = `"${odd.replaceAll('"', '""')}"`;
const shown = `public.${quoted}`;

afterAll(async () => (await import('@/lib/run/monitor')).closeMonitors());

describe.each([['main', main] as const, ['old', old] as const])('on %s', (target, db) => {
  const options = { target };
  const invalid = () => db.sql<{ name: string; kind: string }>(`select c.relname as name, c.relkind as kind from pg_index i join pg_class c on c.oid = i.indexrelid where not i.indisvalid`);
  const definition = async (name: string) => (await db.sql<{ def: string }>(`select pg_get_indexdef(c.oid) as def from pg_class c where c.relname = $1`, [name]))[0]?.def;

  beforeAll(async () => {
    const owner = await db.connect('maintenance');
    await owner.query(`create table ${quoted} (id int primary key, "Col ""x""" text, n int, day date not null default '2026-01-15')`);
    await owner.query(`insert into ${quoted} (id, "Col ""x""", n) select g, md5(g::text), g % 10 from generate_series(1, 5000) g`);
    await owner.query(`analyze ${quoted}`);
    await owner.query('create table part (id int, day date not null, n int) partition by range (day)');
    await owner.query(`create table part_1 partition of part for values from ('2026-01-01') to ('2026-02-01')`);
    await owner.query(`create table "Part ""2""" partition of part for values from ('2026-02-01') to ('2026-03-01') partition by list (n)`);
    await owner.query(`create table part_2a partition of "Part ""2""" for values in (1, 2)`);
    await owner.query(`create table part_2b partition of "Part ""2""" default`);
    await owner.query('create table part_rest partition of part default');
    await owner.query(`insert into part select g, '2026-01-01'::date + g % 90, g % 5 from generate_series(1, 3000) g`);
  });

  test('from columns, expressions, include and where; named as PostgreSQL would; dropped by its inverse', async () => {
    const params = { table: shown, columns: '"Col ""x""" text_pattern_ops DESC NULLS LAST, lower("Col ""x""")', include: 'n', where: 'n > 3 or n = 1', unique: 'no' };
    const preview = await actions.sealed('indexes.create', params, options);
    expect(preview.plan).toMatchObject([{ lock: 'SHARE UPDATE EXCLUSIVE', waits: 'patient', sql: expect.stringMatching(/^CREATE INDEX CONCURRENTLY "Odd/) }]);
    const job = await actions.done('indexes.create', params, options);
    expect(job.after?.['size_bytes']).toBeGreaterThan(0);
    expect(job.before?.['size_bytes']).toBeNull();
    const [made] = await db.sql<{ def: string; valid: boolean; name: string }>(`select pg_get_indexdef(indexrelid) as def, indisvalid as valid, indexrelid::regclass::text as name from pg_index where indrelid = $1::regclass and not indisprimary`, [shown]);
    expect(made).toMatchObject({ valid: true, def: expect.stringMatching(/\("Col ""x""" text_pattern_ops DESC NULLS LAST, lower\("Col ""x"""\)\) INCLUDE \(n\) WHERE \(\(n > 3\) OR \(n = 1\)\)$/s) });
    const { inverse } = job;
    if (!inverse || !('action' in inverse)) throw new Error('no inverse');
    await actions.done(inverse.action, inverse.params as Record<string, string>, { ...options, confirm: String(inverse.params['index']) });
    expect(await db.sql('select from pg_index where indrelid = $1::regclass and not indisprimary', [shown])).toEqual([]);
  });

  test('what is not the parts of one index is refused before the server is asked', async () => {
    const guard = async (given: Record<string, string>) => (await actions.refused('indexes.create', { table: shown, columns: 'n', ...given }, options)).map(({ name }) => name);
    const wrong: Record<string, string>[] = [{ columns: '' }, { columns: 'n) INCLUDE (id' }, { columns: 'n; drop table part' }, { columns: 'n', where: 'n > 1); drop table part; --' }, { columns: 'n) WITH (fillfactor = 10' }, { where: '/*' }];
    for (const given of wrong) expect(await guard(given), JSON.stringify(given)).toEqual(['definition']);
    expect(await guard({ columns: 'nothing' })).toEqual(['column']);
    expect(await guard({ columns: 'id', unique: 'yes' })).toEqual(['equal']);
    expect(await guard({ name: 'part' })).toEqual(['taken']);
    const changing: Record<string, string>[] = [{ where: 'day < now()' }, { columns: 'n, (day = current_date)' }, { columns: '(pg_catalog.random() + n)' }];
    for (const given of changing) expect(await guard(given), JSON.stringify(given)).toEqual(['changing']);
    expect((await actions.preview('indexes.create', { table: 'public.nothing', columns: 'n' }, options)).status).toBe(404);
  });

  test('a unique index over doubles fails, and leaves nothing behind', async () => {
    const job = await actions.ended(await actions.start('indexes.create', { table: shown, columns: 'n', unique: 'yes', name: 'Doubles' }, options));
    expect(job).toMatchObject({ state: 'failed', says: expect.stringMatching(/could not create unique index.*It is mended\. There is no such index, and nothing was left behind\.$/) });
    expect(await invalid()).toEqual([]);
    expect(await definition('Doubles')).toBeUndefined();
  });

  test('its session dies in the middle of a build: the half of it is dropped', async () => {
    const holder = await db.connect('superuser');
    await holder.query('begin');
    await holder.query(`update ${quoted} set n = n where id = 1`);
    const id = await actions.start('indexes.create', { table: shown, columns: 'n, id', name: 'Half built' }, options);
    await vi.waitFor(async () => expect(await invalid()).toMatchObject([{ name: 'Half built' }]), { timeout: 10_000, interval: 20 });
    await db.sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'riskdesk-job' and datname = current_database()`);
    await sleep(300);
    await holder.query('rollback');
    const job = await actions.ended(id);
    expect(job.state, job.says ?? '').toBe('failed');
    expect(await invalid()).toEqual([]);
  });

  test('a partitioned table, online: cut off in the middle it says so, and asked for again goes on from there', async () => {
    const params = { table: 'public.part', columns: 'n, id' };
    const preview = await actions.sealed('indexes.create', params, options);
    expect(preview.blocks).toMatch(/^Writes that go through the partitioned table wait/);
    expect(preview.plan.map(({ sql }) => sql.replaceAll(/\s+/g, ' '))).toEqual([
      'CREATE INDEX part_n_id_idx ON ONLY public.part USING btree (n, id)',
      'CREATE INDEX "Part ""2""_n_id_idx" ON ONLY public."Part ""2""" USING btree (n, id)',
      'ALTER INDEX "public"."part_n_id_idx" ATTACH PARTITION "public"."Part ""2""_n_id_idx"',
      'CREATE INDEX CONCURRENTLY part_1_n_id_idx ON public.part_1 USING btree (n, id)',
      'ALTER INDEX "public"."part_n_id_idx" ATTACH PARTITION "public"."part_1_n_id_idx"',
      'CREATE INDEX CONCURRENTLY part_rest_n_id_idx ON public.part_rest USING btree (n, id)',
      'ALTER INDEX "public"."part_n_id_idx" ATTACH PARTITION "public"."part_rest_n_id_idx"',
      'CREATE INDEX CONCURRENTLY part_2a_n_id_idx ON public.part_2a USING btree (n, id)',
      'ALTER INDEX "public"."Part ""2""_n_id_idx" ATTACH PARTITION "public"."part_2a_n_id_idx"',
      'CREATE INDEX CONCURRENTLY part_2b_n_id_idx ON public.part_2b USING btree (n, id)',
      'ALTER INDEX "public"."Part ""2""_n_id_idx" ATTACH PARTITION "public"."part_2b_n_id_idx"',
    ]);
    const holder = await db.connect('superuser');
    await holder.query('begin');
    await holder.query('update part_rest set id = id where false');
    const id = await actions.start('indexes.create', params, options);
    await vi.waitFor(async () => expect((await invalid()).map(({ name }) => name)).toContain('part_rest_n_id_idx'), { timeout: 10_000, interval: 20 });
    expect((await actions.cancelJob(id)).status).toBe(202);
    await sleep(800);
    await holder.query('rollback');
    const cut = await actions.ended(id);
    expect(cut).toMatchObject({ state: 'cancelled', says: expect.stringContaining('goes on from there') });
    expect((await invalid()).map(({ name, kind }) => `${name} ${kind}`).toSorted()).toEqual(['Part "2"_n_id_idx I', 'part_n_id_idx I']);

    const again = await actions.sealed('indexes.create', params, options);
    expect(again.plan.map(({ sql }) => sql)).not.toContainEqual(expect.stringContaining('part_1'));
    expect(again.plan).toHaveLength(6);
    const job = await actions.done('indexes.create', params, options);
    expect(await invalid()).toEqual([]);
    expect(job.after).toMatchObject({ built_indexes: 4 });
    expect(await definition('part_n_id_idx')).toBe('CREATE INDEX part_n_id_idx ON ONLY public.part USING btree (n, id)');
    expect(await actions.refused('indexes.create', params, options)).toMatchObject([{ name: 'equal' }]);
    await db.sql(job.inverse && 'sql' in job.inverse ? job.inverse.sql : '');
    expect(await db.sql(`select from pg_class where relname like 'part%n_id_idx'`)).toEqual([]);
  });

  test('indexes that partitions have already are taken over rather than built again', async () => {
    const owner = await db.connect('maintenance');
    await owner.query('create index "By day" on part_1 (day)');
    const { plan } = await actions.sealed('indexes.create', { table: 'public.part', columns: 'day' }, options);
    expect(plan.filter(({ sql }) => sql.includes('part_1'))).toEqual([]);
    expect(plan.map(({ sql }) => sql)).toContain('ALTER INDEX "public"."part_day_idx" ATTACH PARTITION "public"."By day"');
    await actions.done('indexes.create', { table: 'public.part', columns: 'day' }, options);
    expect(await invalid()).toEqual([]);
  });
});

test.each([['main', main] as const, ['old', old] as const])('on %s: an index that stands in a tablespace of its own is dropped by the action, and what brings it back brings it there', async (target, db) => {
  const options = { target };
  const [space, unquoted] = [`Odd "space's" ${target}`, `space_${target}`];
  const inSpace = `"${space.replaceAll('"', '""')}"`;
  const superuser = await db.connect('superuser');
  await superuser.query('set allow_in_place_tablespaces = on');
  for (const one of [inSpace, unquoted]) await superuser.query(`create tablespace ${one} location ''`);
  await superuser.query(`grant create on tablespace ${unquoted} to riskdesk_maintenance`);
  await superuser.query(`create table placed (a int, b text, day date not null); create table placed_all (a int, day date not null) partition by range (day); create table placed_all_1 partition of placed_all for values from ('2026-01-01') to ('2026-02-01')`);
  for (const table of ['placed', 'placed_all', 'placed_all_1']) await superuser.query(`alter table ${table} owner to riskdesk_maintenance`);
  await superuser.query(`create index placed_plain on placed (a) tablespace ${unquoted}`);
  await superuser.query(`create unique index placed_where on placed using btree (lower(b), a desc) include (day) with (fillfactor = 80) tablespace ${inSpace} where a > 3 and b <> ' TABLESPACE x WHERE y'`);
  await superuser.query(`create index placed_all_a on placed_all (a) tablespace ${unquoted}`);
  await superuser.query('create index placed_default on placed (day)');
  await superuser.query(`comment on index placed_where is E'kept for ''us''\nsince 2020'`);
  await superuser.query('alter index placed_where alter column 1 set statistics 500');
  // A part has a name and a place of its own.
  await superuser.query('alter index placed_all_1_a_idx set tablespace pg_default; alter index placed_all_1_a_idx rename to "Odd ""part"; comment on index "Odd ""part" is \'of January\'');
  const standing = (name: string) => db.sql(`
    select c.relname, pg_get_indexdef(c.oid) as definition, s.spcname as tablespace, obj_description(c.oid, 'pg_class') as said, i.indisvalid as valid,
      array(select a.attnum || ' ' || a.attstattarget from pg_attribute a where a.attrelid = c.oid and a.attstattarget >= 0) as targets
    from pg_class w cross join lateral (select relid from pg_partition_tree(w.oid) union select w.oid) t join pg_class c on c.oid = t.relid join pg_index i on i.indexrelid = c.oid left join pg_tablespace s on s.oid = c.reltablespace
    where w.relname = $1 order by c.relname`, [name]);
  for (const name of ['placed_plain', 'placed_where', 'placed_all_a', 'placed_default']) {
    const before = await standing(name);
    const { inverse } = await actions.done('indexes.drop', { index: `public.${name}` }, { ...options, confirm: `public.${name}` });
    expect(await standing(name)).toEqual([]);
    await runEach(superuser, inverse);
    expect(await standing(name)).toEqual(before);
  }
  await superuser.query('alter table placed cluster on placed_plain');
  expect((await actions.refused('indexes.drop', { index: 'public.placed_plain' }, options)).map(({ name }) => name)).toEqual(['clustered']);
  // A constraint’s too, by the remedy of a finding; its storage parameters go along.
  for (const name of ['"placed ""1"" of"', '"placed ""2"" of"']) await superuser.query(`alter table placed add constraint ${name} unique (a, day) with (fillfactor = 60) using index tablespace ${inSpace}`);
  const both = () => db.sql(`select c.relname, c.reloptions, s.spcname, k.contype, pg_get_constraintdef(k.oid) as says from pg_constraint k join pg_class c on c.oid = k.conindid join pg_tablespace s on s.oid = c.reltablespace where k.conname ~ '^placed "' order by 1`);
  const before = await both();
  const { findings } = (await call('GET', `/api/indexes/redundant?target=${target}`, actions.dba)).body as Measured;
  const remedy = findings.find(({ about }) => about.includes('placed ""'))?.remedy;
  const [drop = '', undo = ''] = (remedy && 'sql' in remedy ? remedy.sql : '').split('-- to undo:');
  await superuser.query(drop);
  expect(await both()).toHaveLength(1);
  await superuser.query(undo.replaceAll(/^-- /gm, ''));
  expect([before.length, await both()]).toEqual([2, before]);
  const made = { table: 'public.placed_all', columns: 'day', tablespace: unquoted };
  await actions.done('indexes.create', made, options);
  expect(await db.sql(`select c.relkind, s.spcname from pg_index i join pg_class c on c.oid = i.indexrelid join pg_tablespace s on s.oid = c.reltablespace where pg_get_indexdef(c.oid) like '%(day)' order by 1`)).toEqual([{ relkind: 'I', spcname: unquoted }, { relkind: 'i', spcname: unquoted }]);
  expect((await actions.refused('indexes.create', { ...made, columns: 'a, day', tablespace: space }, options)).map(({ name, saferWay }) => [name, saferWay])).toEqual([['privilege', `GRANT CREATE ON TABLESPACE ${inSpace} TO "riskdesk_maintenance";`]]);
  expect((await actions.refused('indexes.create', { ...made, columns: 'a, day', tablespace: 'none' }, options)).map(({ name }) => name)).toEqual(['tablespace']);
  await superuser.query('drop table placed, placed_all');
  for (const one of [inSpace, unquoted]) await superuser.query(`drop tablespace ${one}`);
});

test('on what the role does not own it is refused', async () => {
  await main.sql('create table somebody_elses (a int)');
  expect(await actions.refused('indexes.create', { table: 'public.somebody_elses', columns: 'a' })).toContainEqual(expect.objectContaining({ name: 'privilege' }));
});
