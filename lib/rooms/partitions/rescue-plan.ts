import type { Step } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { ident, inlineNumber, join, literal, sql, type SQL } from '@/lib/pg/sql';
import { lockAll } from './archive-plan';
import { veiled } from './archives';
import { axisIn, named, severalComment, tablesOf, written, type Axis, type Family, type Part, type Placed, type Table } from './family';
import { abandonSteps, compareStep, copyComment, copyOf, dropMirror, fillStep, mirrorFunction, mirrorSteps, mirrorTrigger, tryStep, type Mirror } from './mirror';
import { attachSql, boundsOn, boundsProof, createLike, detachSql, dropCheck, inRange, nameFor, notHere, ownedBy, proveSteps, valueOn } from './partition-steps';
import type { Calendar } from './calendar';
import { calendarIn, cut, endOf, startOf, suffixOf, uncovered, type Period } from './periods';
import { contiguousRanges, overlaps } from './range-sets';
import { addReference, commentOfKey, type Key } from './references';
import { createReplacement, refusePartDependents, refuseReplacement, refuseUnlike, takeOver, type Replaced } from './replaced';
import type { Range } from './time-axis';
import { freeNames } from './wanted';

type Named = { schema: string; rel: string };
/** A partition to come. `into`: it holds several periods at first, and is then cut into these. */
export type Piece = Range & { rel: string; into?: Piece[] };
/** A partition whose rows get partitions of their own: DEFAULT, or one of several periods, of `range`. */
export type Cut = Named & { place: string; rows: number | null; bytes: number; range: Range | null; pieces: Piece[]; copy: Table | null; mirrored: boolean };
export type Rescue = Family & { source: Part | null; cuts: Cut[]; /** Cut already, with what was there before still to be dropped. */ retired: Named[]; taken: boolean; readable: boolean; references: (Key & Named)[]; as_owner: boolean; major: number; /** What is DEFAULT’s own; null where there is none. */ replaced: Replaced | null };

export const retiredOf = ({ schema, rel }: Named): Named => ({ schema, rel: nameFor(rel, 'riskdesk_old') });
/** By which what was cut is known, so that nobody’s table is dropped for its name; the name that it had follows. */
const retiredComment = (oid: string): string => `riskdesk: every row of this is in its partition of table ${oid}, and was in `;
const restOf = ({ schema, rel }: Named): Named => ({ schema, rel: nameFor(rel, 'riskdesk_rest') });
const mostPeriods = 2000;

/** The periods of which a partition holds rows, by going from one to the next. Those that other partitions have are not among them. */
export async function periodsIn(ask: Ask, top: Table, source: Named, { period, others, within = { from: -Infinity, to: Infinity }, most = mostPeriods }: { period: Period; others: Range[]; within?: Range; most?: number }): Promise<Range[]> {
  const along = axisIn(top);
  if (!along || top.key === null) return [];
  const { axis } = along;
  const key = ident(top.key);
  const anchor = along.parts.findLast(({ several }) => !several)?.to;
  const found: Range[] = [];
  let after: SQL = /^(date|timestamp)/.test(top.key_type ?? '') ? sql`${key} > '-infinity'` : sql`${key} IS NOT NULL`;
  for (let size = 1; found.length < most; ) {
    const [row] = await ask<{ at: string }>(sql`select ${key}::text as at from only ${named(source)} where ${after} order by ${key} limit 1`);
    const moment = row ? axis.read(row.at) : null;
    if (moment === null) return found;
    let start = startOf(period, moment, anchor !== undefined && Number.isFinite(anchor) ? anchor : undefined);
    const next: Range[] = [];
    for (let count = 0; count < size; count += 1) {
      next.push(...uncovered(others, { from: Math.max(start, within.from), to: Math.min(endOf(period, start), within.to) }).filter(({ from, to }) => from < to && moment < to));
      start = endOf(period, start);
    }
    const last = next.at(-1);
    if (!last || !next[0] || next[0].from > moment) return found;
    const full = next.length === 1 ? [{ n: 0 }] : await ask<{ n: number }>(join(next.map((one, n) => sql`select ${inlineNumber(n)} as n where exists (select from only ${named(source)} where ${inRange(axis, top.key ?? '', one)})`), sql` union all `));
    found.push(...next.filter((_, n) => full.some((one) => one.n === n)));
    // Many at a time where they are next to one another.
    size = full.length >= size / 4 ? Math.min(size * 2, 128) : 1;
    after = sql`${key} >= ${valueOn(axis, last.to)}`;
  }
  return found.slice(0, most);
}

