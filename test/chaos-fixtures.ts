import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type pg from 'pg';
import { expect } from 'vitest';
import { multiset, plantFamily } from './partitioned';

export type Planted = {
  params: Record<string, string>;
  confirm?: string;
  /** What must be the same after it: the rows, in whatever order and in whichever of their tables. */
  rows?: () => Promise<string>;
  /** A table (a, b) that the action locks: others go on reading and writing it. */
  table?: string;
  /** It holds a strong lock while it runs, and says so. */
  holds?: true;
  /** Puts back what other rounds rest on. */
  after?: () => Promise<unknown>;
};
type Rows = <T extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<T[]>;
type Place = { owner: pg.Client; sql: Rows; name: string; /** A session of its own. */ session: () => Promise<pg.Client>; /** Runs an action to its end. */ run: (action: string, planted: Planted) => Promise<{ id: string }> };

async function table({ owner, name }: Place, rows = 20_000): Promise<string> {
  await owner.query(`create table ${name} (a int primary key, b text)`);
  await owner.query(`insert into ${name} select g, md5(g::text) from generate_series(1, ${rows}) g`);
  await owner.query(`create index ${name}_b on ${name} (b)`);
  return `public.${name}`;
}

const rowsOf = ({ sql }: Place, tables: string[]) => async () => JSON.stringify(await multiset(sql, tables));

const onTable = (more: Partial<Planted> = {}, params: Record<string, string> = {}) => async (place: Place): Promise<Planted> => {
  const name = await table(place);
  return { params: { table: name, ...params }, rows: rowsOf(place, [name]), table: place.name, ...more, ...(more.confirm === undefined ? {} : { confirm: name }) };
};

const onIndex = (more: (place: Place, index: string) => Promise<Partial<Planted>> = () => Promise.resolve({})) => async (place: Place): Promise<Planted> => {
  const name = await table(place);
  const index = `${name}_b`;
  return { params: { index }, rows: rowsOf(place, [name]), table: place.name, ...(await more(place, index)) };
};

/** A session with a statement that does not end by itself, or none that is idle in its transaction. */
const onSession = (begin: (client: pg.Client) => unknown) => async ({ session }: Place): Promise<Planted> => {
  const client = await session();
  client.on('error', () => {});
  await client.query(`set application_name = 'somebody'`);
  const { rows } = await client.query<{ pid: string; started: string }>(`select pid::text, backend_start::text as started from pg_stat_activity where pid = pg_backend_pid()`);
  const [of] = rows;
  if (!of) throw new Error('a session sees itself');
  await begin(client);
  return { params: { pid: of.pid, started: of.started }, after: () => client.end().catch(() => {}) };
};

const days = (of: string, more = '') => `create table ${of} (at date not null primary key, n int) ${more}`;

/** What takes several steps and was broken off goes on from there, to its end. */
const toTheEnd = (action: string, { run }: Place, planted: Planted): Planted => ({ ...planted, after: async () => expect((await run(action, planted)) as object).toMatchObject({ state: 'succeeded' }) });

const partsOf = (place: Place) => rowsOf(place, [`public.${place.name}_all`]);

/** A table of two months, seen through a view of the table and of its second month wherever that is. */
const onMonths = (attached: boolean) => async (place: Place): Promise<Planted> => {
  const { owner, name } = place;
  await owner.query(days(name, 'partition by range (at)'));
  for (const month of [1, 2]) await owner.query(`create table ${name}_${month} partition of ${name} for values from ('2025-0${month}-01') to ('2025-0${month + 1}-01')`);
  await owner.query(`insert into ${name} select date '2025-01-01' + g, g from generate_series(0, 57) g`);
  await owner.query(`create view ${name}_all as select at, n from ${name} union select at, n from ${name}_2`);
  if (!attached) await owner.query(`alter table ${name} detach partition ${name}_2`);
  const partition = `public.${name}_2`;
  return { params: attached ? { partition } : { table: `public.${name}`, partition, from: '2025-02-01', to: '2025-03-01' }, rows: partsOf(place) };
};

