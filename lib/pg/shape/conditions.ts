import { isTree, namesOf, type Tree } from '@/lib/pg/parser';
import type { Scope } from './scope';
import { columnsIn, operandOf, sideOf, wrappedIn, type Reading, type Side } from './side';
import type { Condition, Operand, Test } from './types';

/** How a condition stands. `decides`: rows that fail it are not in the result; `narrows`: nor need a scan of that relation give them. */
export type Standing = { decides: boolean; narrows: (relation: number, operator: string) => boolean; alternative: Condition['alternative'] };

const never = (standing: Standing): Standing => ({ ...standing, decides: false, narrows: () => false });

const ranges = new Set(['<', '<=', '>', '>=']);
const contains = new Set(['@>', '<@', '&&', '?', '?|', '?&', '@@', '@?']);
const patterns = new Set(['~~', '~~*', '~', '~*', '^@']);
const flipped: Record<string, string> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '@>': '<@', '<@': '@>' };

export class Conditions {
  private ors = 0;

  constructor(private readonly reading: Reading) {}

  /** The conditions in a WHERE or ON, each at its relation. */
  read(tree: unknown, scope: Scope, standing: Standing): void {
    if (!isTree(tree)) return;
    const [kind, node] = Object.entries(tree)[0] ?? [];
    if (!isTree(node)) return;
    if (kind === 'BoolExpr') this.combined(node, scope, standing);
    else if (kind === 'A_Expr') this.compared(node, scope, standing);
    else if (kind === 'NullTest') this.one(node['arg'], scope, standing, node['nulltesttype'] === 'IS_NULL' ? ['null', 'IS NULL'] : ['not_null', 'IS NOT NULL']);
    else if (kind === 'BooleanTest') this.one(node['arg'], scope, standing, booleanTests[String(node['booltesttype'])] ?? ['other', String(node['booltesttype'] ?? '')]);
    else if (kind === 'ColumnRef') this.one(tree, scope, standing, ['true', '']);
    else if (kind === 'SubLink') this.sublink(node, scope, standing);
    else this.one(tree, scope, never(standing), ['other', '']);
  }

  private combined({ boolop, args }: Tree, scope: Scope, standing: Standing): void {
    const parts = Array.isArray(args) ? args : [];
    if (boolop === 'AND_EXPR') for (const part of parts) this.read(part, scope, standing);
    else if (boolop === 'OR_EXPR') {
      this.ors += 1;
      const or = this.ors;
      // An OR within an arm of another is not followed: neither narrows alone.
      const inner = standing.alternative === null ? standing : never(standing);
      parts.forEach((part, arm) => this.read(part, scope, { ...inner, decides: false, alternative: { or, arm } }));
    } else if (isTree(parts[0]) && 'ColumnRef' in parts[0]) this.one(parts[0], scope, standing, ['false', 'NOT']);
    else {
      const sub = isTree(parts[0]) && isTree(parts[0]['SubLink']) ? parts[0]['SubLink'] : null;
      if (sub?.['subLinkType'] === 'ANY_SUBLINK') this.one(sub['testexpr'], scope, never(standing), ['other', 'NOT IN'], this.queryOf(sub, scope, false));
      else for (const part of parts) this.read(part, scope, never(standing));
    }
  }

  /** IN (SELECT …) joins the column with what the query gives; EXISTS only what it is correlated with. */
  private sublink(node: Tree, scope: Scope, standing: Standing): void {
    const query = this.queryOf(node, scope, standing.decides);
    if (node['subLinkType'] === 'ANY_SUBLINK') this.one(node['testexpr'], scope, standing, ['equality', namesOf(node['operName'])[0] ?? 'IN'], query);
    else columnsIn(node['testexpr'], scope, this.reading);
  }

  private queryOf(node: Tree, scope: Scope, narrows: boolean): Operand | null {
    const select = isTree(node['subselect']) ? node['subselect']['SelectStmt'] : null;
    return isTree(select) ? { kind: 'subquery', query: this.reading.subquery(select, scope, narrows) } : null;
  }

  private one(tree: unknown, scope: Scope, standing: Standing, [test, operator]: readonly [Test, string], value: Operand | null = null): void {
    this.add(sideOf(tree, scope, this.reading), standing, test, operator, value);
  }

  private add(side: Side, { narrows, alternative }: Standing, test: Test, operator: string, value: Operand | null): void {
    const [source] = side.sources;
    if (side.only === null || !source) return;
    const can = test !== 'other' && source.through && narrows(side.only, operator);
    this.reading.relations[side.only]?.conditions.push({ column: source.column, test, operator, value, wrapped: wrappedIn(side), narrows: can && alternative === null, alternative: can ? alternative : null });
  }

