import { isTree, namesOf, type Tree } from '@/lib/pg/parser';
import type { Conditions } from './conditions';
import type { Scope } from './scope';
import { columnsIn, type Reading } from './side';
import type { Entry, Output, RelationName, RelationShape } from './types';

/** What FROM asks of the reader of queries. */
type Reader = Reading & {
  relation(name: RelationName, alias: string, query: number, role: RelationShape['role']): number;
  outputsOf(query: number): Output[] | null;
  columnsOf(relation: number): readonly string[] | null;
};

type Joined = { relations: number[]; nullable: number[] };

const nameOf = (range: Tree): RelationName => ({ schema: typeof range['schemaname'] === 'string' ? range['schemaname'] : null, name: String(range['relname'] ?? '') });
const aliasOf = (range: Tree): string | null => (isTree(range['alias']) && typeof range['alias']['aliasname'] === 'string' ? range['alias']['aliasname'] : null);

const renamed = (outputs: Output[] | null, range: Tree): Output[] | null => {
  const names = isTree(range['alias']) ? namesOf(range['alias']['colnames']) : [];
  return outputs && outputs.map((output, at) => ({ ...output, name: names[at] ?? output.name }));
};

/** FROM: its relations become entries of the scope, its ON conditions conditions of theirs. */
export class FromClause {
  constructor(private readonly reader: Reader, private readonly conditions: Conditions) {}

  /** @returns the relations that an outer join can fill with NULLs */
  read(list: unknown, scope: Scope): Set<number> {
    const items = Array.isArray(list) ? list.filter(isTree) : [];
    return new Set(items.flatMap((item) => this.item(item, scope).nullable));
  }

  /** The relation that a statement writes. */
  target(range: Tree, scope: Scope): number {
    const name = nameOf(range);
    const relation = this.reader.relation(name, aliasOf(range) ?? name.name, scope.query, 'written');
    scope.entries.push({ alias: aliasOf(range) ?? name.name, schema: name.schema, relation, outputs: null });
    return relation;
  }

  private item(item: Tree, scope: Scope): Joined {
    const [kind, node] = Object.entries(item)[0] ?? [];
    if (!isTree(node)) return { relations: [], nullable: [] };
    if (kind === 'RangeVar') return this.named(node, scope);
    if (kind === 'JoinExpr') return this.join(node, scope);
    const select = kind === 'RangeSubselect' && isTree(node['subquery']) ? node['subquery']['SelectStmt'] : null;
    if (isTree(select)) return this.derived(node, this.reader.subquery(select, scope, true), scope);
    columnsIn(node, scope, this.reader);
    scope.entries.push({ alias: aliasOf(node) ?? '', schema: null, relation: null, outputs: null });
    return { relations: [], nullable: [] };
  }

  private named(range: Tree, scope: Scope): Joined {
    const name = nameOf(range);
    const cte = name.schema === null ? scope.with(name.name) : null;
    if (cte) {
      const outputs = cte.index === null ? null : this.reader.outputsOf(cte.index);
      const reached = outputs?.map((output) => ({ ...output, source: output.source && { ...output.source, through: output.source.through && cte.inlined } })) ?? null;
      scope.entries.push({ alias: aliasOf(range) ?? name.name, schema: null, relation: null, outputs: renamed(reached, range) });
      return { relations: [], nullable: [] };
    }
    const alias = aliasOf(range) ?? name.name;
    const relation = this.reader.relation(name, alias, scope.query, 'read');
    const names = isTree(range['alias']) ? namesOf(range['alias']['colnames']) : [];
    const own = this.reader.columnsOf(relation);
    const entry: Entry = { alias, schema: name.schema, relation, outputs: null };
    // `t AS x (a, b)` gives the columns other names.
    if (names.length > 0 && own) Object.assign(entry, { relation: null, outputs: own.map((column, at) => ({ name: names[at] ?? column, source: { relation, column, through: true } })) });
    scope.entries.push(entry);
    return { relations: [relation], nullable: [] };
  }

  private derived(range: Tree, query: number, scope: Scope): Joined {
    const outputs = renamed(this.reader.outputsOf(query), range);
    scope.entries.push({ alias: aliasOf(range) ?? '', schema: null, relation: null, outputs });
    return { relations: [...new Set(outputs?.flatMap(({ source }) => (source ? [source.relation] : [])))], nullable: [] };
  }

  private join(node: Tree, scope: Scope): Joined {
    const from = scope.entries.length;
    const left = isTree(node['larg']) ? this.item(node['larg'], scope) : { relations: [], nullable: [] };
    const middle = scope.entries.length;
    const right = isTree(node['rarg']) ? this.item(node['rarg'], scope) : { relations: [], nullable: [] };
    const type = String(node['jointype']);
    // Only the side that is filled with NULLs need not give the rows that fail an ON condition.
    const narrowed = new Set(type === 'JOIN_LEFT' ? right.relations : type === 'JOIN_RIGHT' ? left.relations : type === 'JOIN_FULL' ? [] : [...left.relations, ...right.relations]);
    this.conditions.read(node['quals'], scope, { decides: type === 'JOIN_INNER', alternative: null, narrows: (relation) => narrowed.has(relation) });
    this.using(node, scope, scope.entries.slice(from, middle), scope.entries.slice(middle), narrowed);
    const filled = [...(type === 'JOIN_LEFT' || type === 'JOIN_FULL' ? right.relations : []), ...(type === 'JOIN_RIGHT' || type === 'JOIN_FULL' ? left.relations : [])];
    return { relations: [...left.relations, ...right.relations], nullable: [...left.nullable, ...right.nullable, ...filled] };
  }

  private using(node: Tree, scope: Scope, left: Entry[], right: Entry[], narrowed: Set<number>): void {
    const of = (entries: Entry[]) => entries.flatMap(({ relation, outputs }) => outputs?.map(({ name, source }) => ({ name, source })) ?? (relation === null ? [] : (this.reader.columnsOf(relation) ?? []).map((name) => ({ name, source: { relation, column: name, through: true } }))));
    const [a, b] = [of(left), of(right)];
    const names = node['isNatural'] === true ? a.map(({ name }) => name).filter((name) => b.some((other) => other.name === name)) : namesOf(node['usingClause']);
    for (const name of names) {
      scope.merged.add(name);
      const sources = [a, b].map((list) => list.find((one) => one.name === name)?.source ?? null);
      sources.forEach((source, at) => {
        const other = sources[1 - at];
        const shape = source && this.reader.relations[source.relation];
        if (!source || !shape) return;
        if (shape.reads !== 'all' && !shape.reads.includes(source.column)) shape.reads.push(source.column);
        const value = other ? ({ kind: 'column', relation: other.relation, column: other.column } as const) : ({ kind: 'expression', columns: true } as const);
        shape.conditions.push({ column: source.column, test: 'equality', operator: '=', value, wrapped: null, narrows: source.through && narrowed.has(source.relation), alternative: null });
      });
    }
  }
}
