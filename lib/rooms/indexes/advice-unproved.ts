import type { PlanJson } from '@/lib/kit/planner';
import { quoteName } from '@/lib/pg/parser';
import type { RelationFacts } from '@/lib/pg/relation-facts';
import { formatCount } from '@/lib/units';
import type { Advisable, Candidate } from './advice-candidates';
import { costOf } from './advice-hypothetical';

/** What a plan reads of one relation today, as estimated. */
export type Scan = { /** Rows looked at, by sequential scans. */ reads: number; /** Rows that they give. */ finds: number; /** Of the plan’s cost. */ share: number };

const innerOf = (plan: PlanJson): PlanJson[] => (Array.isArray(plan['Plans']) ? (plan['Plans'] as PlanJson[]) : []);

/** How many processes share the rows of a parallel scan, as the planner reckons: the leader does less the more workers there are. */
const sharers = (workers: number): number => (workers === 0 ? 1 : workers + Math.max(0, 1 - 0.3 * workers));

/** Which nodes of a plan scan this mention of a relation, or its partitions, from front to end. */
function scansOf(relation: RelationFacts, alias: string): (node: PlanJson) => boolean {
  const tables = new Set([relation.shown, ...relation.leaves.map(({ shown }) => shown)]);
  return (node) => {
    const own = String(node['Alias'] ?? '');
    return node['Node Type'] === 'Seq Scan' && tables.has(`${quoteName(String(node['Schema'] ?? ''))}.${quoteName(String(node['Relation Name'] ?? ''))}`) && (own === alias || own.replace(/_\d+$/, '') === alias);
  };
}

/** Sequential scans of the relation, or of its partitions; null where the plan has none. */
export function sequentialScan(plan: PlanJson, relation: RelationFacts, alias: string): Scan | null {
  const isScan = scansOf(relation, alias);
  const found: { rows: number; cost: number }[] = [];
  const visit = (node: PlanJson, workers: number) => {
    const share = node['Workers Planned'] === undefined ? workers : Number(node['Workers Planned']);
    if (isScan(node)) found.push({ rows: Number(node['Plan Rows'] ?? 0) * (node['Parallel Aware'] === true ? sharers(share) : 1), cost: costOf(node) });
    for (const inner of innerOf(node)) visit(inner, share);
  };
  visit(plan, 0);
  const sum = (key: 'rows' | 'cost') => found.reduce((total, one) => total + one[key], 0);
  return found.length === 0 ? null : { reads: relation.rows ?? 0, finds: sum('rows'), share: sum('cost') / costOf(plan) };
}

const hasNode = (plan: PlanJson, type: string): boolean => plan['Node Type'] === type || innerOf(plan).some((inner) => hasNode(inner, type));

/** The fewest rows that a join above a sequential scan of the relation gives; `over` where the scan is below this node. */
function joinRows(plan: PlanJson, isScan: (node: PlanJson) => boolean): { over: boolean; rows: number } {
  const inner = innerOf(plan).map((one) => joinRows(one, isScan)).filter(({ over }) => over);
  const over = inner.length > 0 || isScan(plan);
  const own = over && typeof plan['Join Type'] === 'string' ? Number(plan['Plan Rows'] ?? 0) : Infinity;
  return { over, rows: Math.min(own, ...inner.map(({ rows }) => rows)) };
}

/** At most this share of the rows is worth an index: beyond, reading the table from front to end is no slower. */
const fewRows = 0.05;
const fewestRows = 1000;
/** Of the plan's cost: what a scan costs less than this saves less. */
const leastShare = 0.1;
const fewJoined = 0.01;

export type Suggestion = { candidate: Candidate; why: string };

/** Expressions that are immutable whatever the column: of others only the server knows, which is not asked without HypoPG. */
const immutable = /^(lower|upper|btrim|ltrim|rtrim|abs|length|char_length|md5)\([^():]+\)$/;

const isSure = ({ keys }: Candidate): boolean => keys.every(({ column, text }) => column !== null || immutable.test(text));

