import type { Tree } from '@/lib/pg/parser';
import type { Block } from './block';
import type { Table } from './catalog';
import type { Match, Subject } from './rule';

/** Something about one condition of one query. */
export const eachCondition = (find: (condition: Tree, block: Block, subject: Subject) => Match | null) => (subject: Subject): Match[] =>
  subject.blocks.flatMap((block) => block.conditions.flatMap((condition) => find(condition, block, subject) ?? []));

/** A partitioned table takes no CONCURRENTLY: it is locked against writes until the index is there. */
export const createIndex = ({ kind, shown }: Table, rest: string): string => (kind === 'p' ? `-- locks the table and its partitions against writes meanwhile\nCREATE INDEX ON ${shown} ${rest};` : `CREATE INDEX CONCURRENTLY ON ${shown} ${rest};`);