/** What an earlier run has left beside a table, by the catalog; its copy is known by what it says it copies. */
export async function traces(ask: Ask, source: Named & { oid: string }, of: string, role: string): Promise<{ copy: Table | null; mirrored: boolean; taken: boolean }> {
  const [copy, old] = [copyOf(source), retiredOf(source)];
  const [found] = await ask<{ oid: string | null; mirrored: boolean; taken: boolean }>(sql`
    select (select c.oid::text from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = ${copy.schema} and c.relname = ${copy.rel} and obj_description(c.oid, 'pg_class') = ${copyComment(of)}) as oid,
      exists (select from pg_trigger where tgrelid = ${source.oid}::oid and tgname = ${mirrorTrigger}) as mirrored,
      exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = ${old.schema} and c.relname = ${old.rel}) as taken`);
  const table = found?.oid ? (await tablesOf(ask, [found.oid], role)).get(found.oid) : undefined;
  return { copy: table ?? null, mirrored: found?.mirrored ?? false, taken: found?.taken ?? false };
}

/** What was cut, under the name that it had, and is not dropped yet. */
export async function retiredIn(ask: Ask, { oid, schema }: Table): Promise<Named[]> {
  const start = retiredComment(oid);
  return ask<Named>(sql`
    select ${schema}::text as schema, substr(d.description, length(${start}::text) + 1) as rel from pg_description d join pg_class c on c.oid = d.objoid
    where d.classoid = 'pg_class'::regclass and d.objsubid = 0 and starts_with(d.description, ${start}) and c.relnamespace = (select oid from pg_namespace where nspname = ${schema}) order by 2`);
}

/** What it takes to see that nothing of DEFAULT’s own is lost, and that nobody depends on it: 20 ms of an idle core in a session that has just come, a fifth of that for the latter alone. */
const checksMs = { all: 40, dependents: 8 };

/** How many partitions may change places in half of the time that others wait and the checks leave: what one of them takes was measured in milliseconds of an idle core, by how many partitions and referring tables there are. */
const atATime = (bound: number, checks: number, partitions: number, children: number): number => Math.max(2, Math.floor(((bound - checks) * 0.5) / (1.6 + partitions / 150 + children * (0.3 + partitions / 600))));

const allOf = (pieces: Piece[]): Piece[] => pieces.flatMap((piece) => [piece, ...allOf(piece.into ?? [])]);

/** So many partitions at most, where nothing lies between: each of one period, or of several that are next to one another, to be cut in turn. */
function grouped(top: Named, periods: Piece[], { first, further, taken, calendar }: { first: number; further: number; taken: Range[]; calendar: Calendar }): Piece[] {
  // A quarter more is better than another round for a few.
  if (periods.length <= first * 1.25) return periods;
  const size = Math.ceil(periods.length / Math.min(first, Math.ceil(periods.length / further)));
  const groups: Piece[][] = [];
  for (const piece of periods) {
    const group = groups.at(-1);
    const start = group?.[0];
    if (group && start && group.length < size && !taken.some((one) => overlaps(one, { from: start.from, to: piece.to }))) group.push(piece);
    else groups.push([piece]);
  }
  return groups.map((group) => {
    const [one, last] = [group[0] as Piece, group.at(-1) as Piece];
    return group.length === 1 ? one : { from: one.from, to: last.to, rel: nameFor(top.rel, `${suffixOf(one, calendar)}_to_${suffixOf(last, calendar)}`), into: grouped(top, group, { first: further, further, taken: [], calendar }) };
  });
}

async function isUpToDate(ask: Ask, source: Named, { fallback }: Table): Promise<boolean> {
  const [found] = fallback ? await ask<{ refuses: string | null }>(refuseUnlike(source, fallback)) : [];
  return found?.refuses === null;
}

