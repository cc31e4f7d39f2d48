import type { Ask, ServerFacts } from '@/lib/kit/diagnostic';
import type { Planner, PlanJson } from '@/lib/kit/planner';
import { ident, sql, type SQL } from '@/lib/pg/sql';
import { definitionOn, idOf, type Candidate } from './advice-candidates';

/** A condition that leaves more of the rows than this is a reason to read the table from front to end. */
const mostRows = 0.2;

/** `wide`: it leads to a large part of the table, which only looks cheaper than reading all of it. */
export type Use = 'narrow' | 'wide';

/** Indexes of HypoPG: in the memory of this session alone, seen by EXPLAIN and by nothing else. */
export class Hypothetical {
  /** Null for what cannot be made. On a partitioned table one stands for those of all partitions. */
  private readonly made = new Map<string, { oid: string; name: string } | null>();
  private standing = new Set<string>();

  constructor(private readonly ask: Ask, private readonly planner: Planner, private readonly schema: string) {}

  static on(ask: Ask, planner: Planner, server: ServerFacts): Hypothetical | null {
    const installed = server.extensions.get('hypopg');
    return installed ? new Hypothetical(ask, planner, installed.schema) : null;
  }

  private call(name: string): SQL {
    return ident(this.schema, name);
  }

  /** Nothing of ours, or of whoever had this connection before, is left. */
  async reset(): Promise<void> {
    await this.planner.attempt(() => this.ask(sql`select ${this.call('hypopg_reset')}()`));
    this.made.clear();
    this.standing = new Set();
  }

  /** Exactly these indexes exist from now on; false where one of them cannot be made: an expression that is not immutable, say. */
  async set(candidates: Candidate[]): Promise<boolean> {
    const wanted = new Set(candidates.map(idOf));
    for (const id of this.standing) {
      if (wanted.has(id)) continue;
      const oid = this.made.get(id)?.oid;
      await this.ask(sql`select ${this.call('hypopg_drop_index')}(${oid}::oid)`);
      this.standing.delete(id);
    }
    for (const candidate of candidates) if (!this.standing.has(idOf(candidate)) && !(await this.make(candidate))) return false;
    return true;
  }

  private async make(candidate: Candidate): Promise<boolean> {
    const id = idOf(candidate);
    if (this.made.get(id) === null) return false;
    const rows = await this.planner.attempt(() =>
      this.ask<{ oid: string; name: string }>(sql`select h.indexrelid::text as oid, h.indexname as name from ${this.call('hypopg_create_index')}(${definitionOn(candidate, candidate.relation.shown)}) h`));
    const one = rows?.[0] ?? null;
    this.made.set(id, one);
    if (one) this.standing.add(id);
    return one !== null;
  }

  /** How a plan reads the hypothetical index; null where it does not. */
  useOf(candidate: Candidate, plan: PlanJson): Use | null {
    const name = this.made.get(idOf(candidate))?.name;
    const scans = name === undefined ? [] : withLimits(plan).filter(({ node }) => node['Index Name'] === name);
    if (scans.length === 0) return null;
    // Below a LIMIT it stops when there is enough.
    const found = scans.filter(({ node, limited }) => node['Index Cond'] !== undefined && !limited).reduce((sum, { node }) => sum + Number(node['Plan Rows'] ?? 0), 0);
    return found > (candidate.relation.rows ?? Infinity) * mostRows ? 'wide' : 'narrow';
  }
}

const takesAll = /^(Sort|Hash|Aggregate|Group|WindowAgg|Materialize|Memoize|Unique|SetOp)$/;

/** All nodes, with whether a LIMIT above may stop them: nothing between takes all rows first. */
function withLimits(node: PlanJson, limited = false): { node: PlanJson; limited: boolean }[] {
  const type = String(node['Node Type']);
  const below = type === 'Limit' || (limited && !takesAll.test(type));
  return [{ node, limited }, ...innerOf(node).flatMap((inner) => withLimits(inner, below && inner['Parent Relationship'] !== 'SubPlan'))];
}

const innerOf = (plan: PlanJson): PlanJson[] => (Array.isArray(plan['Plans']) ? (plan['Plans'] as PlanJson[]) : []);

/** All nodes of a plan, from the top. */
export const nodesOf = (plan: PlanJson): PlanJson[] => [plan, ...innerOf(plan).flatMap(nodesOf)];

export const costOf = (plan: PlanJson): number => Number(plan['Total Cost'] ?? 0);