/** Candidates by how they are made, in the order in which they are worth the most. */
function pick(candidates: Candidate[], relation: RelationFacts, kinds: string[]): Candidate | null {
  const own = candidates.filter((candidate) => candidate.relation.oid === relation.oid && candidate.includes.length === 0 && isSure(candidate));
  for (const kind of kinds) {
    const found = own.find((candidate) => candidate.because === kind);
    if (found) return found;
  }
  return null;
}

/** What an index would help with, judged by the plan of today alone. */
export function suggest(plan: PlanJson, { shape, relation, usage }: Advisable, candidates: Candidate[], limited: boolean): Suggestion | null {
  const scan = sequentialScan(plan, relation, shape.alias);
  if (!scan || scan.reads < fewestRows || scan.share < leastShare) return null;
  const rows = formatCount(Math.round(scan.reads));
  const isOnlyConstant = usage.constants.length > 0 && usage.equal.every(({ column }) => usage.constants.some((constant) => constant.column === column));
  if (usage.equal.length + usage.ranges.length > 0 && scan.finds <= scan.reads * fewRows) {
    const kinds = ['equality, then a range', ...(limited ? ['equality, then the order of the rows'] : []), 'equality', 'a range'];
    const candidate = pick(candidates, relation, isOnlyConstant ? kinds.map((kind) => `${kind}, of the rows of a constant condition`) : kinds);
    if (candidate) return { candidate, why: `Today a sequential scan reads about ${rows} rows to find ${formatCount(Math.ceil(scan.finds))}.` };
  }
  if (limited && usage.sort.length > 0 && hasNode(plan, 'Sort')) {
    const candidate = pick(candidates, relation, ['equality, then the order of the rows', 'the order of the rows']);
    if (candidate) return { candidate, why: `Today about ${rows} rows are read and sorted to return the first of them.` };
  }
  const joined = usage.joins.length > 0 ? joinRows(plan, scansOf(relation, shape.alias)).rows : Infinity;
  if (joined <= scan.reads * fewJoined) {
    const candidate = pick(candidates, relation, ['equality and a join', 'a join']);
    if (candidate) return { candidate, why: `Today a sequential scan reads about ${rows} rows for a join that gives ${formatCount(Math.ceil(joined))}.` };
  }
  return null;
}

export type Search = { relation: RelationFacts; ddlTail: string; keys: string; why: string; prefix: string };

/** Indexes that no B-tree is: patterns with a wildcard in front, and containment. HypoPG makes none of them. */
export function searches(plan: PlanJson, { shape, relation, usage }: Advisable, trigram: { schema: string } | null): Search[] {
  const scan = sequentialScan(plan, relation, shape.alias);
  if (!scan || scan.reads < fewestRows || scan.share < leastShare) return [];
  return usage.searched.flatMap(({ column, condition }) => {
    const name = quoteName(column.name);
    if (relation.indexes.some(({ method, keys, usable }) => usable && (method === 'gin' || method === 'gist') && keys.some(({ of }) => of === name))) return [];
    const rows = formatCount(Math.round(scan.reads));
    if (condition.test === 'pattern' && /^(text|character)/.test(column.type)) {
      const opclass = trigram ? `${quoteName(trigram.schema)}.gin_trgm_ops` : 'gin_trgm_ops';
      const open = condition.value?.kind === 'parameter' ? 'If its patterns begin with a wildcard or ignore case' : 'Its pattern has no fixed beginning';
      return [{ relation, keys: `(${name})`, ddlTail: `USING gin (${name} ${opclass})`, prefix: trigram ? '' : 'CREATE EXTENSION pg_trgm;\n', why: `Today a sequential scan compares about ${rows} rows with a pattern. ${open}, a trigram index finds them, from three characters on; each write of the column costs it several entries.` }];
    }
    if (condition.test !== 'contains' || !(column.type.endsWith('[]') || ['jsonb', 'tsvector'].includes(column.type)) || condition.operator === '<@') return [];
    return [{ relation, keys: `(${name})`, ddlTail: `USING gin (${name})`, prefix: '', why: `Today a sequential scan looks into ${name} of about ${rows} rows. A GIN index leads to those that contain the value; each write of the column costs it an entry for every element.` }];
  });
}
