import type { Step } from '@/lib/kit/action';
import { inlineNumber, join, sql, type SQL } from '@/lib/pg/sql';
import { asOwner, veiled, type Archived, type ArchiveFamily } from './archives';
import { alike, axisIn, named, type Axis, type Child, type Placed, type Table } from './family';
import { moveStep, type Along } from './move';
import { attachSql, boundsOn, createLike, detachSql, inRange, insideOf, nameFor, ownedBy, proveSteps } from './partition-steps';
import { suffixOf, uncovered } from './periods';
import { overlaps } from './range-sets';
import type { Range } from './time-axis';

type Named = { schema: string; rel: string };
const dayMs = 86_400_000;

/** What is older than this many days, by the database's clock: whole days, in UTC. */
export const cutoffOf = ({ now_ms: now }: { now_ms: number }, days: number): number => Math.floor((now - days * dayMs) / dayMs) * dayMs;

/** One partition whose rows go: moved whole with its children’s, or `until` a moment row by row. */
export type Going = { part: Placed; until: number; whole: { child: Child; archive: Archived<Child>; part: Placed }[] | null };

const archivedParts = ({ archive }: Archived): Placed[] => (archive ? (axisIn(archive)?.parts ?? []) : []);

/** The children’s partitions of the same bounds; null where the rows that refer to this partition may lie elsewhere too. */
function companions(family: ArchiveFamily, part: Placed): Going['whole'] {
  const found: NonNullable<Going['whole']> = [];
  for (const archive of family.others) {
    const child = archive.table;
    const along = alike(family.top, child) ? axisIn(child) : null;
    if (!along) return null;
    const near = along.parts.filter((one) => overlaps(one, part));
    const same = near.find((one) => one.from === part.from && one.to === part.to && one.kind === 'r' && !one.secured);
    if (near.length > 1 || (near.length === 1 && !same) || (!same && child.fallback)) return null;
    if (same && archivedParts(archive).some((one) => overlaps(one, part))) return null;
    if (same) found.push({ child, archive, part: same });
  }
  return found;
}

/** What the retention lets go, the oldest first. */
export function goingOf(family: ArchiveFamily, cutoff: number, partial: boolean): Going[] {
  const along = axisIn(family.top);
  if (!along) return [];
  return along.parts.filter((part) => part.kind === 'r' && !part.pending && (part.to <= cutoff || (partial && part.from < cutoff))).map((part): Going => {
    const movable = part.to <= cutoff && Number.isFinite(part.from) && !part.secured && !archivedParts(family.main).some((one) => overlaps(one, part));
    return { part, until: Math.min(part.to, cutoff), whole: movable ? companions(family, part) : null };
  });
}

/** The foreign keys by which a detached partition still refers: PostgreSQL may have made them anew by other names. */
export const dropReferences = (part: { oid: string }, to: { oid: string }): SQL => sql`DO $$ DECLARE k name; BEGIN FOR k IN SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = ${inlineNumber(Number(part.oid))} AND confrelid = ${inlineNumber(Number(to.oid))} AND conparentid = 0
LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', ${inlineNumber(Number(part.oid))}::regclass, k); END LOOP; END $$`;

export const lockAll = (tables: Named[]): SQL => sql`LOCK TABLE ${join(tables.map((table) => sql`ONLY ${named(table)}`), sql`, `)} IN ACCESS EXCLUSIVE MODE`;

function wholeSteps(family: ArchiveFamily, { part, whole }: Going, axis: Axis): Step[] {
  const moved = whole ?? [];
  const { top, main } = family;
  const proofs = [{ table: top as Table, part }, ...moved.map((one) => ({ table: one.child as Table, part: one.part }))].filter((one) => !one.part.proven)
    .flatMap((one) => proveSteps(one.part, insideOf(axis, one.table.key ?? '', part), { what: 'what its bounds are' }));
  const bounds = boundsOn(axis, part);
  const statements = [
    ...asOwner(family), lockAll([top, ...moved.map(({ child }) => child)]),
    ...moved.flatMap((one) => [detachSql(one.child, one.part), dropReferences(one.part, top)]),
    ...(moved.length > 0 ? veiled(part, detachSql(top, part)) : [detachSql(top, part)]),
    attachSql(main.place, part, bounds), ...moved.map((one) => attachSql(one.archive.place, one.part, bounds)),
  ];
  const names = [part, ...moved.map((one) => one.part)].map(({ rel }) => rel).join(', ');
  return [...proofs, { sql: statements, note: `Moves ${names} into the archive: the files stay where they are, only the catalog changes. Whoever looks sees all of it before, or all of it after.`, lock: 'ACCESS EXCLUSIVE', waits: 'bounded' }];
}

/** Partitions of an archive for what none of it holds yet. */
function archivePieces({ table, place, archive }: Archived, range: Range, { axis, role }: { axis: Axis; role: string }): SQL[] {
  return uncovered(archive ? (axisIn(archive)?.parts ?? []) : [], range).flatMap((piece) => {
    const part = { schema: place.schema, rel: nameFor(place.rel, `${suffixOf(piece)}${piece.from === range.from && piece.to === range.to ? '' : `_to_${suffixOf({ from: piece.to, to: piece.to + dayMs })}`}`) };
    return [createLike(part, place), ...ownedBy(part, table, role), attachSql(place, part, boundsOn(axis, piece))];
  });
}

function rowSteps(family: ArchiveFamily, { part, until }: Going, { axis, role }: { axis: Axis; role: string }): Step[] {
  const { top, main, others } = family;
  const range = { from: part.from, to: until };
  const pieces = [main, ...others.filter(({ table }) => alike(top, table))].flatMap((one) => archivePieces(one, range, { axis, role }));
  const along = others.map(({ table, place }): Along => ({ source: table, target: place, columns: table.columns, from: table.from, to: table.to }));
  const share = Number.isFinite(part.from) && Number.isFinite(part.to) ? (until - part.from) / (part.to - part.from) : 1;
  const expected = part.rows === null ? null : Math.round(part.rows * share);
  const note = `Moves rows of ${part.rel}${until < part.to ? ` before ${axis.write(until)}` : ''} into the archive, a few thousand at a time, each with what refers to it; counted and summed on both sides before every commit.`;
  return [
    ...(pieces.length === 0 ? [] : [{ sql: pieces, note: `Creates the archive’s partitions for ${part.rel}.`, lock: null, waits: 'bounded' } satisfies Step]),
    moveStep({ leaf: part, where: inRange(axis, top.key ?? '', { from: -Infinity, to: until }), target: main.place, columns: top.columns, along, expected }, note),
  ];
}

export function archiveSteps(family: ArchiveFamily, going: Going[], role: string): Step[] {
  const along = axisIn(family.top);
  if (!along) return [];
  return going.flatMap((one) => (one.whole ? wholeSteps(family, one, along.axis) : rowSteps(family, one, { axis: along.axis, role })));
}
