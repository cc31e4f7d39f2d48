import type { Ask, ServerFacts } from '@/lib/kit/diagnostic';
import type { PlanJson } from '@/lib/kit/planner';
import { quoteName } from '@/lib/pg/parser';
import type { RelationFacts } from '@/lib/pg/relation-facts';
import { ident, render, sql } from '@/lib/pg/sql';
import { formatCount } from '@/lib/units';
import { definitionOn, idOf, keysText, type Candidate } from './advice-candidates';
import type { Choice } from './advice-choose';
import { entriesPerDay, sizeOf, statisticsOf, writeCost, writesOf, type Statistics, type Writes } from './advice-cost';
import { createStatements, Names } from './advice-ddl';
import { invalidTwin } from './advice-existing';
import { costOf, nodesOf } from './advice-hypothetical';
import { asComment } from './catalog';
import { partsOf } from './definition-parts';
import { type Advice, type Unknown } from './advice-read';
import type { Captured } from './advice-workload';

export type AdviceRow = {
  verdict: string; table: string | null; /** Table and keys, by which a finding names the row. */ index_on: string | null; because: string; saved_ms: number | null; gain_ratio: number | null; share_ratio: number | null; statements: number; query: string | null;
  cost_before: number | null; cost_after: number | null; plan_before: string | null; plan_after: string | null; size_bytes: number | null; entries_per_day: number | null; write_cost: string | null; ddl: string | null; /** What the action that makes it is told; null where more is to be done. */ keys: string | null; method: string | null; include: string | null; predicate: string | null; queryids: string; id: string;
};

type Costs = { writes: Map<string, Writes>; statistics: Statistics[]; names: Names; sets: Map<string, Set<string>>; /** OIDs of indexes that are being built. */ building: Set<string> };

const byHand = { keys: null, method: null, include: null, predicate: null };

function byAction(tail: string): Pick<AdviceRow, keyof typeof byHand> {
  const parts = partsOf(`CREATE INDEX i ON t ${tail}`);
  return parts ? { keys: parts.columns, method: parts.method, include: parts.include, predicate: parts.where } : byHand;
}

const nobody = { table: null, index_on: null, saved_ms: null, gain_ratio: null, share_ratio: null, cost_before: null, cost_after: null, plan_before: null, plan_after: null, size_bytes: null, entries_per_day: null, write_cost: null, ddl: null, ...byHand };

/** How a plan reads a relation, in its own words. */
function scanOf(plan: PlanJson, relation: RelationFacts): string | null {
  const names = new Set([relation.shown, ...relation.leaves.map(({ shown }) => shown)]);
  const nodes = nodesOf(plan).filter((node) => names.has(`${quoteName(String(node['Schema'] ?? ''))}.${quoteName(String(node['Relation Name'] ?? ''))}`));
  const types = [...new Set(nodes.map((node) => `${node['Parallel Aware'] === true ? 'Parallel ' : ''}${String(node['Node Type'])}`))];
  return types.length === 0 ? null : types.join(', ');
}

const tailOf = (candidate: Candidate): string => definitionOn(candidate, '', '').trim();
const columnsOf = ({ keys }: Candidate): string[] => keys.flatMap(({ column }) => column ?? []);

function shownKeys({ relation, keys, includes, predicate }: Candidate): string {
  return `${relation.shown} (${keysText(keys)})${includes.length > 0 ? ` INCLUDE (${includes.map(quoteName).join(', ')})` : ''}${predicate === null ? '' : ` WHERE ${predicate}`}`;
}

/** An index of these keys that is there and not valid: being built, waiting for its partitions, or left behind by a build that failed. */
function beforeCreating(candidate: Candidate, building: Set<string>): { comment: string; instead: boolean } | null {
  const invalid = invalidTwin(candidate, quoteName);
  if (!invalid) return null;
  if (building.has(invalid.oid)) return { comment: asComment(`${invalid.name} is being built at this moment, with these keys: nothing is to be done.`), instead: true };
  if (invalid.partitioned) return { comment: asComment(`${invalid.name} has these keys, and is not valid before every partition has its part: see Gaps between partitions.`), instead: true };
  return { comment: `${asComment(`${invalid.name} would do, but is invalid: a build that failed left it. It is written and never read.`)}\nDROP INDEX CONCURRENTLY ${invalid.name};`, instead: false };
}

