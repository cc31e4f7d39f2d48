import { isTree, namesOf, walk, type Tree } from '@/lib/pg/parser';
import { Conditions, type Standing } from './conditions';
import { FromClause } from './from';
import { Scope, fieldsOf, starIn } from './scope';
import { columnsIn, operandOf, sideOf, wrappedIn, type Reading } from './side';
import type { FindRelation, KnownRelation, Output, QueryShape, RelationName, RelationShape, SortKey, Source, StatementShape, WithQuery } from './types';

const trees = (list: unknown): Tree[] => (Array.isArray(list) ? list.filter(isTree) : []);
const inner = (tree: Tree, kind: string): Tree | null => (isTree(tree[kind]) ? tree[kind] : null);

const writing: Record<string, QueryShape['kind']> = { InsertStmt: 'insert', UpdateStmt: 'update', DeleteStmt: 'delete', MergeStmt: 'merge' };

/** Reads the queries of one statement, from the outermost to the innermost. */
export class QueryReader implements Reading {
  readonly relations: RelationShape[] = [];
  readonly queries: QueryShape[] = [];
  private readonly known: (KnownRelation | null)[] = [];
  private readonly places = new Map<Tree, number>();
  private readonly outputs = new Map<number, Output[] | null>();
  private readonly conditions = new Conditions(this);
  private readonly from = new FromClause(this, this.conditions);

  constructor(private readonly find: FindRelation, private readonly mentions: Map<string, number>) {}

  read(statement: Tree): StatementShape {
    const [kind, node] = Object.entries(statement)[0] ?? [];
    if (kind !== undefined && isTree(node)) this.statement(kind, node, null, null);
    let parameters = 0;
    walk(statement, (name, found) => (parameters = name === 'ParamRef' ? Math.max(parameters, Number(found['number'] ?? 0)) : parameters));
    return { relations: this.relations, queries: this.queries, parameters };
  }

  private statement(kind: string, node: Tree, parent: Scope | null, name: string | null, narrows = false): number {
    if (kind === 'SelectStmt') return this.select(node, parent, name, narrows);
    const written = writing[kind];
    return written ? this.writes(node, written, parent, name) : this.open('select', parent, name).query;
  }

  private open(kind: QueryShape['kind'], parent: Scope | null, name: string | null): Scope {
    const shape: QueryShape = {
      parent: parent?.query ?? null, kind, name, star: false, where: false, relations: [], order: [], group: [], distinct: false, aggregates: false, windows: false, limit: null, offset: null, correlated: false,
    };
    return new Scope(this.queries.push(shape) - 1, parent, new Map(), (relation) => this.known[relation]?.columns ?? null);
  }

  shape(query: number): QueryShape {
    const shape = this.queries[query];
    if (!shape) throw new Error('no such query');
    return shape;
  }

  outputsOf = (query: number): Output[] | null => this.outputs.get(query) ?? null;

  subquery = (select: Tree, scope: Scope, narrows = false): number => {
    const before = this.places.get(select);
    if (before !== undefined) return before;
    return this.select(select, scope, null, narrows);
  };

  /** One more mention of a relation. */
  relation(name: RelationName, alias: string, query: number, role: RelationShape['role']): number {
    const known = this.find(name);
    this.known.push(known);
    const at = this.relations.push({ query, schema: known?.schema ?? name.schema, name: known?.name ?? name.name, alias, known: known !== null, role, reads: [], conditions: [], sets: [] }) - 1;
    this.shape(query).relations.push(at);
    return at;
  }

  columnsOf = (relation: number): readonly string[] | null => this.known[relation]?.columns ?? null;

  private withQueries(node: Tree, scope: Scope): void {
    const clause = node['withClause'];
    if (!isTree(clause)) return;
    for (const item of trees(clause['ctes'])) {
      const cte = inner(item, 'CommonTableExpr');
      const query = cte && isTree(cte['ctequery']) ? cte['ctequery'] : null;
      if (!cte || !query) continue;
      const name = String(cte['ctename'] ?? '');
      const recursive = clause['recursive'] === true;
      const once = cte['ctematerialized'] === 'CTEMaterializeAlways' ? false : cte['ctematerialized'] === 'CTEMaterializeNever' || this.mentions.get(name) === 1;
      const entry: WithQuery = { name, query, recursive, inlined: once && !recursive && 'SelectStmt' in query, index: null };
      if (recursive) scope.withs.set(name, entry);
      const [kind, statement] = Object.entries(query)[0] ?? [];
      if (kind !== undefined && isTree(statement)) entry.index = this.statement(kind, statement, scope, name, entry.inlined);
      const aliases = namesOf(cte['aliascolnames']);
      const outputs = entry.index === null ? null : this.outputsOf(entry.index);
      if (entry.index !== null && aliases.length > 0 && outputs) this.outputs.set(entry.index, outputs.map((output, at) => ({ ...output, name: aliases[at] ?? output.name })));
      scope.withs.set(name, entry);
    }
  }

