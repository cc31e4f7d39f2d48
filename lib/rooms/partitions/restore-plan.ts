import type { Step } from '@/lib/kit/action';
import { ident, sql } from '@/lib/pg/sql';
import type { Archived, ArchiveFamily } from './archives';
import { alike, axisIn, named, type Axis, type Child, type Placed, type Table } from './family';
import { moveStep } from './move';
import { attachSql, boundsOn, detachSql, dropCheck, inRange, insideOf, nameFor, newPartition, proveSteps } from './partition-steps';
import { suffixOf, uncovered } from './periods';
import { overlaps } from './range-sets';
import { addReference } from './references';
import type { Range } from './time-axis';

/** What comes back of an archive: a partition as it is, or the rows of one that are wanted. */
export type Coming = { of: Archived; part: Placed; range: Range; whole: boolean };

const partsIn = (table: Table | null): Placed[] => (table ? (axisIn(table)?.parts ?? []) : []);
const same = (part: Placed) => (one: Placed) => one.from === part.from && one.to === part.to;
const clip = (part: Placed, range: Range): Range => ({ from: Math.max(part.from, range.from), to: Math.min(part.to, range.to) });

/** The partitions of the archives that lie in a stretch of time; whole ones where the tables have nothing there. */
export function comingOf(family: ArchiveFamily, range: Range): Coming[] {
  const loose = family.others.some(({ table, archive }) => archive !== null && !alike(family.top, table));
  const own = partsIn(family.main.archive).filter((part) => part.kind === 'r');
  const free = (table: Table, part: Placed) => !partsIn(table).some((one) => overlaps(one, part));
  const inside = (part: Placed) => part.from >= range.from && part.to <= range.to;
  const parentWhole = (part: Placed) => inside(part) && free(family.top, part) && !loose;
  // Back already, by a job that ended after that, or coming whole as well.
  const parentThere = (part: Placed) => (own.some((one) => overlaps(one, part)) ? own.some((one) => same(part)(one) && parentWhole(one)) : partsIn(family.top).some(same(part)));
  const of = (archived: Archived, whole: (part: Placed) => boolean) => partsIn(archived.archive).filter((part) => part.kind === 'r' && overlaps(part, range)).map((part): Coming => ({ of: archived, part, range: clip(part, range), whole: whole(part) }));
  const children = family.others.filter(({ table }) => alike(family.top, table));
  return [...of(family.main, parentWhole), ...children.flatMap((child) => of(child, (part) => inside(part) && free(child.table, part) && !loose && parentThere(part)))];
}

const fallbackCheck = 'riskdesk_not_here';

/** The parent’s partition first, with its children’s foreign keys; then each child’s, once its rows are known to refer to something. */
function wholeSteps(family: ArchiveFamily, coming: Coming[], axis: Axis): Step[] {
  const { top } = family;
  const parents = coming.filter(({ of }) => of === family.main);
  const proofs = coming.filter(({ part }) => !part.proven).flatMap(({ part, of }) => proveSteps(part, insideOf(axis, of.table.key ?? '', part), { what: 'what its bounds are' }));
  const steps = parents.flatMap(({ part, of }) => [
    ...fallbackProof(top, part, axis),
    { sql: [detachSql(of.place, part), attachSql(top, part, boundsOn(axis, part))], note: `Moves ${part.rel} back into ${top.rel}: the files stay where they are.`, lock: 'ACCESS EXCLUSIVE', waits: 'bounded' } satisfies Step,
  ]);
  const children = coming.filter(({ of }) => of !== family.main).flatMap(({ part, of }): Step[] => {
    const child = of.table as Child;
    return [
      { sql: [sql`ALTER TABLE ONLY ${named(part)} DROP CONSTRAINT IF EXISTS ${ident(child.fk)}`, sql`${addReference(part, child, top)} NOT VALID`], note: `${part.rel} refers to ${top.rel} again.`, lock: 'SHARE ROW EXCLUSIVE', waits: 'bounded' },
      { sql: sql`ALTER TABLE ${named(part)} VALIDATE CONSTRAINT ${ident(child.fk)}`, note: `Every row of ${part.rel} refers to one that is back; reads and writes go on.`, lock: 'ROW SHARE', waits: 'bounded' },
      ...fallbackProof(child, part, axis),
      { sql: [detachSql(of.place, part), attachSql(child, part, boundsOn(axis, part))], note: `Moves ${part.rel} back into ${child.rel}.`, lock: 'ACCESS EXCLUSIVE', waits: 'bounded' },
    ];
  });
  return [...proofs, ...steps, ...children];
}

function fallbackProof({ fallback, key }: Table, range: Range, axis: Axis): Step[] {
  if (!fallback || fallback.kind !== 'r') return [];
  return [...proveSteps(fallback, sql`NOT (${inRange(axis, key ?? '', range)})`, { name: fallbackCheck, what: 'that it holds none of these rows' })];
}

const fallbackEnd = ({ fallback }: Table): Step[] => (fallback ? [{ sql: dropCheck(fallback, fallbackCheck), note: `${fallback.rel}: the check has served.`, lock: 'ACCESS EXCLUSIVE', waits: 'bounded' }] : []);

function rowSteps(family: ArchiveFamily, { part, range }: Coming, { axis, role }: { axis: Axis; role: string }): Step[] {
  const { top, others } = family;
  const created = [top, ...others.map(({ table }) => table).filter((child) => alike(top, child))].flatMap((table) =>
    uncovered(partsIn(table), range).map((piece) => newPartition(table, { schema: table.schema, rel: nameFor(table.rel, suffixOf(piece)) }, { bounds: boundsOn(axis, piece), role })));
  const along = others.filter(({ archive }) => archive !== null).map(({ table, place }) => ({ source: place, target: table, columns: table.columns, from: table.from, to: table.to }));
  return [...created, moveStep({ leaf: part, where: inRange(axis, top.key ?? '', range), target: top, columns: top.columns, along, expected: part.rows }, `Moves rows of ${part.rel} back, a few thousand at a time, each with what refers to it; counted and summed on both sides before every commit.`)];
}

export function restoreSteps(family: ArchiveFamily, coming: Coming[], role: string): Step[] {
  const along = axisIn(family.top);
  if (!along) return [];
  const whole = coming.filter((one) => one.whole);
  // A child’s rows go with their parents’: only what has no parent to come with would be left, and that has a parent in the table.
  const rows = coming.filter((one) => !one.whole && one.of === family.main);
  const touched = [family.top, ...family.children].filter((table) => whole.some(({ of }) => of.table.oid === table.oid));
  return [...wholeSteps(family, whole, along.axis), ...rows.flatMap((one) => rowSteps(family, one, { axis: along.axis, role })), ...touched.flatMap(fallbackEnd)];
}
