import type { Ask, ServerFacts } from '@/lib/kit/diagnostic';
import type { Planner, Unplanned } from '@/lib/kit/planner';
import { quoteName, type Tree } from '@/lib/pg/parser';
import { plannable } from '@/lib/pg/plannable';
import { readRelations, type RelationFacts, type Relations } from '@/lib/pg/relation-facts';
import { relationsIn, shapeOf, type StatementShape } from '@/lib/pg/statement-shape';
import { advisable, optionsOf, type Advisable, type Option } from './advice-candidates';
import { chooseIndexes, type Choice, type Subject } from './advice-choose';
import { existing } from './advice-existing';
import { Hypothetical } from './advice-hypothetical';
import { capturedStatements, type Captured } from './advice-workload';
import { searches, suggest, type Search, type Suggestion } from './advice-unproved';

/** Tables of fewer pages are read faster than an index on them. */
export const fewestPages = 16;
const fewestRows = 500;
/** Planning costs the server what it costs: no more than this much time for one answer, once the catalog is read. */
export const budgetMs = 3000;

export type Read = { captured: Captured; text: string; tree: Tree; shape: StatementShape };
export type Unknown = { captured: Captured; why: Unplanned };
export type Nothing = { captured: Captured; why: string };

export type Advice = {
  chosen: Choice[];
  suggested: { captured: Captured; suggestion: Suggestion }[];
  searched: { captured: Captured; search: Search }[];
  unknown: Unknown[];
  /** Statements that were looked at, and that no index helps. */
  nothing: Nothing[];
  late: boolean;
  hypopg: string | null;
  reads: Read[];
  relations: RelationFacts[];
};

const isLarge = ({ pages, rows }: RelationFacts): boolean => pages >= fewestPages && (rows === null || rows >= fewestRows);

/** How often a column is compared for equality in the workload: the one that most statements share leads. */
function weights(reads: { shape: StatementShape; found: Advisable[] }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { found } of reads) for (const { relation, usage } of found) for (const { text } of usage.equal) counts.set(`${relation.oid} ${text}`, (counts.get(`${relation.oid} ${text}`) ?? 0) + 1);
  return counts;
}

/** Without what is there already. */
const missing = (option: Option): Option => option.filter((candidate) => existing(candidate, quoteName) === null);

type Considered = { read: Read; found: Advisable[]; options: Option[] };

/** The relations of each statement, and what could help it that is not there yet. */
function consider(reads: Read[], relations: Relations): Considered[] {
  const factsOf = (captured: Captured) => ({ schema, name }: { schema: string | null; name: string }) => relations.find({ schema, name }, captured.searchPath);
  const first = reads.map((read) => ({ shape: read.shape, found: advisable(read.shape, factsOf(read.captured), () => 0) }));
  const counts = weights(first);
  return reads.map((read) => {
    const found = advisable(read.shape, factsOf(read.captured), (relation, column) => counts.get(`${relation.oid} ${column}`) ?? 0).filter(({ relation }) => isLarge(relation));
    return { read, found, options: optionsOf(found).map(missing).filter((option) => option.length > 0) };
  });
}

export async function readStatements(ask: Ask, captured: Captured[]): Promise<{ reads: Read[]; unknown: Unknown[]; relations: Relations }> {
  const parsed: { captured: Captured; text: string; tree: Tree }[] = [];
  const unknown: Unknown[] = [];
  for (const one of captured) {
    const found = await plannable(one.query);
    if (found) parsed.push({ captured: one, ...found });
    else unknown.push({ captured: one, why: { code: 'syntax', says: 'Its text cannot be parsed: pg_stat_statements puts parameters where the grammar wants constants.' } });
  }
  const relations = await readRelations(ask, parsed.flatMap(({ tree }) => relationsIn(tree)), [...new Set(captured.flatMap(({ searchPath }) => searchPath))]);
  return { reads: parsed.map((one) => ({ ...one, shape: shapeOf(one.tree, relations.finder(one.captured.searchPath)) })), unknown, relations };
}

export type Asked = { queryid: string; most: number };

