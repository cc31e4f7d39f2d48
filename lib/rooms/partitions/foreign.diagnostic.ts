import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { lockedAway, ofPeople, qualified } from '@/lib/pg/relations';
import { ident, render, sql } from '@/lib/pg/sql';

export const foreign = diagnostic({
  name: 'foreign',
  title: 'Foreign partitions',
  why: 'An UPDATE of the key in a foreign partition is sent to the other server and not held against the bounds here: the row stays where it is, and queries that look for it by its key do not find it.',
  how: 'Every partition that is a foreign table, from the catalog alone: no other server is asked. Whether the table there checks its key cannot be seen from here; a CHECK of all key columns on the foreign table itself, which PostgreSQL does not enforce, is taken for the word of who declared it that the table there has the same. Whether it takes UPDATE at all is asked of its wrapper, and not known while an ACCESS EXCLUSIVE lock is held or waited for.',
  permission: 'stats:read',
  params: {},
  row: {
    part: col.code('Partition'),
    parent: col.code('Table'),
    server: col.code('Server'),
    wrapper: col.code('Wrapper'),
    updatable: col.maybe(col.flag('Takes UPDATE')),
    declared: col.flag('Check declared'),
    bounds: col.maybe(col.sql('What to check', { note: 'None: of a hash partition, a DEFAULT, or where the key has another name there' })),
    schema_name: col.text('Schema'),
    rel_name: col.text('Name'),
    remote_schema: col.text('Schema there'),
    remote_name: col.text('Name there'),
  },
  key: ['part'],
  search: ['part', 'parent', 'server'],
  sort: 'part',
  show: ['part', 'parent', 'server', 'wrapper', 'updatable', 'declared', 'bounds'],
  needs: [],
  charts: [],
  codes: { 'partitions.foreign_unchecked': 'A foreign partition takes an UPDATE of its key that may leave rows where queries do not find them.' },
  refreshSeconds: 300,
  source: 'sql',
  sql: {
    14: () => sql`
      with away as materialized (${lockedAway}), leaf as materialized (
        select c.oid, ${qualified} as part, n.nspname::text as schema_name, c.relname::text as rel_name, i.inhparent, s.srvname::text as server, w.fdwname::text as wrapper, c.oid in (select relation from away) as locked,
          coalesce((select o.option_value from pg_options_to_table(f.ftoptions) o where o.option_name = 'schema_name'), n.nspname) as remote_schema, coalesce((select o.option_value from pg_options_to_table(f.ftoptions) o where o.option_name = 'table_name'), c.relname) as remote_name,
          (select array_agg(a.attnum) from pg_partition_ancestors(c.oid) r(oid) join pg_partitioned_table p on p.partrelid = r.oid cross join unnest(p.partattrs) k(num) join pg_attribute t on t.attrelid = p.partrelid and t.attnum = k.num
            join pg_attribute a on a.attrelid = c.oid and a.attname = t.attname) as keys,
          exists (select from pg_partition_ancestors(c.oid) r(oid) join pg_partitioned_table p on p.partrelid = r.oid where p.partstrat = 'h' or p.partdefid = c.oid) as untold
        from pg_foreign_table f join pg_class c on c.oid = f.ftrelid and c.relispartition join pg_namespace n on n.oid = c.relnamespace join pg_inherits i on i.inhrelid = c.oid
          join pg_foreign_server s on s.oid = f.ftserver join pg_foreign_data_wrapper w on w.oid = s.srvfdw where ${ofPeople}
      )
      select l.part, ${qualified} as parent, l.server, l.wrapper, l.schema_name, l.rel_name, l.remote_schema, l.remote_name, case when not l.locked then pg_relation_is_updatable(l.oid, false) & 4 = 4 end as updatable,
        exists (select from pg_constraint k where k.conrelid = l.oid and k.contype = 'c' and k.conkey @> l.keys) as declared,
        case when not l.locked and not l.untold and not exists (select from pg_attribute a where a.attrelid = l.oid and a.attnum = any (l.keys) and a.attfdwoptions is not null) then pg_get_partition_constraintdef(l.oid) end as bounds
      from leaf l join pg_class c on c.oid = l.inhparent join pg_namespace n on n.oid = c.relnamespace`,
  },
  findings: (rows) =>
    rows.filter(({ updatable, declared }) => updatable === true && !declared).map((row): Finding => ({
      code: 'partitions.foreign_unchecked', severity: 'warning', about: row.part,
      says: `An UPDATE of its key is sent to ${row.server} and not held against its bounds: such a row stays there, and queries of ${row.parent} by its new key do not find it. Whether the table there checks its key cannot be seen from here.`,
      evidence: { parent: row.parent, server: row.server, wrapper: row.wrapper },
      remedy: { sql: checking(row) },
    })),
});

type Unchecked = { part: string; bounds: string | null; server: string; wrapper: string; schema_name: string; rel_name: string; remote_schema: string; remote_name: string };

function checking({ part, bounds, server, wrapper, rel_name, remote_schema, remote_name }: Unchecked): string {
  if (bounds === null) return `-- no CHECK can say what its bounds are: keep its key from being changed here\nREVOKE UPDATE ON ${part} FROM <role>;  -- then grant it on the other columns`;
  const check = render(ident(`${[...rel_name].slice(0, 20).join('')}_bounds`)).text;
  const there = wrapper === 'postgres_fdw' ? render(ident(remote_schema, remote_name)).text : '<the table there>';
  return [
    `SELECT count(*) FROM ${part} WHERE (${bounds}) IS NOT TRUE;  -- rows that are astray already`,
    `-- on ${server}:`, `ALTER TABLE ${there} ADD CONSTRAINT ${check} CHECK (${bounds}) NOT VALID;`, `ALTER TABLE ${there} VALIDATE CONSTRAINT ${check};`,
    '-- here, so that it is known:', `ALTER FOREIGN TABLE ${part} ADD CONSTRAINT ${check} CHECK (${bounds});`,
  ].join('\n');
}