/** What there is to cut, each with its partitions to come: what earlier runs have left of several periods, and DEFAULT in as many rounds as it takes. */
export async function cutsOf(ask: Ask, { top, children }: Family, source: Part, { period, bound, role, readable }: { period: Period; bound: number; role: string; readable: boolean }): Promise<Cut[]> {
  const along = axisIn(top);
  if (!along) return [];
  const parts = along.parts;
  const cuts: { part: Part; range: Range | null; periods: Piece[]; copy: Table | null; mirrored: boolean }[] = [];
  const inside = async (part: Named & { oid: string }, others: Range[], within?: Range) => {
    const [may] = await ask<{ readable: boolean }>(sql`select has_table_privilege(${part.oid}::oid, 'select') and not row_security_active(${part.oid}::oid) as readable`);
    const ranges = may?.readable ? await periodsIn(ask, top, part, { period, others, ...(within ? { within } : {}) }) : within ? cut(within, period) : [];
    return ranges.map((range): Piece => ({ ...range, rel: nameFor(top.rel, suffixOf(range, calendarIn(period))) }));
  };
  for (const part of parts.filter(({ several }) => several)) {
    const { copy, mirrored } = await traces(ask, part, written(part), role);
    cuts.push({ part, range: { from: part.from, to: part.to }, periods: await inside(part, parts.filter((one) => one !== part), part), copy, mirrored });
  }
  const { copy, ...begun } = await traces(ask, source, written(source), role);
  const mirrored = begun.mirrored && (copy === null || (await isUpToDate(ask, source, copy)));
  cuts.push({ part: source, range: null, periods: readable ? await inside(source, parts) : [], copy, mirrored });
  const further = atATime(bound, checksMs.dependents, parts.length + cuts.reduce((sum, { periods }) => sum + periods.length, 0), children.length);
  const first = atATime(bound, checksMs.all, parts.length, children.length);
  const calendar = calendarIn(period);
  const planned = cuts.flatMap(({ part, range, periods, ...left }): Cut[] => {
    const of = { schema: part.schema, rel: part.rel, rows: part.rows, bytes: part.bytes, range };
    if (range) return [{ ...of, ...left, place: part.oid, pieces: grouped(top, periods, { first: further, further, taken: [], calendar }) }];
    // A copy that no trigger kept up is out of date, and one whose DEFAULT lacks what the other has by now.
    const kept = mirrored && copy ? (axisIn(copy)?.parts ?? []) : [];
    if (kept.length > 0) return [{ ...of, ...left, place: part.oid, pieces: kept.map((one) => keptPiece(top, one, periods, { further, calendar })) }];
    const groups = grouped(top, periods, { first, further, taken: parts, calendar });
    const rounds = Array.from({ length: Math.max(1, Math.ceil(groups.length / first)) }, (_, round) => groups.slice(round * first, (round + 1) * first));
    return rounds.map((pieces, round): Cut => ({ ...of, ...(round === 0 ? left : { copy: null, mirrored: false }), place: round === 0 ? part.oid : `${part.oid}_round_${round}`, pieces }));
  });
  const fresh = planned.flatMap(({ pieces }) => allOf(pieces)).filter((piece) => !copy?.parts.some(({ rel }) => mirrored && rel === piece.rel));
  const abandoned = cuts.filter((one) => one.range !== null || !one.mirrored).flatMap((one) => one.copy?.parts ?? []);
  const names = await freeNames(ask, top.schema, fresh.map(({ rel }) => rel), abandoned.map(({ rel }) => rel));
  for (const [index, piece] of fresh.entries()) piece.rel = names[index] ?? piece.rel;
  return planned;
}

function keptPiece(top: Table, { rel, from, to, several }: Placed, periods: Piece[], { further, calendar }: { further: number; calendar: Calendar }): Piece {
  const into = periods.filter((one) => one.from >= from && one.to <= to);
  return { rel, from, to, ...(several ? { into: grouped(top, into, { first: further, further, taken: [], calendar }) } : {}) };
}

type Setting = { axis: Axis; /** What has its partition before. */ parts: Range[]; role: string };

