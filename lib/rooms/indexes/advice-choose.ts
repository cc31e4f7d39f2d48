import type { Planner, PlanJson } from '@/lib/kit/planner';
import { quoteName } from '@/lib/pg/parser';
import { idOf, type Candidate, type Option } from './advice-candidates';
import { existing } from './advice-existing';
import { costOf, type Hypothetical, type Use } from './advice-hypothetical';
import type { Captured } from './advice-workload';

/** A statement whose plan is known, with what could help it. */
export type Subject = { captured: Captured; /** What is planned: the captured text, made plannable. */ text: string; options: Option[]; relations: Set<string>; before: PlanJson };

export type Helped = { subject: Subject; before: number; after: number; plan: PlanJson };
export type Choice = { candidate: Candidate; helped: Helped[]; gainMs: number };

export type Doubtful = { subject: Subject; candidate: Candidate };

/** Less than this share of a statement's cost is within what estimates get wrong. */
export const leastGain = 0.1;
/** Of two that gain about the same, the narrower one. */
const aboutTheSame = 0.95;
const mostChosen = 20;

/** An index of the same keys is there, and only columns beside them are to be added: for much only. */
const leastGainOfWider = 0.5;

type With = { cost: number; plan: PlanJson; /** Those it reads few rows by. */ used: Set<string>; wide: Set<string> };

const isWider = (candidate: Candidate): boolean => candidate.includes.length > 0 && existing({ ...candidate, includes: [] }, quoteName) !== null;
const leastOf = (option: Option): number => (option.some(isWider) ? leastGainOfWider : leastGain);

/** Costs with hypothetical indexes, each combination planned once. */
class Costs {
  private readonly known = new Map<string, With | null>();

  constructor(private readonly planner: Planner, private readonly hypothetical: Hypothetical, private readonly deadline: number) {}

  /** A plan that was there before failed with an index: not everything was tried. */
  private failed = false;

  get isLate(): boolean {
    return performance.now() > this.deadline;
  }

  get isIncomplete(): boolean {
    return this.failed || this.isLate;
  }

  /** Null where the statement cannot be planned with them, or there is no time left. */
  async of(subject: Subject, candidates: Candidate[]): Promise<With | null> {
    const own = candidates.filter(({ relation }) => subject.relations.has(relation.oid));
    const key = `${subject.captured.queryid}\n${own.map(idOf).toSorted().join('\n')}`;
    const before = this.known.get(key);
    if (before !== undefined) return before;
    if (this.isLate) return null;
    const found = (await this.hypothetical.set(own)) ? await this.planner.plan(subject.text, subject.captured.searchPath) : null;
    if (found && 'refused' in found) this.failed = true;
    const uses = (kind: Use) => new Set(found && 'plan' in found ? own.filter((one) => this.hypothetical.useOf(one, found.plan) === kind).map(idOf) : []);
    const result = found && 'plan' in found ? { cost: costOf(found.plan), plan: found.plan, used: uses('narrow'), wide: uses('wide') } : null;
    this.known.set(key, result);
    return result;
  }
}

const widthOf = (option: Option): number => option.reduce((sum, { keys, includes, predicate }) => sum + keys.length + includes.length - (predicate === null ? 0 : 0.5), 0);

type Scored = { option: Option; gain: number };

/** A small set of indexes for all subjects together: the one that saves most time first, then the next beside it, until none saves a tenth of any statement. */
export async function chooseIndexes(subjects: Subject[], planner: Planner, hypothetical: Hypothetical, deadline: number): Promise<{ chosen: Choice[]; doubtful: Doubtful[]; late: boolean }> {
  const costs = new Costs(planner, hypothetical, deadline);
  const pool = poolOf(subjects);
  let chosen: Candidate[] = [];
  while (chosen.length < mostChosen) {
    const scored: Scored[] = [];
    for (const option of pool) scored.push({ option, gain: await gainOf(option, chosen, subjects, costs) });
    const best = narrowest(scored.filter(({ gain }) => gain > 0));
    if (!best) break;
    chosen = joined(chosen, best.option);
  }
  for (const candidate of chosen.toReversed()) if (!(await isNeeded(candidate, chosen, subjects, costs))) chosen = chosen.filter((other) => other !== candidate);
  return { chosen: await choices(chosen, subjects, costs), doubtful: await doubts(chosen, subjects, costs), late: costs.isIncomplete };
}

