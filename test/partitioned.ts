import type pg from 'pg';
import type { TestDatabase } from './database';

type Rows = <T extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<T[]>;
export type Planted = { table: string; fallback: string; tables: string[]; archives: string[]; sql: Rows; owner: pg.Client; /** Rows that refer to nothing. */ violations: () => Promise<unknown[]> };

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** How many rows of each table, and what they are, whatever their order. */
export async function multiset(sql: Rows, tables: string[]): Promise<{ n: number; sum: string | null }[]> {
  const sums = [];
  for (const table of tables) {
    const [found] = await sql<{ there: boolean }>('select to_regclass($1) is not null as there', [table]);
    const [row] = found?.there ? await sql<{ n: number; sum: string | null }>(`select count(*)::int as n, sum(hashtextextended(to_jsonb(t)::text, 0)::numeric)::text as sum from ${table} t`) : [];
    sums.push(row ?? { n: 0, sum: null });
  }
  return sums;
}

type Planting = { name: string; rows: number; months: number; /** The notes are no partitioned table. */ plain?: boolean; /** All rows of until now lie in DEFAULT partitions. */ fallback?: boolean; /** No table is partitioned, and none refers to another. */ whole?: boolean; /** Partitions have a CHECK of their bounds. */ checked?: boolean };

/** `months` monthly partitions up to the present month of a table with two that refer to it, one cut the same way and one not at all if `plain`. */
export async function plantFamily(db: Pick<TestDatabase, 'connect' | 'sql'>, { name, rows, months, plain = false, fallback = false, whole = false, checked = false }: Planting): Promise<Planted> {
  const owner = await db.connect('maintenance');
  const [top, factor, note] = [name, `${name} factors`, `${name} notes`];
  const [t, f, n] = [top, factor, note].map((one) => `public.${quoted(one)}`);
  await owner.query(`create table ${t} (id bigint generated always as identity, at timestamptz not null, owner text, twice bigint generated always as (length(owner) * 2) stored, body text, primary key (id, at))${whole ? '' : ' partition by range (at)'}`);
  await owner.query(`create index on ${t} (at, id)`);
  for (const [table, on] of [[f, 'cascade'], [n, 'no action']] as const) {
    await owner.query(`create table ${table} (of_id bigint not null, of_at timestamptz not null, no int not null, "Value %" text, primary key (of_id, of_at, no)${whole ? '' : `, foreign key (of_id, of_at) references ${t} (id, at) on delete ${on}`})${whole || (plain && table === n) ? '' : ' partition by range (of_at)'}`);
  }
  if (fallback) for (const [table, own] of [[t, top], [f, factor], [n, note]]) await owner.query(`create table public.${quoted(`${own}_rest`)} partition of ${table} default`);
  const first = whole ? -2 : fallback ? -1 : months - 1;
  for (let back = first; back >= -1; back -= 1) {
    const [month] = (await owner.query<{ low: string; high: string; tag: string }>(`select low::text || '+00' as low, (low + interval '1 month')::text || '+00' as high, to_char(low, 'YYYY_MM') as tag from (select date_trunc('month', now() at time zone 'UTC') - make_interval(months => $1) as low) m`, [back])).rows;
    for (const [table, own] of [[t, top], [f, factor], [n, note]] as const) {
      if (plain && table === n) continue;
      const [part, key] = [quoted(`${own}_${month?.tag}`), own === top ? 'at' : 'of_at'];
      await owner.query(`create table ${part} partition of ${table} for values from ('${month?.low}') to ('${month?.high}')`);
      if (checked) await owner.query(`alter table ${part} add check (${key} >= '${month?.low}' and ${key} < '${month?.high}')`);
    }
  }
  await owner.query(`insert into ${t} (at, owner, body) select date_trunc('month', now()) - make_interval(months => $1) + (g::float8 / $2) * (now() - date_trunc('month', now()) + make_interval(months => $1)), 'o' || g, md5(g::text) from generate_series(1, $2) g`, [months - 1, rows]);
  await owner.query(`insert into ${f} select id, at, k, md5(id::text || k) from ${t}, generate_series(1, 2) k`);
  await owner.query(`insert into ${n} select id, at, 1, null from ${t} where id % 3 = 0`);
  await owner.query(`analyze ${t}`);
  const archiveOf = (one: string) => `public.${quoted(`${one}_archive`)}`;
  const violations = async () => {
    const found: unknown[] = [];
    for (const table of [f, n]) found.push(...(await db.sql(`select of_id from ${table} c where not exists (select from ${t} p where p.id = c.of_id and p.at = c.of_at) limit 5`)));
    const keys = await db.sql<{ n: number }>(`select count(*)::int as n from pg_constraint where contype = 'f' and conparentid = 0 and confrelid = $1::regclass and conrelid in ($2::regclass, $3::regclass) and convalidated`, [t, f, n]);
    return keys[0]?.n === 2 ? found : [...found, keys];
  };
  return { table: t ?? '', fallback: `public.${quoted(`${top}_rest`)}`, tables: [t ?? '', f ?? '', n ?? ''], archives: [top, factor, note].map(archiveOf), sql: (text, values) => db.sql(text, values), owner, violations };
}

/** Partitions of a table, as SQL writes them, by name. */
export async function partitionsOf(db: Pick<TestDatabase, 'sql'>, parent: string): Promise<string[]> {
  const rows = await db.sql<{ part: string }>(`select format('%I.%I', n.nspname, c.relname) as part from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_namespace n on n.oid = c.relnamespace where i.inhparent = $1::regclass order by c.relname`, [parent]);
  return rows.map(({ part }) => part);
}