/** The new partitions stand in a tree of their own until they change places with what is cut; each has its bounds as a check, so that attaching reads nothing. */
function buildSteps({ top, references, replaced }: Rescue, of: Cut, { axis, role }: Setting): Step[] {
  const [copy, rest, key] = [copyOf(of), restOf(of), top.key ?? ''];
  const leaves = of.pieces.flatMap((piece) => {
    const part = { schema: top.schema, rel: piece.rel };
    return [createLike(part, top), ...ownedBy(part, top, role), boundsProof(part, axis, key, piece), ...(piece.into ? [sql`COMMENT ON TABLE ${named(part)} IS ${literal(severalComment)}`] : []), attachSql(copy, part, boundsOn(axis, piece))];
  });
  const names = of.pieces.map(({ rel }) => rel).join(', ');
  const build: Step = {
    sql: [sql`CREATE TABLE ${named(copy)} (LIKE ${named(top)} INCLUDING ALL EXCLUDING IDENTITY) PARTITION BY RANGE (${ident(key)})`, ...ownedBy(copy, top, role), sql`COMMENT ON TABLE ${named(copy)} IS ${literal(copyComment(written(of)))}`,
      ...leaves, ...(of.range || !replaced ? [createLike(rest, top), ...ownedBy(rest, top, role), attachSql(copy, rest, sql`DEFAULT`)] : createReplacement(of, rest, { copy, top, role, properties: replaced.properties }))],
    note: of.range ? `Creates ${names} in a tree of their own beside ${top.rel}.` : `Creates ${names}, and an empty DEFAULT to come with all that is ${of.rel}’s own, in a tree of their own beside ${top.rel}.`, lock: 'ACCESS SHARE', waits: 'bounded',
  };
  const own = of.range ? [] : [{ ...rest, keys: [...references, ...(replaced?.references ?? [])] }];
  const all = [...of.pieces.map(({ rel }) => ({ schema: top.schema, rel, keys: references })), ...own].filter(({ keys }) => keys.length > 0);
  const some = Array.from({ length: Math.ceil(all.length / 5) }, (_, index) => all.slice(index * 5, index * 5 + 5));
  // While they are empty there is nothing to validate, and attaching takes it as the table’s own.
  return [build, ...some.map((list): Step => ({ sql: list.flatMap((part) => part.keys.flatMap((one) => [addReference(part, one, one), ...(references.includes(one) ? [] : commentOfKey(part, one))])), note: `${list.map(({ rel }) => rel).join(', ')}: refer to what ${top.rel} refers to.`, lock: 'SHARE ROW EXCLUSIVE', waits: 'bounded' }))];
}

/** What is DEFAULT after it is proved before to hold none of the rows that the others are for, so that nothing is read under the lock. */
function swapSteps({ top, children, source, as_owner: asOwner, major, replaced }: Rescue, of: Cut, { axis, parts }: Setting): Step[] {
  const [copy, rest, old] = [copyOf(of), restOf(of), retiredOf(of)];
  const detach = detachSql(top, of);
  const fallback = { schema: top.schema, rel: source?.rel ?? '' };
  const retire = [sql`COMMENT ON TABLE ${named(of)} IS ${literal(`${retiredComment(top.oid)}${of.rel}`)}`, sql`ALTER TABLE ${named(of)} RENAME TO ${ident(old.rel)}`];
  const leave = [...dropMirror(of), ...(children.length > 0 ? veiled(of, detach) : [detach])];
  const come = of.pieces.flatMap((piece) => [detachSql(copy, { schema: top.schema, rel: piece.rel }), attachSql(top, { schema: top.schema, rel: piece.rel }, boundsOn(axis, piece))]);
  const owner = asOwner && !top.sees_all ? [sql`SET LOCAL ROLE ${ident(top.owner)}`] : [];
  const prove = (held: Named, ranges: Range[]) => proveSteps(held, sql`NOT (${join(ranges.map((range) => sql`(${inRange(axis, top.key ?? '', range)})`), sql` OR `)})`, { name: notHere, what: 'that it holds none of these rows' });
  if (!of.range) {
    return [...prove(rest, contiguousRanges([...parts, ...of.pieces])), {
      sql: [
        ...owner, ...refuseReplacement(of, rest), lockAll([top, of]), refusePartDependents(of, major), ...(replaced ? takeOver(of, rest, replaced) : []), ...leave, ...come, detachSql(copy, rest), ...retire, sql`ALTER TABLE ${named(rest)} RENAME TO ${ident(of.rel)}`,
        sql`ALTER TABLE ${named(top)} ATTACH PARTITION ${named(of)} DEFAULT`, dropCheck(of, notHere),
      ],
      note: `The new partitions and an empty DEFAULT take the place of ${of.rel}: whoever looks sees every row once, before and after.`, lock: 'ACCESS EXCLUSIVE', waits: 'bounded',
    }];
  }
  const astray = sql`SELECT CASE WHEN EXISTS (SELECT FROM ONLY ${named(rest)}) THEN ${literal(`Rows have come into ${of.rel} of periods that it held none of before.`)} END AS refuses`;
  return [
    ...prove(fallback, [of.range]),
    {
      sql: [...owner, lockAll([top, of, fallback]), refusePartDependents(of, major), astray, ...leave, ...come, ...retire, dropCheck(fallback, notHere)],
      note: `The partitions of its periods take the place of ${of.rel}: whoever looks sees every row once, before and after.`, lock: 'ACCESS EXCLUSIVE', waits: 'bounded',
    },
  ];
}