/** The planner takes a comparison with a parameter for a third of the rows: an index by it alone may help or not. */
async function doubts(chosen: Candidate[], subjects: Subject[], costs: Costs): Promise<Doubtful[]> {
  const found: Doubtful[] = [];
  for (const subject of subjects) {
    if ((await costs.of(subject, chosen))?.used.size) continue;
    for (const [candidate, ...more] of subject.options) {
      if (!candidate || more.length > 0 || candidate.keys.length === candidate.fixed || candidate.includes.length > 0 || candidate.because.includes('order of the rows')) continue;
      const then = await costs.of(subject, [candidate]);
      if (!then?.wide.has(idOf(candidate)) || (costOf(subject.before) - then.cost) / costOf(subject.before) < leastGain) continue;
      found.push({ subject, candidate });
      break;
    }
  }
  return found;
}

const joined = (chosen: Candidate[], option: Option): Candidate[] => [...chosen, ...option.filter((candidate) => !chosen.some((other) => idOf(other) === idOf(candidate)))];

function poolOf(subjects: Subject[]): Option[] {
  const pool = new Map<string, Option>();
  for (const option of subjects.flatMap(({ options }) => options)) pool.set(option.map(idOf).toSorted().join('\n'), option);
  return [...pool.values()];
}

function narrowest(scored: Scored[]): Scored | undefined {
  const most = Math.max(0, ...scored.map(({ gain }) => gain));
  return scored.filter(({ gain }) => gain >= most * aboutTheSame).toSorted((a, b) => widthOf(a.option) - widthOf(b.option) || b.gain - a.gain)[0];
}

/** Milliseconds of the captured time, as far as time follows cost. */
const weightOf = ({ captured }: Subject): number => Math.max(captured.total_ms, 0.001);

/** What begins with none of the keys that a statement asks for is not tried on it. */
const couldServe = ({ relation, keys }: Candidate, { options }: Subject): boolean => options.some((option) => option.some((own) => own.relation.oid === relation.oid && own.keys[0]?.text === keys[0]?.text));

async function gainOf(option: Option, chosen: Candidate[], subjects: Subject[], costs: Costs): Promise<number> {
  let sum = 0;
  const together = joined(chosen, option);
  if (together.length === chosen.length) return 0;
  for (const subject of subjects) {
    if (!option.some((candidate) => couldServe(candidate, subject))) continue;
    const [now, then] = [await costs.of(subject, chosen), await costs.of(subject, together)];
    if (!now || !then || !option.every((candidate) => then.used.has(idOf(candidate)))) continue;
    const gain = (now.cost - then.cost) / costOf(subject.before);
    if (gain >= leastOf(option)) sum += gain * weightOf(subject);
  }
  return sum;
}

async function isNeeded(candidate: Candidate, chosen: Candidate[], subjects: Subject[], costs: Costs): Promise<boolean> {
  for (const subject of subjects) {
    const [present, absent] = [await costs.of(subject, chosen), await costs.of(subject, chosen.filter((other) => other !== candidate))];
    if (present && absent && present.used.has(idOf(candidate)) && (absent.cost - present.cost) / costOf(subject.before) >= leastGain) return true;
  }
  return false;
}

/** What each saves beside the others: what would be lost without it. */
async function choices(chosen: Candidate[], subjects: Subject[], costs: Costs): Promise<Choice[]> {
  const found: Choice[] = [];
  for (const candidate of chosen) {
    const helped: (Helped & { gain: number })[] = [];
    for (const subject of subjects) {
      const [present, absent] = [await costs.of(subject, chosen), await costs.of(subject, chosen.filter((other) => other !== candidate))];
      const before = costOf(subject.before);
      const gain = present && absent && present.used.has(idOf(candidate)) ? (absent.cost - present.cost) / before : 0;
      if (present && gain >= leastGain) helped.push({ subject, before, after: present.cost, plan: present.plan, gain });
    }
    const gainMs = helped.reduce((sum, { subject, gain }) => sum + subject.captured.total_ms * gain, 0);
    if (helped.length > 0) found.push({ candidate, helped: helped.toSorted((a, b) => b.subject.captured.total_ms - a.subject.captured.total_ms), gainMs });
  }
  return found.toSorted((a, b) => b.gainMs - a.gainMs);
}
