import { setTimeout as sleep } from 'node:timers/promises';
import type { TestDatabase } from './database';
import type { Planted } from './partitioned';

export type Writers = { stop: () => Promise<{ longest: number; /** In the seconds before the job. */ alone: number; /** The longest that anybody was seen waiting for a lock, looked at every 20 ms. */ waited: number; writes: number; failed: string[]; acknowledged: () => Promise<{ n: number; sum: string | null }> }> };

/**
 * Four sessions that insert, update and delete rows of the whole time of a planted table, each with what refers to it, as fast as they can with a breath between. What was
 * acknowledged is kept by the writers themselves, in a table that no job knows.
 */
export async function startWriters(db: TestDatabase, { table, tables, owner }: Planted, { most = 4, inserts = false }: { most?: number; /** Nothing else: what they write is in one partition each time. */ inserts?: boolean } = {}): Promise<Writers> {
  await owner.query('drop table if exists public.ledger');
  await owner.query(`create table public.ledger as select id, at, owner, body from ${table}`);
  await owner.query('create index ledger_id on public.ledger (id)');
  // Without it each of their statements would read the table, and hold its locks for as long.
  await owner.query(`create index on ${table} (owner)`);
  const state = { over: false };
  let [longest, alone, waited, writes] = [0, 0, 0, 0];
  const failed: string[] = [];
  const factors = tables[1] ?? '';
  const work = Array.from({ length: most }, async (_, which) => {
    const client = await db.connect('maintenance');
    for (let n = 0; !state.over; n += 1) {
      const started = performance.now();
      try {
        await client.query('begin');
        if (n % 4 === 3 && !inserts) {
          await client.query(`with gone as (delete from ${factors} where (of_id, of_at) in (select id, at from ${table} where owner = $1 limit 1) returning 1), dead as (delete from ${table} where owner = $1 and not exists (select from ${tables[2]} x where x.of_id = id) returning id) delete from public.ledger l using dead where l.id = dead.id`, [`w${which}-${n - 2}`]);
        } else if (n % 4 === 2 && !inserts) {
          await client.query(`with it as (update ${table} set body = body || 'x' where owner = $1 returning id, body) update public.ledger l set body = it.body from it where l.id = it.id`, [`w${which}-${n - 1}`]);
        } else {
          await client.query(`with it as (insert into ${table} (at, owner, body) values (date_trunc('second', now()) - random() * interval '80 days', $1, 'b') returning id, at, owner, body), kept as (insert into public.ledger select * from it) insert into ${factors} select id, at, 1, 'w' from it`, [`w${which}-${n}`]);
        }
        await client.query('commit');
        writes += 1;
      } catch (error) {
        failed.push((error as Error).message);
        await client.query('rollback');
      }
      longest = Math.max(longest, performance.now() - started);
      await sleep(2);
    }
  });
  const looker = await db.connect('superuser');
  const looking = (async () => {
    while (!state.over) {
      const { rows } = await looker.query<{ ms: number }>(`select coalesce(max(extract(epoch from clock_timestamp() - l.waitstart) * 1000), 0)::float8 as ms from pg_locks l join pg_stat_activity a on a.pid = l.pid where not l.granted and a.datname = current_database() and a.application_name not like 'riskdesk-job%'`);
      waited = Math.max(waited, rows[0]?.ms ?? 0);
      await sleep(20);
    }
  })();
  await sleep(1500);
  [alone, longest, waited] = [longest, 0, 0];
  return {
    stop: async () => {
      state.over = true;
      await Promise.all([...work, looking]);
      const acknowledged = async () => (await db.sql<{ n: number; sum: string | null }>(`select count(*)::int as n, sum(hashtextextended(to_jsonb(t)::text, 0)::numeric)::text as sum from (select id, at, owner, length(owner) * 2 as twice, body from public.ledger) t`))[0] ?? { n: 0, sum: null };
      return { longest, alone, waited, writes, failed, acknowledged };
    },
  };
}
