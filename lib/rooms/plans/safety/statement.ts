import { isTree, namesOf, parseSql, walk, type Tree } from '@/lib/pg/parser';

export type Refusal = { code: 'syntax' | 'not_one' | 'no_plan' | 'writes' | 'locks' | 'volatile' | 'unproven' | 'huge' | 'foreign' | 'privilege' | 'busy' | 'failed' | 'timeout' | 'unsupported'; says: string };

/** `runs`: EXPLAIN ANALYZE, which executes the statement. `plans`: EXPLAIN, which executes what the planner folds or estimates with. */
export type Mode = 'runs' | 'plans';

export type FunctionName = { path: string[]; /** How many arguments are written; null where the call is a column's dot notation. */ given: number | null };

/** Everything in a statement that the server will look up by name. */
export type Named = { functions: FunctionName[]; operators: string[][]; types: string[][]; relations: string[][]; /** `$1` is 1. */ parameters: number };

const plannable = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);
const writing = ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'];
/** Written in the grammar rather than by name. */
const impliedOperators = ['=', '<>', '<', '>', '<=', '>='].map((name) => [name]);

/** Functions that make much out of little: what they are asked for together may have at most this many characters or elements. */
const amplifiers = new Set(['repeat', 'lpad', 'rpad', 'array_fill']);
const mostAmplified = 1_000_000;

/** What the grammar alone says: one statement, of a kind that has a plan, and, where it is to run, one that only reads. */
export async function readStatement(text: string, mode: Mode): Promise<{ refusal: Refusal } | { named: Named; statement: Tree }> {
  const parsed = await parseSql(text);
  if ('error' in parsed) return refused('syntax', parsed.error.position === null ? parsed.error.says : `${parsed.error.says}, at character ${parsed.error.position + 1}.`);
  const [statement, second] = parsed.statements;
  if (!statement) return refused('not_one', 'There is no statement.');
  if (second) return refused('not_one', 'More than one statement: a plan belongs to exactly one.');
  const kind = Object.keys(statement)[0] ?? '';
  if (!plannable.has(kind)) return refused('no_plan', `${spoken(kind)} is no SELECT, INSERT, UPDATE, DELETE or MERGE: PostgreSQL has no plan for it, or would carry it out.`);
  return refusalOf(statement, mode) ?? { named: namesIn(statement), statement };
}

/** Whether anything in it writes, a WITH of a SELECT included. */
export function writesIn(statement: Tree): boolean {
  let found = false;
  walk(statement, (kind) => {
    found ||= writing.includes(kind);
  });
  return found;
}

const refused = (code: Refusal['code'], says: string): { refusal: Refusal } => ({ refusal: { code, says } });

/** `VariableSetStmt` as people say it. */
const spoken = (kind: string): string => kind.replace(/Stmt$/, '').replace(/([a-z])([A-Z])/g, '$1 $2').toUpperCase();

function refusalOf(statement: Tree, mode: Mode): { refusal: Refusal } | null {
  let found: { refusal: Refusal } | null = null;
  let amplified = 1;
  walk(statement, (kind, node) => {
    if (node['intoClause']) found ??= refused('writes', 'SELECT INTO creates a table.');
    if (mode === 'runs' && writing.includes(kind)) found ??= refused('writes', `${spoken(kind)} changes data, and ANALYZE would carry it out. Its plan without ANALYZE is safe.`);
    if (mode === 'runs' && (kind === 'LockingClause' || Array.isArray(node['lockingClause']))) found ??= refused('locks', 'FOR UPDATE and FOR SHARE lock rows. The plan without ANALYZE is safe.');
    if (kind === 'CurrentOfExpr') found ??= refused('no_plan', 'WHERE CURRENT OF needs an open cursor.');
    if (kind === 'FuncCall' && amplifiers.has(namesOf(node['funcname']).at(-1) ?? '')) amplified *= amplification(node);
  });
  if (!found && amplified > mostAmplified) return refused('huge', `repeat, lpad, rpad and array_fill are folded while planning: together they may make at most ${mostAmplified} characters here, from counts that are written as numbers.`);
  return found;
}

/** The count that is written, or more than is allowed where it is not a number. */
function amplification({ args }: Tree): number {
  const second = Array.isArray(args) ? args[1] : undefined;
  const constant = isTree(second) && isTree(second['A_Const']) ? second['A_Const'] : null;
  const integer = constant && isTree(constant['ival']) ? Number(constant['ival']['ival'] ?? 0) : null;
  return integer === null ? mostAmplified + 1 : Math.max(1, integer);
}

/** Dot notation calls functions too: `t.f` is `f(t)` where `t` has no column `f`. */
function namesIn(statement: Tree): Named {
  const named: Named = { functions: [], operators: [...impliedOperators], types: [], relations: [], parameters: 0 };
  walk(statement, (kind, node) => {
    if (kind === 'FuncCall') named.functions.push(callIn(node));
    else if (kind === 'ColumnRef' && namesOf(node['fields']).length > 1) named.functions.push({ path: namesOf(node['fields']).slice(-1), given: null });
    else if (kind === 'A_Indirection') named.functions.push(...namesOf(node['indirection']).map((name) => ({ path: [name], given: null })));
    else if (kind === 'A_Expr') named.operators.push(namesOf(node['name']));
    else if (kind === 'RangeVar') named.relations.push([node['schemaname'], node['relname']].filter((part): part is string => typeof part === 'string'));
    else if (kind === 'relation' && typeof node['relname'] === 'string') named.relations.push([node['schemaname'], node['relname']].filter((part): part is string => typeof part === 'string'));
    else if (kind === 'ParamRef') named.parameters = Math.max(named.parameters, Number(node['number'] ?? 0));
    if (Array.isArray(node['names'])) named.types.push(namesOf(node['names']));
    for (const key of ['operName', 'useOp']) if (Array.isArray(node[key])) named.operators.push(namesOf(node[key]));
  });
  // `money(x)` is a cast where no function has that name.
  named.types.push(...named.functions.map(({ path }) => path));
  return named;
}

const count = (list: unknown): number => (Array.isArray(list) ? list.length : 0);

function callIn({ funcname, args, agg_within_group: within, agg_order: order }: Tree): FunctionName {
  return { path: namesOf(funcname), given: count(args) + (within ? count(order) : 0) };
}
