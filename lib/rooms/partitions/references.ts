import type { Ask } from '@/lib/kit/diagnostic';
import { ident, join, literal, sql, type SQL } from '@/lib/pg/sql';

type Named = { schema: string; rel: string };

/** A foreign key as it is declared; of actions and MATCH pg_constraint’s letters. */
export type Key = { fk: string; from: string[]; to: string[]; on_delete: string; on_update: string; match: string; deferrable: boolean; deferred: boolean; /** Of SET NULL and SET DEFAULT, where not all. */ set_columns: string[] | null; valid: boolean; enforced: boolean; comment: string | null };

const acts: Record<string, SQL> = { a: sql`NO ACTION`, r: sql`RESTRICT`, c: sql`CASCADE`, n: sql`SET NULL`, d: sql`SET DEFAULT` };

const names = (list: string[]) => join(list.map((one) => ident(one)), sql`, `);

/** `ALTER TABLE … ADD CONSTRAINT … FOREIGN KEY …` as it stands; of a partitioned table as a whole without ONLY. */
export function addReference(on: Named, key: Key, to: Named, whole = sql`ONLY `): SQL {
  const wait = key.deferrable ? (key.deferred ? sql` DEFERRABLE INITIALLY DEFERRED` : sql` DEFERRABLE`) : sql``;
  const columns = key.set_columns ? sql` (${names(key.set_columns)})` : sql``;
  return sql`ALTER TABLE ${whole}${ident(on.schema, on.rel)} ADD CONSTRAINT ${ident(key.fk)} FOREIGN KEY (${names(key.from)}) REFERENCES ${ident(to.schema, to.rel)} (${names(key.to)})${key.match === 'f' ? sql` MATCH FULL` : sql``} ON DELETE ${acts[key.on_delete] ?? sql`NO ACTION`}${columns} ON UPDATE ${acts[key.on_update] ?? sql`NO ACTION`}${wait}${key.enforced ? sql`` : sql` NOT ENFORCED`}`;
}

export const commentOfKey = (on: Named, { fk, comment }: Key): SQL[] => (comment === null ? [] : [sql`COMMENT ON CONSTRAINT ${ident(fk)} ON ${ident(on.schema, on.rel)} IS ${literal(comment)}`]);

/** The columns of a Key, of `k` (pg_constraint), which has more of them in later versions. */
export const keyColumns: SQL = sql`k.conname::text as fk, (select json_agg(a.attname order by f.place) from unnest(k.conkey) with ordinality f(num, place) join pg_attribute a on a.attrelid = k.conrelid and a.attnum = f.num) as "from",
    (select json_agg(a.attname order by f.place) from unnest(k.confkey) with ordinality f(num, place) join pg_attribute a on a.attrelid = k.confrelid and a.attnum = f.num) as "to",
    k.confdeltype::text as on_delete, k.confupdtype::text as on_update, k.confmatchtype::text as match, k.condeferrable as deferrable, k.condeferred as deferred, k.convalidated as valid, coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true) as enforced, obj_description(k.oid, 'pg_constraint') as comment,
    (select json_agg(a.attname order by a.attnum) from jsonb_array_elements_text(nullif(to_jsonb(k) -> 'confdelsetcols', 'null')) s(num) join pg_attribute a on a.attrelid = k.conrelid and a.attnum = s.num::int2) as set_columns`;

/** The foreign keys that a table itself has. */
export const referencesOf = (ask: Ask, oid: string): Promise<(Key & Named)[]> => ask<Key & Named>(sql`
  select ${keyColumns}, n.nspname::text as schema, c.relname::text as rel from pg_constraint k join pg_class c on c.oid = k.confrelid join pg_namespace n on n.oid = c.relnamespace
  where k.conrelid = ${oid}::oid and k.contype = 'f' and k.conparentid = 0 order by k.conname`);
