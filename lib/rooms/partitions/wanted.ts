import type { Step } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { inlineNumber, sql } from '@/lib/pg/sql';
import { axisIn, named, type Table } from './family';
import { missingRemainders } from './hash';
import { boundsOn, boundsProof, dropCheck, inRange, nameFor, newPartition, notHere, proveSteps } from './partition-steps';
import { agreed, missingPeriods, readingsOf, suffixOf, type Every } from './periods';
import type { Range } from './time-axis';

export type Asked = { every: Every; ahead: number; gaps: 'yes' | 'no'; zone: string };
/** What a table lacks, with the names that are free for it, and whether DEFAULT holds rows of it; null where that may not be read. Nothing, where time zones that its bounds may be meant in would have other ends: `undecided`. */
export type Wanted = { table: Table; undecided: string[] | null; ranges: (Range & { rel: string })[]; remainders: { modulus: number; remainder: number; rel: string }[]; held: boolean | null };

const mostAhead = 366;

/** These names or the next ones to them that nothing has; what is called `freed` will be gone by then. */
export async function freeNames(ask: Ask, schema: string, names: string[], freed: string[] = []): Promise<string[]> {
  const taken = new Set((await ask<{ rel: string }>(sql`select c.relname::text as rel from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = ${schema}`)).map(({ rel }) => rel));
  for (const name of freed) taken.delete(name);
  return names.map((name) => {
    let free = name;
    for (let count = 2; taken.has(free); count += 1) free = nameFor(name, String(count));
    taken.add(free);
    return free;
  });
}

export async function wantedOf(ask: Ask, table: Table, { every, ahead, gaps, zone }: Asked, now: number): Promise<Wanted> {
  const along = axisIn(table);
  const readings = along ? readingsOf(every, along.parts.filter(({ several }) => !several), zone) : [];
  const found = along && agreed(readings.map((period) => missingPeriods(along.parts, { period, now, ahead: Math.min(ahead, mostAhead), gaps: gaps === 'yes' })));
  const missing = found ?? [];
  const calendars = readings.flatMap((period) => ('ms' in period ? [] : [period.calendar]));
  const remainders = missingRemainders(table.parts.map(({ bound }) => bound));
  const names = await freeNames(ask, table.schema, [...missing.map((range) => nameFor(table.rel, suffixOf(range, calendars[0]))), ...remainders.map(({ modulus, remainder }) => nameFor(table.rel, `${modulus}_${remainder}`))]);
  const ranges = missing.map((range, index) => ({ ...range, rel: names[index] ?? '' }));
  return { table, undecided: along && !found ? calendars.map((one) => one.zone) : null, ranges, remainders: remainders.map((one, index) => ({ ...one, rel: names[missing.length + index] ?? '' })), held: along ? await holds(ask, table, ranges) : false };
}

async function holds(ask: Ask, table: Table, ranges: Range[]): Promise<boolean | null> {
  const along = axisIn(table);
  const { fallback, key } = table;
  const [first, last] = [ranges[0], ranges.at(-1)];
  if (!along || !fallback || key === null || !first || !last) return false;
  const [may] = await ask<{ may: boolean }>(sql`select has_table_privilege(${fallback.oid}::oid, 'select') and not row_security_active(${fallback.oid}::oid) as may`);
  if (!may?.may) return null;
  const [found] = await ask<{ held: boolean }>(sql`select exists (select from only ${named(fallback)} where ${inRange(along.axis, key, { from: first.from, to: last.to })}) as held`);
  return found?.held ?? false;
}

export function stepsFor({ table, ranges, remainders }: Wanted, { role, checked }: { role: string; checked: boolean }): Step[] {
  const along = axisIn(table);
  const { fallback, key } = table;
  const hashed = remainders.map(({ modulus, remainder, rel }) => newPartition(table, { schema: table.schema, rel }, { bounds: sql`FOR VALUES WITH (MODULUS ${inlineNumber(modulus)}, REMAINDER ${inlineNumber(remainder)})`, role }));
  const [first, last] = [ranges[0], ranges.at(-1)];
  if (!along || !first || !last || key === null) return hashed;
  const created = ranges.map((range) => {
    const part = { schema: table.schema, rel: range.rel };
    return newPartition(table, part, { bounds: boundsOn(along.axis, range), role, proof: checked ? [boundsProof(part, along.axis, key, range)] : [] });
  });
  // Attaching reads all of DEFAULT under ACCESS EXCLUSIVE, unless a check proves that there is nothing to find.
  if (!fallback || fallback.kind !== 'r') return created;
  const proof = proveSteps(fallback, sql`NOT (${inRange(along.axis, key, { from: first.from, to: last.to })})`, { name: notHere, what: 'that it holds none of these rows' });
  return [...proof, ...created, { sql: dropCheck(fallback, notHere), note: `${fallback.rel}: the check has served.`, lock: 'ACCESS EXCLUSIVE', waits: 'bounded' }];
}
