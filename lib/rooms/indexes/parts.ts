import type { Ask } from '@/lib/kit/diagnostic';
import type { RelationObject } from '@/lib/kit/relation-object';
import { sql } from '@/lib/pg/sql';

/** An index of a partition: with which file it stood where a job began. */
export type Part = { oid: string; node: string; rel: string };

/** An index with what it consists of where its table is partitioned. Its size and its identity are then those of all of them. */
export type WholeIndex = RelationObject & { parts?: Part[] };

export async function wholeIndex(ask: Ask, relation: RelationObject | null): Promise<WholeIndex | null> {
  if (relation?.kind !== 'I') return relation;
  const parts = await partsOf(ask, relation.oid);
  const [sizes] = await ask<{ bytes: number; files: string }>(sql`
    select coalesce(sum(pg_relation_size(relid)), 0)::float8 as bytes, md5(string_agg(relid::oid::text || ' ' || coalesce(pg_relation_filenode(relid), 0), ',' order by relid)) as files from pg_partition_tree(${relation.oid}::oid) where isleaf`);
  return { ...relation, parts, bytes: sizes?.bytes ?? null, identity: `${relation.oid} ${sizes?.files ?? ''}` };
}

export const partsOf = (ask: Ask, oid: string): Promise<Part[]> => ask<Part>(sql`
  select t.relid::oid::text as oid, coalesce(pg_relation_filenode(t.relid), 0)::text as node, c.relname::text as rel from pg_partition_tree(${oid}::oid) t join pg_class c on c.oid = t.relid where t.isleaf`);
