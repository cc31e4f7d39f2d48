import type { Tree } from '@/lib/pg/parser';

/** A relation as a statement writes it. */
export type RelationName = { schema: string | null; name: string };

/** What the caller's catalog knows of it. */
export type KnownRelation = { schema: string; name: string; columns: readonly string[] };

/** The relation that a name means, by the search path of whoever runs the statement; null where there is none. */
export type FindRelation = (name: RelationName) => KnownRelation | null;

/** What a column is compared with. */
export type Operand =
  | { kind: 'constant'; type: 'integer' | 'decimal' | 'text' | 'boolean' | 'bits' | 'null'; text: string; /** The type it is cast to, as written. */ cast: string | null }
  | { kind: 'parameter'; number: number; cast: string | null }
  | { kind: 'list'; items: Operand[] }
  /** A column of another relation: a join. */
  | { kind: 'column'; relation: number; column: string }
  | { kind: 'subquery'; query: number }
  /** Anything else, such as `now() - interval '1 day'`; `columns` tells whether it reads any. */
  | { kind: 'expression'; columns: boolean };

/** What stands around a column: an index on the column alone does not serve it. */
export type Wrapped = {
  kind: 'function' | 'cast' | 'operator' | 'collation' | 'other';
  /** The function, type, operator or collation next to the column. */
  by: string;
  /** The expression as an index would be declared on it, its columns quoted and unqualified; null where it holds a parameter or cannot be written. */
  text: string | null;
  /** All columns of the relation in it. */
  columns: string[];
};

export type Test =
  /** `=` */
  | 'equality'
  /** `IN (…)`, `= ANY (…)` */
  | 'any'
  /** `< <= > >=`; BETWEEN gives two. */
  | 'range'
  /** LIKE with a constant that begins with text. */
  | 'prefix'
  /** Other LIKE, ILIKE, SIMILAR TO and regular expressions. */
  | 'pattern'
  | 'null'
  | 'not_null'
  /** A boolean column, or IS TRUE. */
  | 'true'
  /** NOT column, or IS FALSE. */
  | 'false'
  /** `@> <@ && ? ?| ?& @@` */
  | 'contains'
  /** All that no index narrows: `<>`, NOT IN, NOT LIKE, … */
  | 'other';

export type Condition = {
  column: string;
  test: Test;
  /** As PostgreSQL calls it: `=`, `~~`, `IS NULL`, `IN`, `NOT IN`, … */
  operator: string;
  /** Null where the test needs none. */
  value: Operand | null;
  /** Null where the column stands alone. */
  wrapped: Wrapped | null;
  /** True if every row that the scan has to give satisfies it, so that an index can narrow the scan by it: not under OR or NOT, not for the kept side of an outer join. */
  narrows: boolean;
  /** Of an OR that narrows as a whole: which OR of the statement, and which of its arms. */
  alternative: { or: number; arm: number } | null;
};

/** One mention of a relation in FROM; a self-join has two. */
export type RelationShape = {
  /** The query whose FROM it is in: a place in `queries`. */
  query: number;
  schema: string | null;
  name: string;
  alias: string;
  /** False where the catalog has none of this name. Then its columns are told by their alias, or because it is the only relation. */
  known: boolean;
  role: 'read' | 'written';
  /** Columns that the statement reads of it anywhere; `all` for `*` and whole rows. */
  reads: string[] | 'all';
  conditions: Condition[];
  /** Columns that an UPDATE, INSERT or MERGE names as targets. */
  sets: string[];
};

export type SortKey = { relation: number; column: string; wrapped: Wrapped | null; descending: boolean; nullsFirst: boolean };

export type QueryShape = {
  /** The query around it; null for the statement itself. */
  parent: number | null;
  kind: 'select' | 'values' | 'union' | 'insert' | 'update' | 'delete' | 'merge';
  /** Its name, for a WITH query. */
  name: string | null;
  /** `*` or `alias.*` in its output. */
  star: boolean;
  /** It has a WHERE. */
  where: boolean;
  /** Places in `relations`, in the order of FROM; a written relation comes first. */
  relations: number[];
  /** Null for a key that is no column or expression of one relation. */
  order: (SortKey | null)[];
  group: (SortKey | null)[];
  /** DISTINCT ON has keys; plain DISTINCT is of the whole output. */
  distinct: false | 'output' | (SortKey | null)[];
  aggregates: boolean;
  windows: boolean;
  limit: Operand | null;
  offset: Operand | null;
  /** It reads columns of a query around it. */
  correlated: boolean;
};

export type StatementShape = { relations: RelationShape[]; /** The statement itself is the first. */ queries: QueryShape[]; /** `$n` at most. */ parameters: number };

/** Where a column comes from. `through`: a condition on it reaches the relation, as the planner pulls up or pushes down. */
export type Source = { relation: number; column: string; through: boolean };

export type Output = { name: string; source: Source | null };

/** A name of FROM: a relation, or a query with its output (null where it is not known). */
export type Entry = { alias: string; schema: string | null; relation: number | null; outputs: Output[] | null };

export type WithQuery = { name: string; query: Tree; recursive: boolean; /** The planner reads it as if it stood in FROM. */ inlined: boolean; index: number | null };
