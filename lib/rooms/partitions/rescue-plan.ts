import type { Step } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { ident, literal, sql, type SQL } from '@/lib/pg/sql';
import { lockAll } from './archive-plan';
import { veiled } from './archives';
import { axisIn, named, tablesOf, type Axis, type Family, type Part, type Table } from './family';
import { abandonSteps, compareStep, copyComment, copyOf, dropMirror, fillStep, mirrorFunction, mirrorSteps, mirrorTrigger, tryStep, type Mirror } from './mirror';
import { attachSql, boundsOn, boundsProof, createLike, detachSql, nameFor, ownedBy, valueOn } from './partition-steps';
import { endOf, startOf, suffixOf, uncovered, type Period } from './periods';
import { addReference, type Key } from './references';
import type { Range } from './time-axis';

type Named = { schema: string; rel: string };
export type Piece = Range & { rel: string };
export type Rescue = Family & { source: Part | null; pieces: Piece[]; copy: Table | null; mirrored: boolean; retired: boolean; taken: boolean; readable: boolean; references: (Key & Named)[]; as_owner: boolean };

export const retiredOf = ({ schema, rel }: Named): Named => ({ schema, rel: nameFor(rel, 'riskdesk_old') });
/** By which what was DEFAULT is known, so that nobody’s table is dropped for its name. */
const retiredComment = 'riskdesk: every row of this is in its partition';
const restOf = ({ schema, rel }: Named): Named => ({ schema, rel: nameFor(rel, 'riskdesk_rest') });
const most = 120;

/** The periods of which DEFAULT holds rows, by going from one to the next: as many looks as there are periods. */
export async function periodsIn(ask: Ask, top: Table, source: Part, period: Period): Promise<Range[]> {
  const along = axisIn(top);
  if (!along || top.key === null) return [];
  const { axis, parts } = along;
  const key = ident(top.key);
  const anchor = parts.at(-1)?.to;
  const found: Range[] = [];
  let after: SQL = /^(date|timestamp)/.test(top.key_type ?? '') ? sql`${key} > '-infinity'` : sql`${key} IS NOT NULL`;
  while (found.length < most) {
    const [row] = await ask<{ at: string }>(sql`select ${key}::text as at from only ${named(source)} where ${after} order by ${key} limit 1`);
    const moment = row ? axis.read(row.at) : null;
    if (moment === null) return found;
    const start = startOf(period, moment, anchor !== undefined && Number.isFinite(anchor) ? anchor : undefined);
    const piece = uncovered(parts, { from: start, to: endOf(period, start) }).find(({ from, to }) => from <= moment && moment < to);
    if (!piece) return found;
    found.push(piece);
    after = sql`${key} >= ${valueOn(axis, piece.to)}`;
  }
  return found;
}

/** What an earlier run has left, by the catalog. */
export async function traces(ask: Ask, source: Named & { oid: string }, role: string): Promise<{ copy: Table | null; mirrored: boolean; retired: boolean; taken: boolean }> {
  const copy = copyOf(source);
  const [found] = await ask<{ oid: string | null; mirrored: boolean; retired: boolean; taken: boolean }>(sql`
    select (select c.oid::text from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = ${copy.schema} and c.relname = ${copy.rel} and obj_description(c.oid, 'pg_class') = ${copyComment(source.oid)}) as oid,
      exists (select from pg_trigger where tgrelid = ${source.oid}::oid and tgname = ${mirrorTrigger}) as mirrored,
      coalesce(bool_or(obj_description(o.oid, 'pg_class') = ${retiredComment}), false) as retired, count(o.oid) > 0 as taken
    from (select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = ${source.schema} and c.relname = ${retiredOf(source).rel}) o`);
  const table = found?.oid ? (await tablesOf(ask, [found.oid], role)).get(found.oid) : undefined;
  return { copy: table ?? null, mirrored: found?.mirrored ?? false, retired: found?.retired ?? false, taken: found?.taken ?? false };
}

