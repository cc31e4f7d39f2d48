import { action, type Refusal } from '@/lib/kit/action';
import { dropStep, nothingLeft, stateOf } from '@/lib/kit/index-leftover';
import { param } from '@/lib/kit/param';
import { findRelation, relationGuards, standbyGuard } from '@/lib/kit/relation-object';
import { ident, sql } from '@/lib/pg/sql';
import { asComment, statementOf } from './catalog';
import { wholeIndex, type WholeIndex } from './parts';

type IndexObject = WholeIndex & { definition: string; constraint: string | null; depending: string | null; identity_of: string | null; attached: boolean; /** Parts in another tablespace than the whole. */ elsewhere: string | null };

const of = (object: IndexObject): Refusal[] => [
  ...(object.constraint === null ? [] : [{ name: 'constraint', says: `The constraint ${object.constraint} rests on it: without the index it would not hold.`, saferWay: 'Drop the constraint, if it is not wanted.' }]),
  ...(object.depending === null ? [] : [{ name: 'foreign_key', says: `The foreign key ${object.depending} refers to it.`, saferWay: null }]),
  ...(object.identity_of === null ? [] : [{ name: 'replica_identity', says: 'It is the table’s replica identity: logical replication of updates and deletes goes by it.', saferWay: null }]),
  ...(object.attached ? [{ name: 'attached', says: 'It is a part of an index of the partitioned table and cannot be dropped alone.', saferWay: null }] : []),
];

const concurrently = 'No read and no write waits. It waits itself for every transaction that uses the table.';
const whole = 'Reads and writes of the table and of every partition wait while it asks for its locks, 100 ms at a time, and for the moment that the drop takes.';

export const drop = action({
  name: 'drop',
  title: 'Drop an index',
  about: 'Takes an index away that no query needs: writes become cheaper and its space is free.',
  permission: 'maintenance:destroy',
  risk: 'destructive',
  recurs: false,
  params: { index: param.object('Index') },
  find: async (ask, { params, role, server }): Promise<IndexObject | null> => {
    const relation = await wholeIndex(ask, await findRelation(ask, params.index, 'iI', role, server.major));
    if (!relation) return null;
    const [facts] = await ask<Pick<IndexObject, 'definition' | 'constraint' | 'depending' | 'identity_of' | 'attached' | 'elsewhere'>>(sql`
      select ${statementOf(sql`i`)} as definition, (select min(conname)::text from pg_constraint where conindid = i.indexrelid and contype in ('p', 'u', 'x')) as "constraint",
        (select min(conname)::text from pg_constraint where conindid = i.indexrelid and contype = 'f') as depending, case when i.indisreplident then 'yes' end as identity_of,
        w.relispartition as attached,
        (select string_agg(format('%s: %s', p.relid, coalesce(s.spcname, 'the default one')), ', ' order by p.relid::text) from pg_partition_tree(i.indexrelid) p join pg_class c on c.oid = p.relid left join pg_tablespace s on s.oid = c.reltablespace
          where p.isleaf and w.relkind = 'I' and c.reltablespace <> w.reltablespace) as elsewhere
      from pg_index i join pg_class w on w.oid = i.indexrelid where i.indexrelid = ${relation.oid}::oid`);
    return facts ? { ...relation, ...facts } : null;
  },
  guards: (object, { role, server }) => [...standbyGuard(server.inRecovery), ...relationGuards(object, role, 'owned'), ...of(object)],
  plan: (object) => object.kind === 'I'
    ? [{ sql: sql`DROP INDEX ${ident(object.schema, object.rel)}`, note: `Drops the index of the table and of its ${object.parts?.length ?? 0} partitions at once: PostgreSQL cannot do that concurrently.`, lock: 'ACCESS EXCLUSIVE', waits: 'bounded' }]
    : [dropStep(object, 'Marks the index invalid, waits for transactions that may use it, and drops it.')],
  blocks: 'No read and no write waits. It waits itself for every transaction that uses the table. The index of a partitioned table goes at once with all its parts, which PostgreSQL cannot do concurrently.',
  blocksOf: ({ kind }) => (kind === 'I' ? whole : concurrently),
  progress: null,
  inverse: ({ definition, kind, elsewhere }) => ({ sql: kind === 'I' ? `-- writes wait while it builds\n${elsewhere === null ? '' : `${asComment(`parts that stood in another tablespace: ${elsewhere}`)}\n`}${definition.replace(' ON ONLY ', ' ON ')};` : `-- outside a transaction\n${definition.replace(/^CREATE (UNIQUE )?INDEX /, 'CREATE $1INDEX CONCURRENTLY ')};` }),
  settle: async (ask, object) => {
    const now = await stateOf(ask, object);
    if (!now) return { state: 'done', says: 'The index is gone.', mend: [] };
    if (now.valid) return nothingLeft('The index is there and valid.');
    return { state: 'undone', says: 'The drop was begun: the index is invalid, so it is dropped now.', mend: [dropStep(object, 'Drops what the first try left invalid.')] };
  },
  stale: ['indexes', 'tables'],
});