function costsOf(candidate: Candidate, costs: Costs): Pick<AdviceRow, 'size_bytes' | 'entries_per_day' | 'write_cost' | 'ddl' | keyof typeof byHand> {
  const { relation } = candidate;
  const writes = costs.writes.get(relation.oid);
  const before = beforeCreating(candidate, costs.building);
  const create = before?.instead ? [] : [createStatements({ relation, columns: columnsOf(candidate), tail: tailOf(candidate) }, costs.names)];
  return {
    size_bytes: sizeOf(candidate, costs.statistics), entries_per_day: writes && candidate.predicate === null ? entriesPerDay(writes) : null,
    write_cost: writeCost(candidate, writes, costs.sets.get(relation.oid) ?? new Set()), ddl: [...(before ? [before.comment] : []), ...create].join('\n'),
    ...(before ? byHand : byAction(tailOf(candidate))),
  };
}

function provedRow({ candidate, helped, gainMs }: Choice, costs: Costs): AdviceRow | null {
  const [first] = helped;
  if (!first) return null;
  const total = helped.reduce((sum, { subject }) => sum + subject.captured.total_ms, 0);
  const { captured, before } = first.subject;
  const scans = [before, first.plan].map((plan) => scanOf(plan, candidate.relation));
  const parts = candidate.relation.kind === 'p' ? ' On each partition.' : '';
  const many = helped.length > 1 ? ` Helps ${helped.length} captured statements.` : '';
  return {
    verdict: 'proved', table: candidate.relation.shown, index_on: shownKeys(candidate), because: `Serves ${candidate.because}: ${scans[0] ?? 'not read'} now, ${scans[1] ?? 'not read'} with it.${parts}${many}`, saved_ms: gainMs, gain_ratio: total > 0 ? gainMs / total : null,
    share_ratio: helped.reduce((sum, { subject }) => sum + subject.captured.share_ratio, 0), statements: helped.length, query: captured.query, cost_before: costOf(before), cost_after: first.after,
    plan_before: scans[0] ?? null, plan_after: scans[1] ?? null, ...costsOf(candidate, costs), queryids: helped.map(({ subject }) => subject.captured.queryid).join(' '), id: idOf(candidate),
  };
}

const unprovedWhy = (hypopg: string | null): string => (hypopg === null ? ' Not proved: HypoPG is not installed in this database.' : ' Not proved.');

/** The keys of one begin those of the other. */
const isPrefix = (a: Candidate, b: Candidate): boolean =>
  a.relation.oid === b.relation.oid && a.predicate === b.predicate && a.keys.length < b.keys.length && a.keys.every(({ text, opclass }, at) => text === b.keys[at]?.text && opclass === b.keys[at]?.opclass);

/** Per candidate; one whose keys begin another’s goes with that. */
function suggestedRows({ suggested, hypopg }: Advice, costs: Costs): AdviceRow[] {
  const byId = new Map<string, { candidate: Candidate; why: string; captured: Captured[] }>();
  for (const { captured, suggestion } of suggested) {
    const widest = suggested.map((other) => other.suggestion.candidate).find((other) => isPrefix(suggestion.candidate, other)) ?? suggestion.candidate;
    const known = byId.get(idOf(widest)) ?? { candidate: widest, why: suggestion.why, captured: [] };
    byId.set(idOf(widest), { ...known, captured: [...known.captured, captured] });
  }
  return [...byId.values()].map(({ candidate, why, captured }) => ({
    ...nobody, ...ofCaptured(captured), verdict: 'not proved', table: candidate.relation.shown, index_on: shownKeys(candidate), because: why + unprovedWhy(hypopg), ...costsOf(candidate, costs), id: idOf(candidate),
  }));
}

function ofCaptured(captured: Captured[]): Pick<AdviceRow, 'statements' | 'query' | 'queryids' | 'share_ratio'> {
  return { statements: captured.length, query: captured[0]?.query ?? null, queryids: captured.map(({ queryid }) => queryid).join(' '), share_ratio: captured.reduce((sum, one) => sum + one.share_ratio, 0) };
}