  private compared(node: Tree, scope: Scope, standing: Standing): void {
    const { lexpr, rexpr, kind } = node;
    const operator = namesOf(node['name']).at(-1) ?? '';
    const rows = rowPairs(lexpr, rexpr);
    if (rows) this.rowCompared(rows, operator, scope, standing);
    else if (kind === 'AEXPR_BETWEEN') {
      const [low, high] = isTree(rexpr) && isTree(rexpr['List']) && Array.isArray(rexpr['List']['items']) ? rexpr['List']['items'] : [];
      this.pair(lexpr, low, scope, standing, ['range', '>=']);
      this.pair(lexpr, high, scope, standing, ['range', '<=']);
    } else this.pair(lexpr, rexpr, scope, standing, testOf(String(kind), operator, rexpr));
  }

  private pair(left: unknown, right: unknown, scope: Scope, standing: Standing, [test, operator]: readonly [Test, string]): void {
    const [a, b] = [sideOf(left, scope, this.reading), sideOf(right, scope, this.reading)];
    const shared = a.sources.some(({ relation }) => b.sources.some((other) => other.relation === relation));
    const kept = shared ? never(standing) : standing;
    if (a.only !== null) this.add(a, kept, shared ? 'other' : test, operator, operandOf(right, scope, this.reading));
    // `$1 = ANY (column)` is no comparison of the column; a pattern or a list stands on the right only.
    if (b.only === null || shared) return;
    const isMirrored = ['equality', 'range', 'contains'].includes(test) && operator !== 'IN';
    this.add(b, isMirrored ? kept : never(kept), isMirrored ? test : 'other', isMirrored ? (flipped[operator] ?? operator) : operator, operandOf(left, scope, this.reading));
  }

  /** `(a, b) = (1, 2)` is two comparisons; `(a, b) > (1, 2)` narrows by its first column, and by the others where an index has all in this order. */
  private rowCompared(rows: [unknown, unknown][], operator: string, scope: Scope, standing: Standing): void {
    rows.forEach(([left, right], at) => {
      const test: Test = operator === '=' ? 'equality' : ranges.has(operator) ? 'range' : 'other';
      this.pair(left, right, scope, operator === '=' || at === 0 ? standing : never(standing), [test, operator]);
    });
  }
}

const booleanTests: Record<string, readonly [Test, string]> = { IS_TRUE: ['true', 'IS TRUE'], IS_FALSE: ['false', 'IS FALSE'], IS_NOT_TRUE: ['other', 'IS NOT TRUE'], IS_NOT_FALSE: ['other', 'IS NOT FALSE'] };

function rowPairs(left: unknown, right: unknown): [unknown, unknown][] | null {
  const [a, b] = [left, right].map((side) => (isTree(side) && isTree(side['RowExpr']) && Array.isArray(side['RowExpr']['args']) ? side['RowExpr']['args'] : null));
  return a && b && a.length === b.length ? a.map((item, at) => [item, b[at]]) : null;
}

function testOf(kind: string, operator: string, right: unknown): readonly [Test, string] {
  if (kind === 'AEXPR_IN') return operator === '=' ? ['any', 'IN'] : ['other', 'NOT IN'];
  if (kind === 'AEXPR_OP_ANY') return operator === '=' ? ['any', '= ANY'] : ['other', `${operator} ANY`];
  if (kind === 'AEXPR_OP_ALL') return ['other', `${operator} ALL`];
  if (kind === 'AEXPR_DISTINCT') return ['other', 'IS DISTINCT FROM'];
  if (kind === 'AEXPR_NOT_DISTINCT') return ['other', 'IS NOT DISTINCT FROM'];
  if (!['AEXPR_OP', 'AEXPR_LIKE', 'AEXPR_ILIKE', 'AEXPR_SIMILAR'].includes(kind)) return ['other', kind];
  if (operator === '=') return ['equality', '='];
  if (ranges.has(operator)) return ['range', operator];
  if (contains.has(operator)) return ['contains', operator];
  if (!patterns.has(operator)) return ['other', operator];
  return [kind === 'AEXPR_LIKE' && startsWithText(right) ? 'prefix' : 'pattern', operator];
}

/** `'abc%'`, or the text that LIKE takes it for; a parameter can be anything. */
function startsWithText(tree: unknown): boolean {
  if (!isTree(tree)) return false;
  const inner = isTree(tree['TypeCast']) ? tree['TypeCast']['arg'] : tree;
  const constant = isTree(inner) && isTree(inner['A_Const']) && isTree(inner['A_Const']['sval']) ? String(inner['A_Const']['sval']['sval'] ?? '') : '';
  return constant !== '' && !/^[%_]/.test(constant);
}
