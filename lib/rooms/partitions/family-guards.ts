import type { Refusal } from '@/lib/kit/action';
import { render } from '@/lib/pg/sql';
import { calendarOf } from './calendar';
import { alike, axisIn, named, written, type Child, type Family, type Table } from './family';

const nameOf = (table: { schema: string; rel: string }): string => render(named(table)).text;

/** What speaks against changing these tables, or creating others beside them, by this role. */
export function rightGuards(tables: Table[], role: string, creating: boolean): Refusal[] {
  const foreign = tables.filter(({ owned }) => !owned);
  const closed = [...new Set(tables.filter(({ creates }) => creating && !creates).map(({ schema }) => schema))];
  return [
    ...foreign.slice(0, 1).map((table) => ({ name: 'privilege', says: `${role} does not own ${nameOf(table)}.`, saferWay: `GRANT "${table.owner.replaceAll('"', '""')}" TO ${role};` })),
    ...closed.slice(0, 1).map((schema) => ({ name: 'privilege', says: `${role} may not create tables in the schema ${schema}.`, saferWay: `GRANT CREATE ON SCHEMA ${render(named({ schema, rel: '' })).text.split('.')[0]} TO ${role};` })),
  ];
}

export const timeGuard = (top: Table): Refusal[] => (axisIn(top) ? [] : [{
  name: 'key', saferWay: null,
  says: top.strategy === 'r' ? 'Its key is no time that this can reckon with: one column of a date, a timestamp, or a number or uuid whose bounds are moments.' : 'It is not partitioned by ranges of a time.',
}]);

const isClosed = ({ from, to }: { from: number; to: number }): boolean => Number.isFinite(from) && Number.isFinite(to);

/** What speaks against a zone that a person has named; none is an empty one. */
export function zoneGuard(top: Table, zone: string): Refusal[] {
  if (zone === '') return [];
  if (!calendarOf(zone)) return [{ name: 'zone', says: `${zone} is no time zone that this knows.`, saferWay: 'Its name is one such as Europe/Berlin, or UTC.' }];
  return axisIn(top)?.axis.zoned === false ? [{ name: 'zone', says: 'Its key has no time zone: its bounds are the days themselves.', saferWay: 'Name none.' }] : [];
}

/** Why it is not known how long the next partitions of a table are: in these `zones` its bounds would be days, and the next ones others in each. */
export function lengthGuard(table: Table, zones: string[]): Refusal[] {
  if (!axisIn(table)?.parts.some(isClosed)) return [{ name: 'period', says: 'It has no partition yet whose length could be taken.', saferWay: 'Say how long each is to be.' }];
  const some = zones.slice(0, 3).join(', ');
  return [zones.length === 0
    ? { name: 'zone', says: `The bounds of ${written(table)} are days of no time zone, and not of one length: where the next one ends cannot be told.`, saferWay: 'Name the time zone that they are meant in: UTC, say.' }
    : { name: 'zone', says: `The bounds of ${written(table)} are days of ${zones.length} time zones (${some}${zones.length > 3 ? ' and more' : ''}), and those of the partitions to create would differ.`, saferWay: 'Name the time zone that they are meant in.' }];
}

/** Rows that a policy hides from the owner would be left behind, or counted wrong. */
export const policyGuard = (tables: Table[]): Refusal[] => tables.filter(({ forced }) => forced).slice(0, 1).map((table) => ({ name: 'row_security', says: `Row security is forced on ${nameOf(table)}: rows may be hidden from the role that would move them.`, saferWay: null }));

/** A half-detached partition is in the way of every other change of the tree. */
export const pendingGuard = (tables: Table[]): Refusal[] =>
  tables.flatMap(({ parts }) => parts).filter(({ pending }) => pending).slice(0, 1).map((part) => ({ name: 'pending', says: `The detaching of ${nameOf(part)} did not finish.`, saferWay: `Finish it first: partitions.detach on ${nameOf(part)}.` }));

/** What has to hold where rows go elsewhere together with those that refer to them. */
export function childGuards({ top, children }: Family): Refusal[] {
  const own = children.filter(({ oid }) => oid === top.oid);
  const further = children.filter(({ referred, oid }) => referred && oid !== top.oid);
  return [
    ...own.map(({ fk }) => ({ name: 'self_reference', says: `The table refers to itself (${fk}): a row’s referring rows may lie anywhere.`, saferWay: null })),
    ...further.map((child) => ({ name: 'grandchildren', says: `Other tables refer to ${nameOf(child)}, which refers to this one.`, saferWay: null })),
    ...children.filter((child: Child) => !child.indexed).map((child) => ({ name: 'unindexed', says: `No index of ${nameOf(child)} begins with the columns of ${child.fk}: each batch would read all of it.`, saferWay: `CREATE INDEX ON ${nameOf(child)} (${child.from.map((name) => `"${name.replaceAll('"', '""')}"`).join(', ')});` })),
  ];
}

export const allAlike = ({ top, children }: Family): boolean => children.every((child) => alike(top, child));
