import { action, type Refusal, type Step } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { findRelation, relationGuards, standbyGuard, type RelationObject } from '@/lib/kit/relation-object';
import { ident, sql } from '@/lib/pg/sql';
import { bound } from './tree-sql';

type Attached = { parent_schema: string; parent_rel: string; parent_oid: string; parent_owned: boolean; bound: string; pending: boolean; fallback: boolean; is_default: boolean; referring: string | null };
type Partition = RelationObject & { of: Attached | null };

async function attachedTo(ask: Ask, oid: string, role: string): Promise<Attached | null> {
  const [found] = await ask<Attached>(sql`
    select n.nspname::text as parent_schema, p.relname::text as parent_rel, p.oid::text as parent_oid, pg_has_role(${role}::name, p.relowner, 'USAGE') as parent_owned, ${bound(sql`c`)} as bound, i.inhdetachpending as pending,
      coalesce(t.partdefid, 0) <> 0 as fallback, coalesce(t.partdefid = c.oid, false) as is_default, (select min(format('%I.%I', rn.nspname, r.relname)) from pg_constraint k join pg_class r on r.oid = k.conrelid join pg_namespace rn on rn.oid = r.relnamespace
        where k.contype = 'f' and k.confrelid = p.oid and k.conparentid = 0) as referring
    from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent join pg_namespace n on n.oid = p.relnamespace join pg_partitioned_table t on t.partrelid = p.oid where c.oid = ${oid}::oid`);
  return found ?? null;
}

const own = ({ of }: Partition, role: string): Refusal[] => {
  if (!of) return [{ name: 'partition', says: 'It is no partition of any table.', saferWay: null }];
  return [
    ...(of.parent_owned ? [] : [{ name: 'privilege', says: `${role} does not own ${of.parent_schema}.${of.parent_rel}.`, saferWay: `Make ${role} a member of its owner.` }]),
    ...(of.referring === null || of.pending ? [] : [{ name: 'referred', says: `${of.referring} refers to its rows: while it is checked that none is referred to, every row of that table is read under a lock.`, saferWay: 'Archive it, with what refers to it: partitions.archive.' }]),
  ];
};

const finalize = ({ schema, rel }: { schema: string; rel: string }, of: Attached): Step => ({
  sql: sql`ALTER TABLE ${ident(of.parent_schema, of.parent_rel)} DETACH PARTITION ${ident(schema, rel)} FINALIZE`,
  note: 'Finishes a detaching that was broken off: waits for transactions that may still see the partition.', lock: 'ACCESS EXCLUSIVE', waits: 'patient', awaits: { lock: 'ACCESS EXCLUSIVE', snapshots: true },
});

function detachStep({ schema, rel }: Partition, of: Attached): Step {
  const [parent, part] = [ident(of.parent_schema, of.parent_rel), ident(schema, rel)];
  // PostgreSQL refuses CONCURRENTLY where there is a DEFAULT, whose own bounds change with it.
  if (of.fallback) return { sql: [sql`ALTER TABLE ${parent} DETACH PARTITION ${part}`], note: 'Detaches it under a strong lock, for a moment: there is a DEFAULT partition, so it cannot be done concurrently.', lock: 'ACCESS EXCLUSIVE', waits: 'bounded' };
  return { sql: sql`ALTER TABLE ${parent} DETACH PARTITION ${part} CONCURRENTLY`, note: 'Detaches it while reads and writes go on; waits for every transaction that uses the table. PostgreSQL leaves a check of its bounds on it, which stays, also when it is attached again.', lock: 'SHARE UPDATE EXCLUSIVE', waits: 'patient', awaits: { lock: 'ACCESS EXCLUSIVE', snapshots: false } };
}

export const detach = action({
  name: 'detach',
  title: 'Detach a partition',
  about: 'Makes a partition a table of its own, rows and all; or finishes a detaching that was broken off.',
  permission: 'maintenance:destroy',
  risk: 'heavy',
  recurs: false,
  params: { partition: param.object('Partition') },
  find: async (ask, { params, role, server }): Promise<Partition | null> => {
    const relation = await findRelation(ask, params.partition, 'rp', role, server.major);
    if (!relation) return null;
    const of = await attachedTo(ask, relation.oid, role);
    return { ...relation, of, key: of ? `relation ${of.parent_oid}` : relation.key, table: of?.parent_oid ?? relation.table };
  },
  guards: (object, { role, server }) => [...standbyGuard(server.inRecovery), ...relationGuards(object, role, 'owned'), ...own(object, role)],
  plan: (object) => (object.of ? [object.of.pending ? finalize(object, object.of) : detachStep(object, object.of)] : []),
  blocks: 'Concurrently no read and no write waits; it waits itself for every transaction that uses the table. With a DEFAULT partition reads and writes wait at most 150 ms, queue included. Its rows are no longer seen in the table.',
  progress: null,
  inverse: ({ of, name }) => (of && !of.pending ? { sql: `ALTER TABLE "${of.parent_schema.replaceAll('"', '""')}"."${of.parent_rel.replaceAll('"', '""')}" ATTACH PARTITION ${name} ${of.bound};` } : null),
  settle: async (ask, object, { role }) => {
    const of = await attachedTo(ask, object.oid, role);
    if (!of) return { state: 'done', says: 'It is a table of its own.', mend: [] };
    if (of.pending) return { state: 'undone', says: 'The detaching was broken off half way: its rows are no longer seen in the table, so it is finished now.', mend: [finalize(object, of)] };
    return { state: 'undone', says: 'It is a partition as before.', mend: [] };
  },
  stale: ['partitions', 'tables', 'indexes'],
});
