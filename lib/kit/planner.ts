/** Why a statement has no plan here. `code` as EXPLAIN's own refusals. */
export type Unplanned = { code: string; says: string };

/** The plan that PostgreSQL would take, as the JSON of EXPLAIN, without running anything; generic where the statement has parameters. */
export type PlannedStatement = { plan: PlanJson } | { refused: Unplanned };

/** A node of EXPLAIN (FORMAT JSON), by PostgreSQL's own keys. */
export type PlanJson = Readonly<Record<string, unknown>>;

/**
 * Plans statements in the transaction of the diagnostic that asks, each in a savepoint of its own: locks go with it, and a failure hurts nothing else.
 * Statements go through the same refusals as on the page of plans.
 */
export type Planner = {
  /** Looks at all that these statements reach at once, which takes a tenth of the time of one after the other. What is not harmless is told by `plan`. */
  admit: (texts: readonly string[], searchPath?: readonly string[]) => Promise<void>;
  plan: (text: string, searchPath?: readonly string[]) => Promise<PlannedStatement>;
  /** Work that may fail on the server without ending the transaction; null where it did. */
  attempt: <T>(work: () => Promise<T>) => Promise<T | null>;
};
