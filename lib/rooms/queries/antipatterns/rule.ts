import type { Tree } from '@/lib/pg/parser';
import type { Table, Written } from './catalog';
import type { Block } from './block';

/** `sure`: what is said follows from the text and the catalog. `likely`: it depends on values or on the plan, which are in neither. */
export type Certainty = 'sure' | 'likely';

export type Match = {
  /** One sentence with the statement's own names. */
  says: string;
  certainty: Certainty;
  /** The statement's tree with what helps in it; it is written out and parsed again before anybody sees it. */
  rewrite?: Tree | null;
  /** Other SQL that helps, where the statement itself can stay. */
  helps?: string | null;
  /** In what the rewrite differs, or what it asks for; without a rewrite what to do instead. */
  note?: string;
};

/** What is known of a statement besides its text. */
export type Figures = { calls: number; rows: number };

export type Subject = {
  statement: Tree;
  /** `SelectStmt` and its fields. */
  kind: string;
  node: Tree;
  /** The statement itself first, if it is a query, then the queries inside it. */
  blocks: Block[];
  find: (name: Written) => Table | null;
  figures: Figures | null;
};

export type Rule = {
  /** Of the public code: `queries.<name>`. */
  name: string;
  title: string;
  /** Why it costs, in one sentence. */
  why: string;
  find: (subject: Subject) => Match[];
};

/** Where less is read than this, no way of reading it matters. */
export const leastRows = 10_000;

/** Big enough to matter, and a table that people can index: none of the server's own, nor one of another server. */
export const isBig = (table: Table | null): table is Table => table !== null && ['r', 'p', 'm'].includes(table.kind) && !['pg_catalog', 'information_schema'].includes(table.schema) && (table.rows ?? 0) >= leastRows;

/** What a scan from the front does: with LIMIT it may have enough before the end, which only the values decide. */
export const scanOf = ({ node }: Block, table: Table): { reads: string; certainty: Certainty } =>
  node['limitCount'] ? { reads: `rows of ${table.shown} are read one after the other until there are enough`, certainty: 'likely' } : { reads: `every row of ${table.shown} is read`, certainty: 'sure' };

/** A call that gives so few rows of a big table has stopped early: its client fetches a part, which is not in the text. */
export const stopsEarly = ({ figures }: Subject): boolean => figures !== null && figures.calls > 0 && figures.rows / figures.calls < 100;
