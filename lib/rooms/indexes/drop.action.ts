import { action, type Refusal } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { dropStep, nothingLeft, stateOf } from '@/lib/kit/index-leftover';
import { param } from '@/lib/kit/param';
import { findRelation, relationGuards, standbyGuard } from '@/lib/kit/relation-object';
import { ident, sql } from '@/lib/pg/sql';
import { statementOf } from './catalog';
import { indexFigures } from './index-figures';
import { wholeIndex, type WholeIndex } from './parts';
import { counted } from './rehearsal';

/** An index or a part of it, and what makes it again as it is. */
type Made = { name: string; above: string | null; definition: string; more: string[] };
type IndexObject = WholeIndex & { made: Made[]; constraint: string | null; depending: string | null; identity_of: string | null; attached: boolean; clustered: boolean };

const of = (object: IndexObject): Refusal[] => [
  ...(object.constraint === null ? [] : [{ name: 'constraint', says: `The constraint ${object.constraint} rests on it: without the index it would not hold.`, saferWay: 'Drop the constraint, if it is not wanted.' }]),
  ...(object.depending === null ? [] : [{ name: 'foreign_key', says: `The foreign key ${object.depending} refers to it.`, saferWay: null }]),
  ...(object.identity_of === null ? [] : [{ name: 'replica_identity', says: 'It is the table’s replica identity: logical replication of updates and deletes goes by it.', saferWay: null }]),
  ...(object.clustered ? [{ name: 'clustered', says: 'The table is marked to be clustered by it: CLUSTER goes by that mark.', saferWay: 'ALTER TABLE … SET WITHOUT CLUSTER, if nobody clusters it.' }] : []),
  ...(object.attached ? [{ name: 'attached', says: 'It is a part of an index of the partitioned table and cannot be dropped alone.', saferWay: null }] : []),
];

const concurrently = 'No read and no write waits. It waits itself for every transaction that uses the table.';
const whole = 'Reads and writes of the table and of every partition wait while it asks for its locks, 100 ms at a time, and for the moment that the drop takes.';

/** The whole first, each part after what it is a part of. */
const madeOf = (ask: Ask, oid: string): Promise<Made[]> => ask<Made>(sql`
  select format('%I.%I', n.nspname, c.relname) as name, (select format('%I.%I', an.nspname, a.relname) from pg_class a join pg_namespace an on an.oid = a.relnamespace where a.oid = t.parentrelid and t.level > 0) as above,
    ${statementOf(sql`i`)} as definition,
    array(
      select format('COMMENT ON INDEX %I.%I IS %L', n.nspname, c.relname, d.description) from pg_description d where d.classoid = 'pg_class'::regclass and d.objoid = c.oid and d.objsubid = 0
      union all
      select format('ALTER INDEX %I.%I ALTER COLUMN %s SET STATISTICS %s', n.nspname, c.relname, a.attnum, a.attstattarget) from pg_attribute a where a.attrelid = c.oid and a.attstattarget >= 0
    ) as more
  from (select ${oid}::oid as relid, null::regclass as parentrelid, 0 as level union all select p.relid, p.parentrelid, p.level from pg_partition_tree(${oid}::oid) p where p.level > 0) t
    join pg_class c on c.oid = t.relid join pg_namespace n on n.oid = c.relnamespace join pg_index i on i.indexrelid = c.oid order by t.level, c.oid`);

/** What makes it again: nobody waits for it, but while the index of a partitioned table is made as such, which is done at once. */
const again = ({ name, above, definition, more }: Made): string[] => [
  `${definition.includes(' ON ONLY ') ? definition : definition.replace(/^CREATE (UNIQUE )?INDEX /, 'CREATE $1INDEX CONCURRENTLY ')};`,
  ...(above === null ? [] : [`ALTER INDEX ${above} ATTACH PARTITION ${name};`]),
  ...more.map((one) => `${one};`),
];

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
    const [facts] = await ask<Pick<IndexObject, 'constraint' | 'depending' | 'identity_of' | 'attached' | 'clustered'>>(sql`
      select (select min(conname)::text from pg_constraint where conindid = i.indexrelid and contype in ('p', 'u', 'x')) as "constraint",
        (select min(conname)::text from pg_constraint where conindid = i.indexrelid and contype = 'f') as depending, case when i.indisreplident then 'yes' end as identity_of,
        w.relispartition as attached, i.indisclustered as clustered
      from pg_index i join pg_class w on w.oid = i.indexrelid where i.indexrelid = ${relation.oid}::oid`);
    return facts ? { ...relation, ...facts, made: await madeOf(ask, relation.oid) } : null;
  },
  guards: (object, { role, server }) => [...standbyGuard(server.inRecovery), ...relationGuards(object, role, 'owned'), ...of(object)],
  plan: (object) => object.kind === 'I'
    ? [{ sql: sql`DROP INDEX ${ident(object.schema, object.rel)}`, note: `Drops the index of the table and of its ${object.parts?.length ?? 0} partitions at once: PostgreSQL cannot do that concurrently.`, lock: 'ACCESS EXCLUSIVE', waits: 'bounded' }]
    : [dropStep(object, 'Marks the index invalid, waits for transactions that may use it, and drops it.')],
  blocks: 'No read and no write waits. It waits itself for every transaction that uses the table. The index of a partitioned table goes at once with all its parts, which PostgreSQL cannot do concurrently.',
  blocksOf: ({ kind }) => (kind === 'I' ? whole : concurrently),
  progress: null,
  rehearsal: {
    diagnostic: 'drop_rehearsal',
    query: ({ name }) => ({ index: name }),
    says: ([row]) => (row && row['planned'] !== 0 ? `Rehearsed with ${counted(Number(row['planned']))}. ${row['because']}` : 'Not rehearsed: no captured statement of its table could be planned.'),
  },
  figures: async (ask, object, measuring) => {
    const { parts: _, ...figures } = await indexFigures(ask, object as IndexObject, measuring);
    return figures;
  },
  inverse: ({ made }) => ({ sql: ['-- outside a transaction', ...made.flatMap(again)].join('\n') }),
  settle: async (ask, object) => {
    const now = await stateOf(ask, object);
    if (!now) return { state: 'done', says: 'The index is gone.', mend: [] };
    if (now.valid) return nothingLeft('The index is there and valid.');
    return { state: 'undone', says: 'The drop was begun: the index is invalid, so it is dropped now.', mend: [dropStep(object, 'Drops what the first try left invalid.')] };
  },
  stale: ['indexes', 'tables'],
});