  private select(node: Tree, parent: Scope | null, name: string | null, decides: boolean): number {
    const isUnion = typeof node['op'] === 'string' && node['op'] !== 'SETOP_NONE';
    const scope = this.open(isUnion ? 'union' : Array.isArray(node['valuesLists']) ? 'values' : 'select', parent, name);
    const { query } = scope;
    this.places.set(node, query);
    this.withQueries(node, scope);
    if (isUnion) this.union(node, scope);
    else this.plain(node, scope, decides);
    const shape = this.shape(query);
    for (const [key, field] of [['limitCount', 'limit'], ['limitOffset', 'offset']] as const) if (node[key] !== undefined) shape[field] = operandOf(node[key], scope, this);
    shape.correlated = scope.correlated;
    return query;
  }

  private union(node: Tree, scope: Scope): void {
    const arms = [node['larg'], node['rarg']].filter(isTree).map((arm) => this.select(arm, scope, null, false));
    // Conditions above are pushed into the arms of UNION ALL, which have different columns: none is told.
    this.outputs.set(scope.query, arms[0] === undefined ? null : (this.outputsOf(arms[0])?.map(({ name }) => ({ name, source: null })) ?? null));
  }

  private plain(node: Tree, scope: Scope, decides: boolean): void {
    const shape = this.shape(scope.query);
    const nullable = this.from.read(node['fromClause'], scope);
    shape.where = node['whereClause'] !== undefined;
    this.conditions.read(node['whereClause'], scope, this.standing(scope.query, nullable, decides));
    const targets = trees(node['targetList']).map((item) => inner(item, 'ResTarget')).filter((target) => target !== null);
    shape.star = targets.some(({ val }) => isTree(val) && isTree(val['ColumnRef']) && starIn(val['ColumnRef']));
    for (const key of ['targetList', 'groupClause', 'havingClause', 'windowClause', 'distinctClause', 'sortClause', 'valuesLists']) columnsIn(this.withoutAliases(node[key], targets), scope, this);
    walk([node['targetList'], node['havingClause'], node['sortClause']], (kind, found) => {
      if (kind === 'FuncCall' && found['over'] !== undefined) shape.windows = true;
      else if (kind === 'FuncCall' && (found['agg_star'] === true || aggregates.has(namesOf(found['funcname']).at(-1) ?? ''))) shape.aggregates = true;
    });
    shape.group = trees(node['groupClause']).map((tree) => this.key(tree, targets, scope, true));
    shape.order = trees(node['sortClause']).map((item) => this.sorted(inner(item, 'SortBy') ?? {}, targets, scope));
    const distinct = Array.isArray(node['distinctClause']) ? trees(node['distinctClause']).filter((tree) => Object.keys(tree).length > 0) : null;
    if (distinct) shape.distinct = distinct.length === 0 ? 'output' : distinct.map((tree) => this.key(tree, targets, scope, false));
    const isSimple = shape.group.length === 0 && !shape.aggregates && !shape.windows && !distinct && node['limitCount'] === undefined && node['limitOffset'] === undefined;
    this.outputs.set(scope.query, this.outputOf(targets, scope, isSimple));
  }

  /** ORDER BY can name an output, which is no column of FROM. */
  private withoutAliases(list: unknown, targets: Tree[]): unknown {
    if (!Array.isArray(list)) return list;
    return list.filter((item) => {
      const node = isTree(item) && isTree(item['SortBy']) ? item['SortBy']['node'] : null;
      const [only, ...more] = isTree(node) && isTree(node['ColumnRef']) ? fieldsOf(node['ColumnRef']) : [];
      return !(only !== undefined && more.length === 0 && targets.some(({ name }) => name === only));
    });
  }

  private sorted(sort: Tree, targets: Tree[], scope: Scope): SortKey | null {
    const key = sort['sortby_dir'] === 'SORTBY_USING' ? null : this.key(sort['node'], targets, scope, false);
    const descending = sort['sortby_dir'] === 'SORTBY_DESC';
    const nullsFirst = sort['sortby_nulls'] === 'SORTBY_NULLS_FIRST' || (descending && sort['sortby_nulls'] !== 'SORTBY_NULLS_LAST');
    return key && { ...key, descending, nullsFirst };
  }

