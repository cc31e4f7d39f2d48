import { walk, type Tree } from '@/lib/pg/parser';
import { relationsIn, type RelationName } from '@/lib/pg/statement-shape';

/** The relations that a statement names, each once; not what its WITH defines. */
export function tablesIn(statement: Tree): RelationName[] {
  const defined = new Set<string>();
  walk(statement, (kind, node) => {
    if (kind === 'CommonTableExpr') defined.add(String(node['ctename'] ?? ''));
  });
  return relationsIn(statement).filter(({ schema, name }) => schema !== null || !defined.has(name));
}