/** The new partitions stand in a tree of their own until they change places with DEFAULT; each has its bounds as a check, so that attaching reads nothing. */
function buildSteps({ top, references }: Rescue, source: Part, { pieces, axis, role }: { pieces: Piece[]; axis: Axis; role: string }): Step[] {
  const [copy, key] = [copyOf(source), top.key ?? ''];
  const leaf = (part: Named, bounds: SQL, check: SQL[]) => [
    createLike(part, top), ...ownedBy(part, top, role), ...check, attachSql(copy, part, bounds),
  ];
  const leaves = pieces.flatMap((piece) => {
    const part = { schema: top.schema, rel: piece.rel };
    return leaf(part, boundsOn(axis, piece), [boundsProof(part, axis, key, piece)]);
  });
  const build: Step = {
    sql: [sql`CREATE TABLE ${named(copy)} (LIKE ${named(top)} INCLUDING ALL EXCLUDING IDENTITY) PARTITION BY RANGE (${ident(key)})`, ...ownedBy(copy, top, role), sql`COMMENT ON TABLE ${named(copy)} IS ${literal(copyComment(source.oid))}`,
      ...leaves, ...leaf(restOf(source), sql`DEFAULT`, [])],
    note: `Creates ${pieces.map(({ rel }) => rel).join(', ')}, and an empty DEFAULT to come, in a tree of their own beside ${top.rel}.`, lock: 'ACCESS SHARE', waits: 'bounded',
  };
  const parts = references.length === 0 ? [] : [...pieces.map(({ rel }) => ({ schema: top.schema, rel })), restOf(source)];
  // While it is empty there is nothing to validate, and attaching takes it as the table’s own.
  return [build, ...parts.map((part): Step => ({ sql: references.map((one) => addReference(part, one, one)), note: `${part.rel} refers to what ${top.rel} refers to.`, lock: 'SHARE ROW EXCLUSIVE', waits: 'bounded' }))];
}

function swapStep(rescue: Rescue, source: Part, { pieces, axis }: { pieces: Piece[]; axis: Axis }): Step {
  const { top, children, as_owner: asOwner } = rescue;
  const [copy, rest] = [copyOf(source), restOf(source)];
  const detach = detachSql(top, source);
  return {
    sql: [
      ...(asOwner && !top.sees_all ? [sql`SET LOCAL ROLE ${ident(top.owner)}`] : []),
      lockAll([top, source]), ...dropMirror(source), ...(children.length > 0 ? veiled(source, detach) : [detach]),
      ...pieces.flatMap((piece) => [detachSql(copy, { schema: top.schema, rel: piece.rel }), attachSql(top, { schema: top.schema, rel: piece.rel }, boundsOn(axis, piece))]),
      detachSql(copy, rest), sql`COMMENT ON TABLE ${named(source)} IS ${literal(retiredComment)}`, sql`ALTER TABLE ${named(source)} RENAME TO ${ident(retiredOf(source).rel)}`, sql`ALTER TABLE ${named(rest)} RENAME TO ${ident(source.rel)}`,
      sql`ALTER TABLE ${named(top)} ATTACH PARTITION ${named(source)} DEFAULT`,
    ],
    note: `The new partitions and an empty DEFAULT take the place of ${source.rel}: whoever looks sees every row once, before and after.`, lock: 'ACCESS EXCLUSIVE', waits: 'bounded',
  };
}

/** After the change of places: what is left is the old DEFAULT, whose every row is in its partition. */
export const endSteps = (source: Named): Step[] => [
  { sql: [sql`DROP TABLE ${named(retiredOf(source))}`, sql`DROP FUNCTION IF EXISTS ${named(mirrorFunction(source))}()`, sql`DROP TABLE IF EXISTS ${named(copyOf(source))}`], note: `Drops what was ${source.rel}: its rows are in their partitions. Tables that it refers to are locked for a moment.`, lock: 'ACCESS EXCLUSIVE', waits: 'bounded' },
];

export function rescueSteps(rescue: Rescue, { role, undo }: { role: string; undo: boolean }): Step[] {
  const { top, source, copy, mirrored, retired } = rescue;
  const along = axisIn(top);
  if (!source || !along) return [];
  if (retired) return endSteps(source);
  if (undo) return mirrored || copy ? abandonSteps(source) : [];
  // A copy that no trigger kept up is out of date.
  const kept = mirrored ? copy : null;
  const pieces = kept ? (axisIn(kept)?.parts ?? []).map(({ rel, from, to }) => ({ rel, from, to })) : rescue.pieces;
  if (pieces.length === 0) return [];
  const mirror: Mirror = { source, copy: copyOf(source), columns: top.columns, primary_key: top.primary_key, owner: top.owner, role };
  const begun = kept ? [] : [...(copy || mirrored ? abandonSteps(source) : []), ...buildSteps(rescue, source, { pieces, axis: along.axis, role }), tryStep(mirror), ...mirrorSteps(mirror)];
  return [...begun, fillStep(mirror), compareStep(mirror), swapStep(rescue, source, { pieces, axis: along.axis }), ...endSteps(source)];
}

/** The names of the partitions to come. */
export const pieceNames = (top: Table, ranges: Range[]): string[] => ranges.map((range) => nameFor(top.rel, suffixOf(range)));