const onFilled = async (place: Place): Promise<Planted> => {
  const planted = await plantFamily({ connect: () => Promise.resolve(place.owner), sql: place.sql } as never, { name: place.name, rows: 3000, months: 3, fallback: true });
  return toTheEnd('partitions.rescue_default', place, { params: { table: planted.table, bound: '500' }, rows: async () => JSON.stringify([await multiset(place.sql, planted.tables), await planted.violations()]) });
};

const onPlain = async (place: Place): Promise<Planted> => {
  const { owner, name } = place;
  // With things of its own by name, which change places too.
  await owner.query(days(name));
  await owner.query(`alter table ${name} add id int generated always as identity; create index ${name}_n on ${name} (n) with (fillfactor = 80); comment on table ${name} is 'ours'; grant select (n) on ${name} to public; create statistics ${name}_s on n, at from ${name}`);
  await owner.query(`insert into ${name} select current_date - g, g from generate_series(0, 1500) g`);
  const planted: Planted = { params: { table: `public.${name}`, by: 'at', bound: '500' }, rows: rowsOf(place, [`public.${name}`]) };
  // Where it is partitioned already there is nothing to go on with.
  const after = async () => (await place.sql(`select from pg_class where oid = 'public.${name}'::regclass and relkind = 'r'`)).length > 0 && toTheEnd('partitions.partition_table', place, planted).after?.();
  return { ...planted, after };
};

/** Rows of a partitioned table and of those that refer to it, wherever they are. */
const onFamily = (params: Record<string, string>, first?: (place: Place, of: string) => Promise<unknown>) => async (place: Place): Promise<Planted> => {
  const planted = await plantFamily({ connect: () => Promise.resolve(place.owner), sql: place.sql } as never, { name: place.name, rows: 2000, months: 5 });
  await first?.(place, planted.table);
  const rows = async () => {
    const [live, kept] = [await multiset(place.sql, planted.tables), await multiset(place.sql, planted.archives)];
    return JSON.stringify({ rows: live.map(({ n, sum }, index) => [n + (kept[index]?.n ?? 0), String(BigInt(sum ?? 0) + BigInt(kept[index]?.sum ?? 0))]), violations: await planted.violations() });
  };
  return { params: { table: planted.table, ...params }, confirm: planted.table, rows };
};

/** What needs rights that the role of maintenance lacks by itself gets them: the server is this test's own. */
const may = (grant: string, more: (place: Place) => Promise<Planted>) => async (place: Place): Promise<Planted> => {
  await place.sql(grant);
  return more(place);
};
const reloads = 'grant execute on function pg_reload_conf() to riskdesk_maintenance';
const changes = (set: boolean) => may(reloads, async ({ sql, name }) => {
  await sql('grant alter system on parameter work_mem to riskdesk_maintenance');
  await sql(`alter system set work_mem = '${5000 + Number(name.replaceAll(/\D/g, ''))}kB'`);
  await sql('select pg_reload_conf()');
  // Whatever happened, the server runs with what the file says; a session hears of a reload a moment later.
  const after = async (tries = 40): Promise<void> => {
    const [seen] = await sql(`select pg_size_bytes(setting || unit) as held, coalesce((select pg_size_bytes(f.setting) from pg_file_settings f where f.name = s.name order by seqno desc limit 1), pg_size_bytes(boot_val || unit)) as filed from pg_settings s where name = 'work_mem'`);
    if (seen?.['held'] === seen?.['filed']) return;
    expect(tries, `the server runs with ${seen?.['held']}, its file says ${seen?.['filed']}`).toBeGreaterThan(0);
    await sleep(50);
    await after(tries - 1);
  };
  return { params: { name: 'work_mem', ...(set ? { value: '9MB' } : {}) }, after: () => after() };
});

/** As text by its key, wherever it is: in the table, or in the files of an export once that is dropped. */
const inFilesOrTable = ({ sql }: Place, of: string) => async () => {
  if ((await sql<{ there: boolean }>('select to_regclass($1) is not null as there', [of]))[0]?.there) return (await sql<{ all: string }>(`select string_agg(a || ' ' || b, ',' order by a) as all from ${of}`))[0]?.all ?? '';
  const { listExports } = await import('@/lib/run/exports/store');
  const kept = (await listExports('main')).find(({ tables }) => tables.some((one) => `public.${one.table}` === of));
  const csv = kept ? gunzipSync(readFileSync(join(process.env.EXPORT_DIR ?? '', kept.id, kept.tables[0]?.file ?? ''))).toString() : '';
  return csv.trim().split('\n').slice(1).map((line) => line.replace(',', ' ')).join(',');
};

