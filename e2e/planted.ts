import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { roleNames } from '../scripts/postgres/roles';
import { testPasswords } from '../test/template';
import { startConsole, startProductServer, signIn, until, type Client, type RunningConsole } from '../test/server';

const tag = randomBytes(3).toString('hex');
const plain = (what: string) => `planted_${what}_${tag}`;

/** As long as PostgreSQL allows, with all that could break out of text, markup, SQL, CSV or a link. */
function hostile(what: string): string {
  const name = `-${what}"; drop'\\\n<b class=evil>&amp;</b><script>%2f#?😀É`;
  return name + 'z'.repeat(63 - Buffer.byteLength(name));
}

export const names = {
  dead: plain('dead'), index: hostile('i'), indexed: hostile('t'), child: plain('child'), invalid: plain('invalid'), measured: plain('measured'),
  parted: plain('parted'), fallback: plain('default'), locked: plain('locked'), blocker: plain('blocker'), role: plain('role'), slot: plain('slot'),
  unused: plain('unused'), bloated: plain('bloated'), ahead: plain('ahead'),
};

/** What no page may show, whole or in part (F13). */
export const secret = `canary-${randomBytes(6).toString('hex')}`;

export const quoted = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);

export type Planted = {
  console: RunningConsole;
  client: Client;
  /** As the superuser of the server. */
  run: (text: string) => Promise<pg.QueryResult>;
  blockerPid: number;
  /** The session that set a password, and is idle since. */
  secretPid: number;
  dispose: () => Promise<void>;
};

const tables = () => `
  create table ${names.dead} (id int primary key, x text) with (autovacuum_enabled = off);
  insert into ${names.dead} select g, repeat('x', 50) from generate_series(1, 20000) g;
  analyze ${names.dead};
  delete from ${names.dead} where id > 2000;
  create table ${names.measured} (id int primary key, x text);
  insert into ${names.measured} select g, repeat('y', 100) from generate_series(1, 5000) g;
  create table ${quoted(names.indexed)} (a int, b text);
  create index ${quoted(names.index)} on ${quoted(names.indexed)} (a);
  create index on ${quoted(names.indexed)} (a, b);
  alter table ${quoted(names.indexed)} owner to riskdesk_maintenance;
  create table ${names.child} (id int primary key, dead_id int references ${names.dead});
  create table ${names.invalid}_of (a int);
  insert into ${names.invalid}_of values (1), (1);
  create table ${names.locked} (id int primary key, x int);
  insert into ${names.locked} values (1, 1);
  create table ${names.parted} (at timestamptz not null, x int, primary key (at, x)) partition by range (at);
  create table ${names.parted}_1 partition of ${names.parted} for values from ('2020-01-01') to ('2020-02-01');
  create table ${names.fallback} partition of ${names.parted} default;
  insert into ${names.parted} select '2021-01-01'::timestamptz + g * interval '1 minute', g from generate_series(1, 700) g;
  create table ${names.unused}_of (id int primary key, a int);
  insert into ${names.unused}_of select g, g from generate_series(1, 1000) g;
  create index ${names.unused} on ${names.unused}_of (a);
  do $$ begin for n in 1..150 loop perform from ${names.unused}_of where id = n; end loop; end $$;
  create table ${names.bloated}_of (a int) with (autovacuum_enabled = off);
  insert into ${names.bloated}_of select g from generate_series(1, 200000) g;
  create index ${names.bloated} on ${names.bloated}_of (a);
  delete from ${names.bloated}_of where a % 3 <> 0;
  create table ${names.ahead} (at timestamptz not null, x int) partition by range (at);
  create table ${names.ahead}_1 partition of ${names.ahead} for values from (current_date - 1) to (current_date);
  create table ${names.ahead}_2 partition of ${names.ahead} for values from (current_date) to (current_date + 1);
  create table ${names.ahead}_3 partition of ${names.ahead} for values from (current_date + 1) to (current_date + 2);`;

/** Enough findings of their own that those above are not on the overview's first screen. */
const noise = (count: number) => Array.from({ length: count }, (_, n) => `create table noise_${n} (a int, b int); create index noise_${n}_a on noise_${n} (a); create index noise_${n}_ab on noise_${n} (a, b);`).join('\n');

const pidOf = async (one: pg.Client): Promise<number> => (await one.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid ?? 0;

/** A server with a problem for each room, a console on it, and every problem found. */
export async function plant(): Promise<Planted> {
  const server = await startProductServer({ settings: { autovacuum_naptime: '1s', max_slot_wal_keep_size: '96MB', max_wal_size: '4GB', wal_level: 'logical' } });
  const clients: pg.Client[] = [];
  const connect = async (url = server.url(server.database)) => {
    const one = new pg.Client(url);
    one.on('error', () => {});
    await one.connect();
    clients.push(one);
    return one;
  };
  const db = await connect();
  // What the role of maintenance owns it may mend.
  await db.query(`set role ${roleNames.maintenance}`);
  await db.query(tables());
  await db.query(`vacuum (analyze) ${names.bloated}_of`);
  await db.query(noise(40));
  await db.query(`create unique index concurrently ${names.invalid} on ${names.invalid}_of (a)`).catch(() => {});
  await db.query(`reset role; grant update, select on ${names.locked} to ${roleNames.app}`);
  await db.query(`create role ${names.role} login password 'of-no-matter' connection limit 2; grant connect on database ${server.database} to ${names.role}`);
  for (let n = 0; n < 2; n += 1) await connect(server.url(server.database, names.role, 'of-no-matter'));
  await db.query(`select pg_create_physical_replication_slot('${names.slot}', true)`);
  for (let n = 0; n < 5; n += 1) await db.query(`select pg_logical_emit_message(false, 'planted', 'wal'); select pg_switch_wal()`);
  await db.query('alter system set max_connections = 123');
  await db.query('select pg_reload_conf(), pg_stat_force_next_flush()');
  const blocker = await connect(`${server.url(server.database, roleNames.app, testPasswords.app)}&application_name=${names.blocker}`);
  const pids = [await pidOf(blocker)];
  await blocker.query(`begin; update ${names.locked} set x = 2`);
  const waiter = await connect();
  void waiter.query(`update ${names.locked} set x = 3`).catch(() => {});
  const careless = await connect();
  pids.push(await pidOf(careless));
  await careless.query(`alter role ${names.role} password '${secret}'`);
  const console = await startConsole(server.env);
  await until(async () => (await fetch(`${console.url}/api/health/ready`)).ok);
  const client = await signIn(console.url);
  return {
    console, client,
    run: (text) => db.query(text),
    blockerPid: pids[0] ?? 0,
    secretPid: pids[1] ?? 0,
    dispose: async () => {
      console.signal('SIGKILL');
      await console.ended;
      await Promise.all(clients.map((one) => one.end().catch(() => {})));
      await server.dispose();
    },
  };
}
