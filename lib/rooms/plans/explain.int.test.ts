import { existsSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { useDatabase, type TestDatabase } from '@/test/database';
import { fingerprint } from '@/test/security/fingerprint';
import { hostileStatements } from '@/test/security/hostile-statements';

const db18 = await useDatabase();
const db14 = await useDatabase({ major: 14 });
const byMajor = [[18, db18], [14, db14]] as const;
process.env.TARGETS = [`super18=${db18.url('superuser')}`, `m14=${db14.url('monitor')}`, `super14=${db14.url('superuser')}`, `bare=${db18.url('app')}`].join(' ');

const { explain } = await import('@/lib/run/explain');
const { closeMonitors } = await import('@/lib/run/monitor');
const { parsePlan } = await import('./plan/parse');

afterAll(closeMonitors);

const file = '/tmp/riskdesk-canary-of-explain';

/** What would give itself away: a function of a user that says so whenever it is called, in every disguise. */
const planted = `
  create extension if not exists dblink;
  create extension if not exists file_fdw;
  create table plain (id int primary key, n int);
  insert into plain select g, g % 10 from generate_series(1, 200) g;
  create sequence counter;
  create materialized view mat as select 1 as one;
  create function evil_volatile() returns int language plpgsql volatile as $$ begin raise exception 'ran' using errcode = 'EV001'; end $$;
  create function evil_stable() returns int language plpgsql stable as $$ begin raise exception 'ran' using errcode = 'EV001'; end $$;
  create function evil_immutable(int) returns int language plpgsql immutable as $$ begin if current_setting('evil.quiet', true) = 'off' then return $1; end if; raise exception 'ran' using errcode = 'EV001'; end $$;
  create function evil_sql(int) returns int language sql volatile as 'select public.evil_immutable($1)';
  create function evil_default(n int default evil_immutable(1)) returns int language plpgsql volatile as $$ begin return n; end $$;
  create function evil_pair(a int, b int) returns boolean language plpgsql immutable as $$ begin raise exception 'ran' using errcode = 'EV001'; end $$;
  create operator === (leftarg = int, rightarg = int, function = evil_pair, restrict = eqsel, join = eqjoinsel);
  create type mood as enum ('fine', 'bad');
  create function evil_cast(mood) returns text language plpgsql immutable as $$ begin raise exception 'ran' using errcode = 'EV001'; end $$;
  create function evil_number(mood) returns int language plpgsql immutable as $$ begin raise exception 'ran' using errcode = 'EV001'; end $$;
  create cast (mood as text) with function evil_cast(mood) as implicit;
  create cast (mood as int) with function evil_number(mood);
  create table moods (mood mood);
  insert into moods values ('fine');
  create function evil_column(plain) returns int language plpgsql stable as $$ begin raise exception 'ran' using errcode = 'EV001'; end $$;
  create domain evil_domain as int check (evil_immutable(value) = value);
  create view trap as select evil_stable() as x;
  create view trap_of_trap as select * from trap where x > 0;
  create table guarded (id int);
  insert into guarded values (1);
  create policy evil on guarded using (evil_stable() > 0);
  alter table guarded enable row level security;
  set evil.quiet = 'off';
  create table checked (n int check (evil_immutable(7) = 7 or n > 0));
  create table by_expression (n int);
  create index on by_expression (evil_immutable(n));
  create index on by_expression (n) where evil_immutable(3) = 3;
  create server files foreign data wrapper file_fdw;
  create foreign table program (line text) server files options (program 'touch ${file}');
  create function evil_step(int, int) returns int language plpgsql immutable as $$ begin raise exception 'ran' using errcode = 'EV001'; end $$;
  create aggregate evil_aggregate(int) (sfunc = evil_step, stype = int);
  create procedure evil_procedure() language plpgsql as $$ begin raise exception 'ran' using errcode = 'EV001'; end $$;
  create table defaulted (id int, n int default evil_immutable(1));
  create table ruled (n int);
  create rule evil as on update to ruled do instead select evil_stable();
  create table big (id int primary key, n int, note text);
  insert into big select g, g % 1000, repeat('x', 20) from generate_series(1, 30000) g;
  analyze;
  reset evil.quiet;`;

const plantedFor = (db: TestDatabase) => db.sql(planted);

/** Everything that a statement could have left behind. */
async function state(db: TestDatabase) {
  await db.sql("set evil.quiet = 'off'");
  const [rest] = await db.sql(`
    select (select md5(string_agg(concat(name, setting), ',' order by name)) from pg_settings where name !~ 'transaction|in_hot|evil') as settings,
      (select string_agg(concat(c.relname, c.relkind, c.relfilenode), ',' order by c.oid) from pg_class c where c.oid >= 16384 and c.relkind <> 'i') as relations,
      (select count(*)::int from pg_proc) as functions, (select count(*)::int from pg_largeobject_metadata) as large_objects,
      (select concat(last_value, is_called) from counter) as sequence, (select count(*)::int from pg_replication_slots where slot_name = 'canary') as slots,
      (select count(*)::int from pg_locks where locktype = 'advisory' and objid = 4711) as advisory, (select count(*)::int from pg_roles) as roles,
      (select string_agg(concat(relname, relacl::text), ',' order by relname) from pg_class where relacl is not null) as grants`);
  const tables = await fingerprint(db);
  await db.sql('reset evil.quiet');
  return { ...rest, tables, file: existsSync(file) };
}

beforeAll(async () => {
  rmSync(file, { force: true });
  for (const [, db] of byMajor) await plantedFor(db);
});

describe('hostile statements (S7)', () => {
  test.each([['main', db18], ['super18', db18], ['super14', db14]] as const)('after all of them, planned and run on %s, everything is as it was', async (target, db) => {
    const victim = await db.connect('app');
    const { rows: [row] } = await victim.query<{ pid: number }>('select pg_backend_pid() as pid');
    const dsn = `host=127.0.0.1 port=${db.port} dbname=${db.name} user=postgres password=test-superuser`;
    const statements = hostileStatements(row?.pid ?? 0, file, dsn);
    expect(statements.length).toBeGreaterThanOrEqual(140);
    const before = await state(db);
    for (const analyze of [true, false]) {
      for (const sql of statements) {
        const answer = await explain({ target, sql, analyze });
        const seen = { sql: sql.slice(0, 200), analyze, answer: answer.state === 'refused' ? answer.reason : 'explained' };
        expect(JSON.stringify(answer), JSON.stringify(seen)).not.toContain('EV001');
        if (analyze) expect(seen).toMatchObject({ answer: { code: expect.not.stringMatching(/^(failed|timeout)$/) } });
      }
    }
    expect(await state(db)).toEqual(before);
    await expect(victim.query('select 1 as alive')).resolves.toMatchObject({ rows: [{ alive: 1 }] });
  }, 120_000);

  test('the trap is one: each function does run where nothing holds it back', async () => {
    for (const call of ['evil_stable()', 'evil_immutable(1)', 'evil_sql(1)', "'1'::evil_domain", '1 === 1', "'fine'::mood::int"]) {
      await expect(db18.sql(`explain select ${call} where ${call} is not null`).then(() => db18.sql(`select ${call}`)), call).rejects.toMatchObject({ code: 'EV001' });
    }
  });
});

describe.each([['main', 18], ['m14', 14], ['super14', 14], ['super18', 18]] as const)('plans on %s', (target, major) => {
  const plan = async (sql: string, rest: { values?: (string | null)[]; analyze?: boolean } = {}) => {
    const answer = await explain({ target, sql, analyze: false, ...rest });
    if (answer.state === 'refused') throw new Error(`${answer.reason.code}: ${answer.reason.says}`);
    const parsed = parsePlan(answer.json);
    if ('error' in parsed) throw new Error(parsed.error);
    return { ...parsed.plan, answer };
  };

  test('a statement as it is, with the size of its table', async () => {
    const { root, answer } = await plan('select * from big where n = 5');
    expect(root).toMatchObject({ type: 'Seq Scan', relation: { schema: 'public', name: 'big' }, actual: null });
    expect(answer).toMatchObject({ generic: false, analyzed: false, version: expect.stringMatching(new RegExp(`^${major}\\.`)), tables: [{ schema: 'public', name: 'big', rows: 30_000 }] });
  });

  test('parameters without values: the generic plan, however the server makes one', async () => {
    const { root, answer } = await plan('select * from big where id = $1 and note like $2;');
    expect(answer.generic).toBe(true);
    expect(JSON.stringify(root.fields)).toContain('$1');
  });

  test('parameters with values: the plan for these', async () => {
    const { root, answer } = await plan('select * from big where id < $1', { values: ['10'] });
    expect(answer.generic).toBe(false);
    expect(root.planRows).toBeLessThan(100);
  });

  test('ANALYZE runs it and rolls back; with values too', async () => {
    const { root, executionMs } = await plan('select count(*) from big where n = $1 and random() < 2', { values: ['5'], analyze: true });
    expect(root.actual).toMatchObject({ rows: 1, loops: 1 });
    expect(executionMs).toBeGreaterThan(0);
  });

  test.each([
    'select date_trunc(\'day\', now()), count(*) from big b join plain p on p.id = b.id where b.note ilike \'%x\' and b.id between 1 and 100 group by 1 order by 2 desc limit 5',
    "select jsonb_agg(to_jsonb(p)) from plain p where p.id = any(array[1, 2]) and coalesce(p.n, 0) not in (select n from big where id < 5)",
    'with recursive r as (select 1 as n union all select n + 1 from r where n < 5) select * from r',
    "select p.id, lag(p.n) over (partition by p.n order by p.id), extract(epoch from now()) from plain p, generate_series(1, 2) g",
    "select schemaname, relname, n_live_tup from pg_stat_user_tables where relname similar to 'pl%'",
  ])('an honest statement can be run: %s', async (sql) => {
    expect((await plan(sql, { analyze: true })).root.actual?.loops).toBe(1);
  });

  test('what only plans may also be a write or a volatile call, where the role may', async () => {
    expect(await explain({ target, sql: "select nextval('counter'), pg_sleep(60)", analyze: false })).toMatchObject({ state: 'explained' });
    const update = await explain({ target, sql: 'update plain set n = n + 1', analyze: false });
    expect(update).toMatchObject({ state: 'refused', reason: { code: 'privilege' }, remedy: { sql: expect.stringContaining('GRANT pg_read_all_data TO') } });
  });

  test('the server’s words about the statement are passed on, and those about data are not', async () => {
    expect(await explain({ target, sql: 'select nothing from big', analyze: false })).toMatchObject({ state: 'refused', reason: { code: 'syntax', says: expect.stringContaining('nothing') } });
    const answer = await explain({ target, sql: 'select note::int from big', analyze: true });
    expect(answer).toMatchObject({ state: 'refused', reason: { code: 'failed', says: expect.stringContaining('22P02') } });
    expect(JSON.stringify(answer)).not.toContain('xxxx');
  });

  test('a value that cannot be read is named, given or written, and no row’s is', async () => {
    const says = async (sql: string, rest: { values?: (string | null)[]; analyze?: boolean } = {}) => {
      const answer = await explain({ target, sql, analyze: false, ...rest });
      return answer.state === 'refused' ? `${answer.reason.code}: ${answer.reason.says}` : answer.state;
    };
    expect(await says('select 1 from big where note = $1 and id = $2', { values: ['1', 'canary'] })).toBe('syntax: The server cannot read the value of $2 (canary) as integer: SQLSTATE 22P02.');
    expect(await says('select 1 from big where id = $1', { values: ['99999999999'], analyze: true })).toBe('syntax: The server cannot read the value of $1 (99999999999) as integer: SQLSTATE 22003.');
    expect(await says("select 'é' from big where id = 'it''s' and n = $1", { values: ['1'] })).toBe("syntax: The server cannot read what stands at character 32 ('it''s') as integer: SQLSTATE 22P02.");
    expect(await says("select 1 from big where id = 'odd' and n = $1")).toBe("syntax: The server cannot read what stands at character 30 ('odd') as integer: SQLSTATE 22P02.");
    expect(await says('select note::int from big where n < $1', { values: ['10'], analyze: true })).toBe('failed: The server refused the statement with SQLSTATE 22P02.');
  });
});

test('a role without rights is told what to grant', async () => {
  expect(await explain({ target: 'bare', sql: 'select * from plain', analyze: false })).toMatchObject({ state: 'refused', reason: { code: 'privilege' }, remedy: { sql: 'GRANT pg_read_all_data TO "riskdesk_app";' } });
});

test('a statement that takes too long is stopped', async () => {
  const answer = await explain({ target: 'main', sql: 'select count(*) from big a, big b, big c where a.n + b.n + c.n > 0', analyze: true }, 500);
  expect(answer).toMatchObject({ state: 'refused', reason: { code: 'timeout' } });
  expect(await db18.sql("select pid from pg_stat_activity where query like 'EXPLAIN%big a%' and state = 'active'")).toEqual([]);
});
