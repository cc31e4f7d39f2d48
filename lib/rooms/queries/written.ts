import { isTree, walk, type Tree } from '@/lib/pg/parser';
import type { Written } from './antipatterns/catalog';

/** The relations that a statement names, each once, in the order of the text; not what its WITH defines. */
export function relationsIn(statement: Tree): Written[] {
  const found = new Map<string, Written>();
  const defined = new Set<string>();
  const add = (node: Tree) => {
    const { schemaname, relname, catalogname } = node;
    if (typeof relname !== 'string' || (typeof catalogname === 'string' && catalogname !== '')) return;
    const name = { schema: typeof schemaname === 'string' ? schemaname : null, name: relname };
    found.set(JSON.stringify([name.schema, name.name]), name);
  };
  walk(statement, (kind, node) => {
    if (kind === 'CommonTableExpr') defined.add(String(node['ctename'] ?? ''));
    // INSERT, UPDATE and DELETE hold the relation that they write without its kind.
    if (kind === 'RangeVar' || (kind === 'relation' && isTree(node) && 'relname' in node)) add(node);
  });
  return [...found.values()].filter(({ schema, name }) => schema !== null || !defined.has(name));
}
