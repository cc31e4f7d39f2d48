import type { Ask } from '@/lib/kit/diagnostic';
import { quoteName } from '@/lib/pg/parser';
import type { RelationFacts } from '@/lib/pg/relation-facts';
import { array, sql } from '@/lib/pg/sql';

const mostBytes = 63;

/** At most 63 bytes, and no half of a character. */
export function cut(text: string, most: number): string {
  let kept = text;
  while (Buffer.byteLength(kept) > most) kept = [...kept].slice(0, -1).join('');
  return kept;
}

/** As PostgreSQL names indexes: table, columns, `idx`; the table's name gives way. */
export function nameOf(table: string, columns: string[], at: number): string {
  const suffix = `_idx${at === 0 ? '' : at}`;
  const middle = cut(columns.length > 0 ? `_${columns.join('_')}` : '_expr', 40);
  return `${cut(table, mostBytes - Buffer.byteLength(middle + suffix))}${middle}${suffix}`;
}

/** What is to be created: `tail` is all from USING on. */
export type Wanted = { relation: RelationFacts; columns: string[]; tail: string };

/** Names that nothing has yet, neither in the catalog nor among those given here. */
export class Names {
  private constructor(private readonly taken: Set<string>) {}

  static async read(ask: Ask, relations: RelationFacts[]): Promise<Names> {
    // Names cut off keep as much of the table's as this.
    const rows = relations.length === 0 ? [] : await ask<{ schema: string; name: string }>(sql`
      select n.nspname::text as schema, c.relname::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        join unnest(${array(relations.map(({ schema }) => schema))}::text[], ${array(relations.map(({ name }) => name))}::text[]) t (schema, name) on n.nspname = t.schema and left(c.relname, 4) = left(t.name, 4)
      where c.relname like '%\\_idx%'`);
    return new Names(new Set(rows.map(({ schema, name }) => JSON.stringify([schema, name]))));
  }

  free(schema: string, table: string, columns: string[]): string {
    for (let at = 0; ; at += 1) {
      const name = nameOf(table, columns, at);
      const key = JSON.stringify([schema, name]);
      if (this.taken.has(key)) continue;
      this.taken.add(key);
      return quoteName(name);
    }
  }
}

const outside = '-- outside a transaction, without lock_timeout: a build that is cut off leaves an invalid index. It waits for older transactions on the table.';
const mostListed = 40;

/** The statements that make an index while others read and write. */
export function createStatements({ relation, columns, tail }: Wanted, names: Names): string {
  const name = names.free(relation.schema, relation.name, columns);
  if (relation.kind !== 'p') return `${outside}\nCREATE INDEX CONCURRENTLY ${name} ON ${relation.shown} ${tail};`;
  const listed = relation.leaves.slice(0, mostListed);
  const more = relation.leaves.length - listed.length;
  const each = listed.map(({ shown }) => `CREATE INDEX CONCURRENTLY ON ${shown} ${tail};`).join('\n');
  const rest = more > 0 ? `\n-- … and so on for ${more} more partitions\n` : '\n';
  return `-- CONCURRENTLY is not possible on a partitioned table: first an index on each of its ${relation.leaves.length} partitions.\n${outside}\n${each}${rest}-- Then one on the parent, which takes those over instead of building any. It locks out writers, shortly.\nBEGIN;\nSET LOCAL lock_timeout = '2s'; -- rather fail than queue everybody behind it; run it again\nCREATE INDEX ${name} ON ${relation.shown} ${tail};\nCOMMIT;`;
}