/** After the change of places: what is left is what was there before, whose every row is in its partition. */
export const endSteps = (of: Named): Step[] => [
  { sql: [sql`DROP TABLE ${named(retiredOf(of))}`, sql`DROP FUNCTION IF EXISTS ${named(mirrorFunction(of))}()`, sql`DROP TABLE IF EXISTS ${named(copyOf(of))}`], note: `Drops what was ${of.rel}: its rows are in their partitions. Tables that it refers to are locked for a moment.`, lock: 'ACCESS EXCLUSIVE', waits: 'bounded' },
];

function cutSteps(rescue: Rescue, of: Cut, setting: Setting): Step[] {
  const { top } = rescue;
  const abandoned = of.copy || of.mirrored ? abandonSteps(of) : [];
  if (of.pieces.length === 0 && of.range === null) return abandoned;
  // A copy of DEFAULT is gone on with; of what is less it is made anew, for the periods that it has now.
  const kept = of.mirrored && of.copy !== null && of.range === null;
  const mirror: Mirror = { source: of, copy: copyOf(of), columns: top.columns, primary_key: top.primary_key, owner: top.owner, role: setting.role };
  const begun = kept ? [] : [...abandoned, ...buildSteps(rescue, of, setting), ...(of.range ? [] : [tryStep(mirror)]), ...mirrorSteps(mirror)];
  return [...begun, fillStep(mirror), compareStep(mirror), ...swapSteps(rescue, of, setting), ...endSteps(of)];
}

/** What of the partitions of a cut is to be cut in turn. */
const furtherOf = (of: Cut): Cut[] => of.pieces.flatMap(({ rel, from, to, into }, index): Cut[] => (into ? [{ schema: of.schema, rel, place: `${of.place}_${index}`, rows: null, bytes: 0, range: { from, to }, pieces: into, copy: null, mirrored: false }] : []));

/** DEFAULT first, in all its rounds: what lies between the periods of a partition of several is DEFAULT’s again once that is cut. */
export function rescueSteps(rescue: Rescue, { role, undo }: { role: string; undo: boolean }): Step[] {
  const along = axisIn(rescue.top);
  if (!along) return [];
  const ends = rescue.retired.flatMap(endSteps);
  if (undo) return [...ends, ...rescue.cuts.filter(({ copy, mirrored }) => copy || mirrored).flatMap(abandonSteps)];
  const rounds = rescue.cuts.filter(({ range }) => range === null);
  const parts: Range[] = [...along.parts];
  const steps: Step[] = [];
  for (const of of rounds) {
    steps.push(...cutSteps(rescue, of, { axis: along.axis, parts: [...parts], role }));
    parts.push(...of.pieces);
  }
  const waiting = [...rescue.cuts.filter(({ range }) => range !== null), ...rounds.flatMap(furtherOf)];
  for (let of = waiting.shift(); of; of = waiting.shift()) {
    steps.push(...cutSteps(rescue, of, { axis: along.axis, parts, role }));
    waiting.unshift(...furtherOf(of));
  }
  return [...ends, ...steps];
}

/** Of those of a table that is none yet, the names of the partitions to come. */
export const pieceNames = (top: Table, ranges: Range[]): string[] => ranges.map((range) => nameFor(top.rel, suffixOf(range)));