export async function advise(ask: Ask, server: ServerFacts, planner: Planner, asked: Asked): Promise<Advice> {
  const captured = await capturedStatements(ask, server, asked);
  const { reads, unknown, relations } = captured.length === 0 ? { reads: [], unknown: [], relations: null } : await readStatements(ask, captured);
  const considered = relations ? consider(reads, relations) : [];
  const hypothetical = Hypothetical.on(ask, planner, server);
  const advice: Advice = { chosen: [], suggested: [], searched: [], unknown, nothing: [], late: false, hypopg: server.extensions.get('hypopg')?.version ?? null, reads, relations: relations?.all ?? [] };
  await hypothetical?.reset();
  try {
    const worth = considered.filter(({ found, options }) => options.length > 0 || found.some(({ usage }) => usage.searched.length > 0));
    await admitAll(worth.map(({ read }) => read), planner);
    const deadline = performance.now() + budgetMs;
    const subjects = await planned(worth, planner, deadline, advice);
    if (hypothetical) await prove(subjects, planner, hypothetical, deadline, advice);
    else for (const { subject, found } of subjects) guess(subject, found, advice);
    for (const { subject, found } of subjects) search(subject, found, server, advice);
    tellNothing(subjects, considered, advice);
  } finally {
    await hypothetical?.reset();
  }
  return advice;
}

type Planned = { subject: Subject; found: Advisable[] };

/** The plans of today, of statements that something could help. */
async function planned(considered: Considered[], planner: Planner, deadline: number, advice: Advice): Promise<Planned[]> {
  const subjects: Planned[] = [];
  for (const { read, found, options } of considered) {
    if (performance.now() > deadline) {
      advice.late = true;
      advice.unknown.push({ captured: read.captured, why: { code: 'late', says: 'Not reached: planning takes at most 3 s for one answer. Ask for fewer statements, or for one by its id.' } });
      continue;
    }
    const result = await planner.plan(read.text, read.captured.searchPath);
    if ('refused' in result) advice.unknown.push({ captured: read.captured, why: result.refused });
    else subjects.push({ subject: { captured: read.captured, text: read.text, options, relations: new Set(found.map(({ relation }) => relation.oid)), before: result.plan }, found });
  }
  return subjects;
}

/** Statements of one search path together. */
export async function admitAll(reads: Read[], planner: Planner): Promise<void> {
  const paths = new Map<string, Read[]>();
  for (const read of reads) paths.set(JSON.stringify(read.captured.searchPath), [...(paths.get(JSON.stringify(read.captured.searchPath)) ?? []), read]);
  for (const group of paths.values()) await planner.admit(group.map(({ text }) => text), group[0]?.captured.searchPath);
}

async function prove(subjects: Planned[], planner: Planner, hypothetical: Hypothetical, deadline: number, advice: Advice): Promise<void> {
  const { chosen, doubtful, late } = await chooseIndexes(subjects.map(({ subject }) => subject), planner, hypothetical, deadline);
  advice.chosen = chosen;
  for (const { subject, candidate } of doubtful) {
    advice.suggested.push({ captured: subject.captured, suggestion: { candidate, why: 'The planner would use it, but takes a comparison with a parameter for a third of the rows, having no value: it helps if the values in use leave few, and else it does not.' } });
  }
  advice.late ||= late;
}

const single = (options: Option[]) => options.flatMap((option) => (option.length === 1 ? option : []));

function guess(subject: Subject, found: Advisable[], advice: Advice): void {
  const read = advice.reads.find(({ captured }) => captured === subject.captured);
  for (const one of found) {
    const limited = read?.shape.queries[one.shape.query]?.limit !== null;
    const suggestion = suggest(subject.before, one, single(subject.options), limited);
    if (suggestion) advice.suggested.push({ captured: subject.captured, suggestion });
  }
}

function search(subject: Subject, found: Advisable[], server: ServerFacts, advice: Advice): void {
  const trigram = server.extensions.get('pg_trgm') ?? null;
  for (const one of found) for (const each of searches(subject.before, one, trigram)) advice.searched.push({ captured: subject.captured, search: each });
}

/** Why there is no advice, for who asks about one statement. */
function tellNothing(subjects: Planned[], considered: Considered[], advice: Advice): void {
  const told = new Set([...advice.chosen.flatMap(({ helped }) => helped.map(({ subject }) => subject.captured)), ...advice.suggested.map(({ captured }) => captured), ...advice.searched.map(({ captured }) => captured), ...advice.unknown.map(({ captured }) => captured)]);
  for (const { read, found, options } of considered) {
    if (told.has(read.captured)) continue;
    const why = subjects.some(({ subject }) => subject.captured === read.captured)
      ? advice.late ? 'Not everything was tried: planning takes at most 3 s for one answer.' : advice.hypopg === null ? 'Its plan reads no large table from front to end for few rows.' : 'No index lowers the cost of its plan by a tenth.'
      : found.length === 0 ? `It reads no table of ${fewestPages} pages or more.` : options.length === 0 ? 'Nothing that an index could serve is without one.' : 'Nothing to try.';
    advice.nothing.push({ captured: read.captured, why });
  }
}