/** What was once a partition: written to files, and dropped. */
const onDetached = async (place: Place): Promise<Planted> => {
  const name = await table(place);
  await place.owner.query(`create table ${place.name}_whole (a int, b text) partition by range (a)`);
  return { params: { partition: name, tables: 'are dropped' }, confirm: name, rows: inFilesOrTable(place, name) };
};

/** Exported and dropped: its rows are in the files, and come back. */
const onExported = async (place: Place): Promise<Planted> => {
  const planted = await onDetached(place);
  const { id } = await place.run('partitions.export', planted);
  return { params: { export: id }, ...(planted.rows ? { rows: planted.rows } : {}) };
};

/** For every action an object of its own, large enough to be killed in the middle. */
export const fixtures: Record<string, (place: Place) => Promise<Planted>> = {
  'tables.analyze': onTable(),
  'tables.vacuum': onTable({}, { freeze: 'yes' }),
  'tables.vacuum_full': onTable({ confirm: '', holds: true }),
  'tables.reindex': onTable(),
  'indexes.create': onTable({}, { columns: 'b, a' }),
  'indexes.reindex': onIndex(),
  'indexes.drop': onIndex((_, index) => Promise.resolve({ confirm: index })),
  'locks.cancel': onSession((client) => void client.query('select pg_sleep(60)').catch(() => {})),
  'locks.terminate': onSession((client) => client.query('begin')),
  'indexes.drop_invalid': onIndex(async ({ owner, sql, name }) => {
    await owner.query(`create unique index concurrently ${name}_bad on ${name} ((a % 2))`).catch(() => {});
    return { params: { index: `public.${name}_bad` }, after: () => sql(`drop index if exists ${name}_bad`) };
  }),
  'tables.storage': onTable({}, { fillfactor: '90', autovacuum_vacuum_scale_factor: '0.05' }),
  'tables.sequence': async (place) => {
    const { owner, name } = place;
    await owner.query(`create table ${name} (a serial primary key, b text)`);
    await owner.query(`insert into ${name} (b) select md5(g::text) from generate_series(1, 20000) g`);
    return { params: { sequence: `public.${name}_a_seq` }, rows: rowsOf(place, [`public.${name}`]) };
  },
  'queries.reset_statement': async ({ sql, name }) => {
    await sql(`select ${'1 + '.repeat(1 + Number(name.replaceAll(/\D/g, '')))} 1 as of_chaos`);
    const [one] = await sql<{ queryid: string }>(`select s.queryid::text as queryid from pg_stat_statements s join pg_database d on d.oid = s.dbid where d.datname = current_database() and s.query like '%of_chaos%' and s.query not like '%queryid%' limit 1`);
    return { params: { queryid: one?.queryid ?? '' } };
  },
  'queries.reset_statistics': () => Promise.resolve({ params: {}, confirm: 'chaos' }),
  'config.set': changes(true),
  'config.reset': changes(false),
  'config.extension': ({ sql }) => Promise.resolve({ params: { name: 'hstore' }, after: () => sql('drop extension if exists hstore') }),
  'replication.drop_slot': may('alter role riskdesk_maintenance replication', async ({ sql, name }) => {
    await sql('select pg_create_physical_replication_slot($1, true)', [name]);
    return { params: { slot: name }, confirm: name, after: () => sql('select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1', [name]) };
  }),
  'partitions.attach': onMonths(false),
  'partitions.detach': onMonths(true),
  'partitions.rescue_default': onFilled,
  'partitions.partition_table': onPlain,
  'partitions.export': onDetached,
  'partitions.import': onExported,
  'partitions.create': onFamily({ ahead: '4', every: 'month' }),
  'partitions.archive': onFamily({ days: '75', partial: 'go too' }),
  'partitions.restore': onFamily({ from: '2020-01-01', to: '2100-01-01' }, ({ run }, of) => run('partitions.archive', { params: { table: of, days: '75', partial: 'go too' }, confirm: of })),
};
