import { misestimate } from './estimates';
import { isRecord, list, number, text, type Actual, type Plan, type PlanNode } from './node';
import { exclusiveTimes } from './times';

export type ParsedPlan = { plan: Plan } | { error: string };

/** psql ends a line that goes on with a plus sign. */
function withoutContinuation(line: string): string {
  const kept = line.trimEnd();
  return kept.endsWith('+') ? kept.slice(0, -1).trimEnd() : line;
}

/** As psql prints a JSON plan: a heading, a `+` at the end of each line, and the count of rows. */
function withoutFrame(pasted: string): string {
  const lines = pasted.trim().split('\n').map((line) => withoutContinuation(line));
  return lines.filter((line) => !/^\s*(QUERY PLAN|-{3,}|\(\d+ rows?\))\s*$/.test(line)).join('\n').trim();
}

/** A field of a CSV or of pgAdmin: in quotes, and its own quotes doubled. */
const unquoted = (pasted: string): string => (/^"[\s\S]*"$/.test(pasted) && pasted.includes('""') ? pasted.slice(1, -1).replaceAll('""', '"') : pasted);

const needsJson = 'This is a plan in text form, which leaves out what the arithmetic needs. Take it again with EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON).';

/** A plan from EXPLAIN (FORMAT JSON), auto_explain or a paste of either. */
export function parsePlan(pasted: string): ParsedPlan {
  const framed = unquoted(withoutFrame(pasted));
  if (framed === '') return { error: 'There is no plan.' };
  let value: unknown;
  try {
    value = JSON.parse(framed);
  } catch {
    return { error: /\(cost=\d|\(actual (time|rows)=/.test(framed) ? needsJson : 'This is not JSON: a plan comes from EXPLAIN (FORMAT JSON).' };
  }
  const top = Array.isArray(value) ? value[0] : value;
  const whole = isRecord(top) && isRecord(top['QUERY PLAN']) ? top['QUERY PLAN'] : top;
  const plan = isRecord(whole) ? whole['Plan'] : undefined;
  if (!isRecord(whole) || !isRecord(plan)) return { error: 'This JSON has no "Plan": it comes from something else than EXPLAIN.' };
  try {
    return { plan: planOf(whole, plan) };
  } catch (error) {
    return { error: error instanceof BrokenPlan ? error.message : 'This JSON is no plan that can be read.' };
  }
}

class BrokenPlan extends Error {}

const mostNodes = 20_000;

function planOf(whole: Record<string, unknown>, json: Record<string, unknown>): Plan {
  const nodes: PlanNode[] = [];
  const root = nodeOf(json, { nodes, depth: 0, processes: 1 });
  const analyzed = root.actual !== null;
  if (analyzed) exclusiveTimes(root, nodes);
  for (const { node, limited } of withLimits(root)) node.misestimate = misestimate(node, limited);
  const jit = isRecord(whole['JIT']) ? whole['JIT'] : null;
  return {
    root, nodes, analyzed,
    planningMs: number(whole['Planning Time']),
    executionMs: number(whole['Execution Time']) ?? number(whole['Total Runtime']),
    triggers: list(whole['Triggers']).filter(isRecord).map((trigger) => ({ name: text(trigger['Constraint Name']) ?? text(trigger['Trigger Name']) ?? 'trigger', calls: number(trigger['Calls']) ?? 0, ms: number(trigger['Time']) })),
    jit: jit && { functions: number(jit['Functions']) ?? 0, ms: isRecord(jit['Timing']) ? number(jit['Timing']['Total']) : null },
    settings: isRecord(whole['Settings']) ? Object.fromEntries(Object.entries(whole['Settings']).map(([key, value]) => [key, String(value)])) : {},
    statement: text(whole['Query Text']),
  };
}

type Place = { nodes: PlanNode[]; depth: number; processes: number };

function nodeOf(json: Record<string, unknown>, place: Place): PlanNode {
  if (place.nodes.length >= mostNodes || place.depth > 500) throw new BrokenPlan('The plan has more nodes than can be shown.');
  const type = text(json['Node Type']);
  if (type === null) throw new BrokenPlan('A node has no "Node Type".');
  const { Plans: inner, ...fields } = json;
  const relation = text(json['Relation Name']);
  const node: PlanNode = {
    id: place.nodes.length + 1,
    type: typeOf(type, json),
    on: onOf(json),
    relation: relation === null ? null : { schema: text(json['Schema']), name: relation },
    relationship: text(json['Parent Relationship']),
    subplan: text(json['Subplan Name']),
    depth: place.depth,
    children: [],
    startupCost: number(json['Startup Cost']) ?? 0,
    totalCost: number(json['Total Cost']) ?? 0,
    planRows: number(json['Plan Rows']) ?? 0,
    width: number(json['Plan Width']) ?? 0,
    actual: actualOf(json, place.processes),
    misestimate: null,
    fields,
  };
  place.nodes.push(node);
  const plans = list(inner).filter(isRecord);
  node.children = plans.map((child) => nodeOf(child, { ...place, depth: place.depth + 1, processes: processesOf(node, child, place.processes) }));
  return node;
}

/** Below a Gather, times are averages over the processes: its child ran once in each for each run of the Gather. */
function processesOf(parent: PlanNode, child: Record<string, unknown>, around: number): number {
  if (!parent.type.startsWith('Gather') || text(child['Parent Relationship']) !== 'Outer') return around;
  const loops = number(child['Actual Loops']) ?? 0;
  const runs = parent.actual?.loops ?? 0;
  return runs > 0 && loops > runs ? loops / runs : 1;
}

function actualOf(json: Record<string, unknown>, processes: number): Actual | null {
  const loops = number(json['Actual Loops']);
  if (loops === null) return null;
  const rowsPerLoop = number(json['Actual Rows']) ?? 0;
  const time = number(json['Actual Total Time']);
  return { loops, rowsPerLoop, rows: rowsPerLoop * loops, inclusiveMs: time === null && loops > 0 ? null : ((time ?? 0) * loops) / processes, exclusiveMs: null, processes };
}

/** `Hash Join` with its join type, `Aggregate` with its strategy, as the text form names them. */
function typeOf(type: string, json: Record<string, unknown>): string {
  const parallel = json['Parallel Aware'] === true ? 'Parallel ' : '';
  const join = text(json['Join Type']);
  if (join && join !== 'Inner') return `${parallel}${type === 'Nested Loop' ? 'Nested Loop' : type.replace(/ Join$/, '')} ${join} Join`;
  const partial = text(json['Partial Mode']);
  const mode = partial && partial !== 'Simple' ? `${partial} ` : '';
  if (type === 'Aggregate') return `${parallel}${mode}${({ Sorted: 'GroupAggregate', Hashed: 'HashAggregate', Mixed: 'MixedAggregate' } as Record<string, string>)[text(json['Strategy']) ?? ''] ?? 'Aggregate'}`;
  if (type === 'SetOp' && json['Strategy'] === 'Hashed') return 'HashSetOp';
  if (type === 'ModifyTable') return text(json['Operation']) ?? type;
  const backward = json['Scan Direction'] === 'Backward' ? ' Backward' : '';
  return `${parallel}${type}${backward}`;
}

function onOf(json: Record<string, unknown>): string {
  const [relation, schema, alias, index] = [json['Relation Name'], json['Schema'], json['Alias'], json['Index Name']].map(text);
  const named = relation ?? text(json['CTE Name']) ?? text(json['Function Name']) ?? text(json['Tuplestore Name']) ?? alias;
  const parts = [index ? `using ${index}` : '', named ? `on ${schema && schema !== 'public' && relation ? `${schema}.` : ''}${named}${alias && alias !== named ? ` ${alias}` : ''}` : ''];
  return parts.filter(Boolean).join(' ');
}

/** Nodes with whether something above may stop them before they have given all their rows. */
function* withLimits(node: PlanNode, limited = false): Generator<{ node: PlanNode; limited: boolean }> {
  yield { node, limited };
  const stops = node.type === 'Limit' || /Semi|Anti|Merge/.test(node.type);
  const takesAll = /^(Sort|Hash|Aggregate|HashAggregate|GroupAggregate|Materialize|WindowAgg|Incremental Sort|Bitmap)/.test(node.type);
  for (const child of node.children) {
    const own = child.relationship === 'InitPlan' || child.relationship === 'SubPlan';
    yield* withLimits(child, own ? true : stops || (limited && !takesAll));
  }
}
