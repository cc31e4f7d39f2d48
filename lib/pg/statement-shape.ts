import 'server-only';
import { isTree, walk, type Tree } from './parser';
import { QueryReader } from './shape/query';
import type { FindRelation, RelationName, StatementShape } from './shape/types';

export type { Condition, FindRelation, KnownRelation, Operand, QueryShape, RelationName, RelationShape, SortKey, StatementShape, Test, Wrapped } from './shape/types';

/**
 * What a statement asks of its relations, from PostgreSQL's own parse tree (`parseSql`): which conditions narrow which scan, what joins, sorts and
 * groups them, and what is read of them.
 *
 *     const { statements } = await parseSql(text);
 *     const relations = await readRelations(ask, relationsIn(statements[0]));   // lib/pg/relation-facts.ts
 *     const shape = shapeOf(statements[0], relations.finder());
 *
 * Names are resolved as PostgreSQL does: aliases, WITH, queries in FROM, queries around a query, USING and NATURAL, outputs in ORDER BY. A condition on the
 * output of a query in FROM counts for the relation inside where the planner pulls it up. Views are relations like others: what is inside them is not looked at.
 * What cannot be told is left out rather than guessed: an ambiguous name, a column of a relation that the catalog does not know.
 */
export function shapeOf(statement: Tree, find: FindRelation): StatementShape {
  return new QueryReader(find, mentionsIn(statement)).read(statement);
}

/** Every relation that a statement may mean, each once. The names of WITH queries are among them where a relation of that name could be meant elsewhere. */
export function relationsIn(statement: Tree): RelationName[] {
  const found = new Map<string, RelationName>();
  const add = (range: Tree) => {
    const name: RelationName = { schema: typeof range['schemaname'] === 'string' ? range['schemaname'] : null, name: String(range['relname'] ?? '') };
    found.set(JSON.stringify([name.schema, name.name]), name);
  };
  walk(statement, (kind, node) => {
    if (kind === 'RangeVar' || (kind === 'relation' && typeof node['relname'] === 'string')) add(node);
  });
  return [...found.values()];
}

/** How often each unqualified name stands in a FROM: a WITH query that is mentioned once is read in place. */
function mentionsIn(statement: Tree): Map<string, number> {
  const mentions = new Map<string, number>();
  walk(statement, (kind, node) => {
    const name = kind === 'RangeVar' && isTree(node) && node['schemaname'] === undefined ? String(node['relname'] ?? '') : null;
    if (name !== null) mentions.set(name, (mentions.get(name) ?? 0) + 1);
  });
  return mentions;
}