  /** A key by position, by the name of an output, or by its expression. GROUP BY prefers a column to an output, ORDER BY the other way round. */
  private key(tree: unknown, targets: Tree[], scope: Scope, columnFirst: boolean): SortKey | null {
    if (!isTree(tree)) return null;
    const position = isTree(tree['A_Const']) && isTree(tree['A_Const']['ival']) ? Number(tree['A_Const']['ival']['ival'] ?? 0) : null;
    const [name, ...more] = isTree(tree['ColumnRef']) ? fieldsOf(tree['ColumnRef']) : [];
    const output = targets.find((target) => target['name'] === name && name !== undefined && more.length === 0);
    const isColumn = name !== undefined && columnFirst && scope.column([name]) !== null;
    const meant = position !== null ? targets[position - 1]?.['val'] : output && !isColumn ? output['val'] : tree;
    const side = sideOf(meant, scope, this);
    const [source] = side.sources;
    return side.only === null || !source || !source.through ? null : { relation: side.only, column: source.column, wrapped: wrappedIn(side), descending: false, nullsFirst: false };
  }

  private outputOf(targets: Tree[], scope: Scope, isSimple: boolean): Output[] | null {
    const found: Output[] = [];
    const add = (name: string, source: Source | null) => found.push({ name, source: source && { ...source, through: source.through && isSimple } });
    for (const { name, val } of targets) {
      const column = isTree(val) && isTree(val['ColumnRef']) ? val['ColumnRef'] : null;
      if (column && starIn(column)) {
        const fields = fieldsOf(column);
        for (const entry of fields.length === 0 ? scope.entries : [scope.entry(fields.at(-1) ?? '')]) {
          const outputs = entry?.relation === null ? entry.outputs : entry && this.columnsOf(entry.relation ?? -1)?.map((own) => ({ name: own, source: { relation: entry.relation ?? -1, column: own, through: true } }));
          if (!outputs) return null;
          for (const output of outputs) add(output.name, output.source);
        }
      } else add(typeof name === 'string' ? name : (column ? (fieldsOf(column).at(-1) ?? '') : ''), column ? scope.column(fieldsOf(column)) : null);
    }
    return found;
  }

  /** A WHERE narrows the relations of its own FROM, and those around it where a join leads out of a query whose rows decide about theirs. */
  private standing(query: number, nullable: Set<number>, decides: boolean): Standing {
    const isOwn = (relation: number) => this.isWithin(this.relations[relation]?.query ?? -1, query);
    return { decides: true, alternative: null, narrows: (relation, operator) => (isOwn(relation) ? !(nullable.has(relation) && operator === 'IS NULL') : decides && operator === '=') };
  }

  private isWithin(query: number, outer: number): boolean {
    for (let at: number | null = query; at !== null; at = this.queries[at]?.parent ?? null) if (at === outer) return true;
    return false;
  }

  private writes(node: Tree, kind: QueryShape['kind'], parent: Scope | null, name: string | null): number {
    const scope = this.open(kind, parent, name);
    this.withQueries(node, scope);
    const target = isTree(node['relation']) ? this.from.target(node['relation'], scope) : null;
    const shape = target === null ? undefined : this.relations[target];
    const nullable = this.from.read(node['fromClause'] ?? node['usingClause'] ?? (node['sourceRelation'] ? [node['sourceRelation']] : []), scope);
    const query = this.shape(scope.query);
    query.where = node['whereClause'] !== undefined;
    this.conditions.read(node['whereClause'] ?? node['joinCondition'], scope, this.standing(scope.query, nullable, false));
    const assigned = [node['targetList'], node['cols'], ...trees(node['mergeWhenClauses']).map((clause) => inner(clause, 'MergeWhenClause')?.['targetList'])];
    for (const item of assigned.flatMap(trees)) {
      const column = inner(item, 'ResTarget')?.['name'];
      if (typeof column === 'string' && shape && !shape.sets.includes(column)) shape.sets.push(column);
    }
    for (const key of ['targetList', 'returningList', 'returningClause', 'mergeWhenClauses', 'onConflictClause']) columnsIn(node[key], scope, this);
    if (isTree(node['selectStmt']) && isTree(node['selectStmt']['SelectStmt'])) this.select(node['selectStmt']['SelectStmt'], scope, null, false);
    this.outputs.set(scope.query, null);
    return scope.query;
  }
}

const aggregates = new Set([
  'count', 'sum', 'avg', 'min', 'max', 'array_agg', 'string_agg', 'json_agg', 'jsonb_agg', 'json_object_agg', 'jsonb_object_agg', 'bool_and', 'bool_or', 'every', 'bit_and', 'bit_or', 'stddev', 'stddev_pop', 'stddev_samp',
  'variance', 'var_pop', 'var_samp', 'percentile_cont', 'percentile_disc', 'mode', 'corr', 'range_agg', 'xmlagg', 'any_value',
]);