function searchedRows({ searched }: Advice, costs: Costs): AdviceRow[] {
  const byId = new Map<string, { search: Advice['searched'][number]['search']; captured: Captured[] }>();
  for (const { captured, search } of searched) {
    const id = `${search.relation.oid} ${search.ddlTail}`;
    byId.set(id, { search, captured: [...(byId.get(id)?.captured ?? []), captured] });
  }
  return [...byId].map(([id, { search, captured }]) => ({
    ...nobody, ...ofCaptured([...new Set(captured)]), verdict: 'not proved', table: search.relation.shown, index_on: `${search.relation.shown} USING gin ${search.keys}`, because: `${search.why} Not proved: HypoPG knows no GIN indexes.`,
    ddl: `${search.prefix}${createStatements({ relation: search.relation, columns: [], tail: search.ddlTail }, costs.names)}`, ...(search.prefix === '' ? byAction(search.ddlTail) : byHand), id,
  }));
}

/** What could not be looked at, by reason: a part that looks like the whole has to say so. */
function unknownRows(unknown: Unknown[], server: ServerFacts): AdviceRow[] {
  const byCode = new Map<string, Unknown[]>();
  for (const one of unknown) byCode.set(one.why.code, [...(byCode.get(one.why.code) ?? []), one]);
  return [...byCode].map(([code, list]) => ({
    ...nobody, ...ofCaptured(list.map(({ captured }) => captured)), verdict: 'not known', because: `${list.length === 1 ? 'One statement' : `${formatCount(list.length)} statements`} could not be judged. ${list[0]?.why.says ?? ''}`,
    ddl: code === 'privilege' ? `-- lets it read every table; or grant SELECT on single tables\n${render(sql`GRANT pg_read_all_data TO ${ident(server.user)}`).text};` : null, id: `captured statements (${code})`,
  }));
}

/** The search for candidates ended before all were tried. */
const lateRow = ({ reads }: Advice): AdviceRow => ({
  ...nobody, verdict: 'not known', because: 'Not every candidate could be tried: planning takes at most 3 s for one answer, and gives way to locks. What is advised holds; there may be more. Ask again once it is made, or for single statements.', statements: reads.length, query: null, queryids: '', id: 'captured statements (late)',
});

/** Columns that captured UPDATEs assign, by table. */
function setsOf({ reads, relations }: Advice): Map<string, Set<string>> {
  const sets = new Map<string, Set<string>>();
  for (const { shape } of reads) {
    if (!['update', 'merge'].includes(shape.queries[0]?.kind ?? '')) continue;
    for (const { schema, name, sets: columns } of shape.relations) {
      const oid = relations.find((facts) => facts.schema === schema && facts.name === name)?.oid;
      if (oid !== undefined) sets.set(oid, new Set([...(sets.get(oid) ?? []), ...columns]));
    }
  }
  return sets;
}

const buildingNow = async (ask: Ask): Promise<Set<string>> => new Set((await ask<{ oid: string }>(sql`select p.index_relid::text as oid from pg_stat_progress_create_index p where p.index_relid <> 0`)).map(({ oid }) => oid));

export async function rowsOf(ask: Ask, server: ServerFacts, advice: Advice, wantsAll: boolean): Promise<AdviceRow[]> {
  const tables = new Map([...advice.chosen.map(({ candidate }) => candidate), ...advice.suggested.map(({ suggestion }) => suggestion.candidate), ...advice.searched.map(({ search }) => search)].map(({ relation }) => [relation.oid, relation]));
  const relations = [...tables.values()];
  const none = relations.length === 0;
  const costs: Costs = { writes: none ? new Map() : await writesOf(ask, relations), statistics: none ? [] : await statisticsOf(ask, relations), names: await Names.read(ask, relations), sets: setsOf(advice), building: none ? new Set() : await buildingNow(ask) };
  const nothing = wantsAll ? advice.nothing.map(({ captured, why }): AdviceRow => ({ ...nobody, ...ofCaptured([captured]), verdict: 'no index', because: why, id: `nothing ${captured.queryid}` })) : [];
  const late = advice.late && !advice.unknown.some(({ why }) => why.code === 'late') ? [lateRow(advice)] : [];
  return [...late, ...advice.chosen.map((choice) => provedRow(choice, costs)).filter((row) => row !== null), ...suggestedRows(advice, costs), ...searchedRows(advice, costs), ...unknownRows(advice.unknown, server), ...nothing];
}
