import { action, type Refusal, type Step } from '@/lib/kit/action';
import { param } from '@/lib/kit/param';
import { standbyGuard } from '@/lib/kit/relation-object';
import { ident, inlineNumber, join, literal, render, sql } from '@/lib/pg/sql';
import { formatBytes, MiB } from '@/lib/units';
import { findSequence, isCapped, isColumnNearer, wideDecimal, type SequenceObject } from './sequence-object';

/** A rewrite of this much takes a second or two; nobody reads or writes the table meanwhile. */
const mostRewritten = 64 * MiB;
const big = 'bigint';

type Asked = { change: string; at: string };

/** Where its own bound ends it first the column stays. */
const columnGrows = (object: SequenceObject): boolean => object.column !== null && ['integer', 'smallint'].includes(object.column.type) && !isCapped(object);

/** Columns whose type it does not change. */
function ofOtherTypes({ schema, rel, column, type, domain }: NonNullable<SequenceObject['column']>): Refusal[] {
  const name = `${schema}.${rel}.${column}`;
  if (domain) return [{ name: 'domain', says: `${name} is of the domain ${domain}, of ${type}: what a domain is of cannot be changed.`, saferWay: 'Create a domain of a wider type, with the same checks, and give the column that type.' }];
  const wider = render(sql`ALTER TABLE ${ident(schema, rel)} ALTER COLUMN ${ident(column)} TYPE`).text;
  return type.startsWith('numeric(') ? [{ name: 'numeric', says: `${name} is ${type}: more digits change the catalog alone.`, saferWay: `${wider} ${wideDecimal(type)};` }] : [];
}

function widening(object: SequenceObject): Refusal[] {
  const { column, type } = object;
  if (isCapped(object)) return [];
  const refusals: Refusal[] = column && isColumnNearer(object, column) ? ofOtherTypes(column) : [];
  if (type === big && !columnGrows(object) && refusals.length === 0) refusals.push({ name: 'wide', says: 'Neither the sequence nor its column is narrower than bigint.', saferWay: null });
  if (!column || !columnGrows(object)) return refusals;
  const name = `${column.schema}.${column.rel}.${column.column}`;
  if (!column.table_owned) refusals.push({ name: 'privilege', says: `The role does not own ${column.schema}.${column.rel}.`, saferWay: 'Make it a member of the owner.' });
  if (column.kind === 'p' || column.bytes > mostRewritten) refusals.push({ name: 'rewrite', says: `${name} is ${column.type}: PostgreSQL would rewrite the table and its indexes${column.kind === 'p' ? ', partition by partition,' : ` (${formatBytes(column.bytes)})`} under ACCESS EXCLUSIVE.`, saferWay: 'Online: add a bigint column, keep it equal by a trigger, fill it in batches, build its index concurrently, and change the names over in one short transaction.' });
  if (column.references.length > 0) refusals.push({ name: 'references', says: `Foreign keys copy its values into narrower columns: ${column.references.join(', ')}.`, saferWay: 'Widen those first.' });
  if (column.views > 0) refusals.push({ name: 'views', says: `${column.views} views or rules use ${name}: PostgreSQL does not change the type of such a column.`, saferWay: 'Drop them and create them anew, in one transaction with the change.' });
  return refusals;
}

/** What keeps it from going on there: a value that rows have, or that it has given out. */
function restarting({ top, last, step, lowest, highest, column }: SequenceObject, at: string): Refusal[] {
  if (column && !column.table_owned) return [{ name: 'privilege', says: `The role does not own ${column.schema}.${column.rel}.`, saferWay: 'Make it a member of the owner.' }];
  if (column && !(column.indexed && column.readable)) return [{ name: 'value', says: 'No index gives the highest value of its column, or this role may not read it: whether values would come twice is not known.', saferWay: null }];
  if (at === '') return column ? [] : [{ name: 'value', says: 'No column owns it: where it should go on is not known.', saferWay: 'Name a value.' }];
  if (!/^-?\d{1,19}$/.test(at)) return [{ name: 'value', says: 'It goes on at a whole number.', saferWay: null }];
  const next = BigInt(at);
  if (next < BigInt(lowest) || next > BigInt(highest)) return [{ name: 'value', says: `It gives values from ${lowest} to ${highest}.`, saferWay: null }];
  const behind = [top, last].some((value) => value !== null && (step > 0 ? next <= BigInt(value) : next >= BigInt(value)));
  return behind ? [{ name: 'again', says: `It stands at ${last ?? 'its beginning'}${top === null ? '' : `, and its column has values up to ${top}`}: from ${at} on values would come twice.`, saferWay: 'Leave the value empty: it goes on behind the last.' }] : [];
}

/** In one transaction, whose locks let nobody ask for a value or insert one between the look and the change; whatever comes first, nothing comes twice. */
function restartStep({ schema, rel, column, step, name }: SequenceObject, at: string): Step {
  const own = ident(schema, rel);
  const table = column && ident(column.schema, column.rel);
  const furthest = column && table ? [sql`(SELECT ${step > 0 ? sql`max` : sql`min`}(${ident(column.column)}) FROM ${table})`] : [];
  const values = [...furthest, sql`(SELECT last_value FROM ${own})`, ...(at === '' ? [] : [sql`${literal(at)}::bigint - ${literal(String(step))}::bigint`])];
  const locked = table ? [sql`LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE`] : [];
  return {
    sql: [...locked, sql`ALTER SEQUENCE ${own} INCREMENT BY ${inlineNumber(step)}`, sql`SELECT setval(${literal(render(own).text)}, ${step > 0 ? sql`greatest` : sql`least`}(${join(values, sql`, `)}))`],
    note: `Lets ${name} go on behind the highest value that its column has and that it has given out${at === '' ? '' : `, from ${at} on at the earliest`}. Inserts wait for milliseconds; the second statement changes nothing and holds off who asks for a value.`, lock: 'SHARE ROW EXCLUSIVE', waits: 'bounded',
  };
}

const steps = (object: SequenceObject, { change, at }: Asked): Step[] => {
  const { schema, rel, column, type } = object;
  const short = 'Values are asked for again within milliseconds.';
  if (change === 'restart') return [restartStep(object, at)];
  if (isCapped(object)) return [{ sql: sql`ALTER SEQUENCE ${ident(schema, rel)} ${object.step > 0 ? sql`NO MAXVALUE` : sql`NO MINVALUE`}`, note: `Its own bound of ${object.step > 0 ? object.highest : object.lowest} goes; its type’s is the next. ${short}`, lock: 'SHARE ROW EXCLUSIVE', waits: 'bounded' }];
  const wide: Step = { sql: sql`ALTER SEQUENCE ${ident(schema, rel)} AS bigint`, note: `Changes the catalog alone. ${short}`, lock: 'SHARE ROW EXCLUSIVE', waits: 'bounded' };
  const grown: Step[] = column && columnGrows(object) ? [{ sql: sql`ALTER TABLE ${ident(column.schema, column.rel)} ALTER COLUMN ${ident(column.column)} TYPE bigint`, note: `Rewrites the table and all its indexes (${formatBytes(column.bytes)}): nobody reads or writes it meanwhile.`, lock: 'ACCESS EXCLUSIVE', waits: 'bounded' }] : [];
  return [...(type === big ? [] : [wide]), ...grown];
};

const recapping = ({ schema, rel, step, lowest, highest }: SequenceObject): string =>
  `-- while its values still fit\n${render(sql`ALTER SEQUENCE ${ident(schema, rel)} ${step > 0 ? sql`MAXVALUE` : sql`MINVALUE`}`).text} ${step > 0 ? highest : lowest};`;

export const sequence = action({
  name: 'sequence',
  title: 'Widen or restart a sequence',
  about: 'Makes a sequence, and the column that it fills, bigint, or takes away its own bound where that is what ends it; or lets it go on behind the highest value of its column.',
  permission: 'maintenance:run',
  risk: 'heavy',
  recurs: false,
  params: { sequence: param.object('Sequence'), change: param.choice('What', ['widen', 'restart']), at: param.text('Restart at (empty: behind the last value)') },
  find: async (ask, { params, role }): Promise<SequenceObject | null> => {
    const found = await findSequence(ask, params.sequence, role);
    // A size bears on a rewrite alone.
    return found && { ...found, bytes: params.change === 'widen' ? found.bytes : null };
  },
  guards: (object, { params, role, server }) => [
    ...standbyGuard(server.inRecovery),
    ...(object.owned ? [] : [{ name: 'privilege', says: `${role} does not own ${object.name}.`, saferWay: `Make ${role} a member of the owner.` }]),
    ...(object.persistence === 't' ? [{ name: 'temporary', says: 'It is another session’s temporary sequence.', saferWay: null }] : []),
    ...(params.change === 'widen' ? widening(object) : restarting(object, params.at.trim())),
  ],
  plan: (object, { params }) => steps(object, { change: params.change, at: params.at.trim() }),
  blocks: 'Inserts that ask for a value wait for milliseconds; where the column is rewritten, everybody who uses the table waits for that.',
  disk: (object) => (columnGrows(object) ? object.bytes : null),
  progress: null,
  figures: async (ask, object) => {
    const { name } = object;
    const [found] = await ask<{ bound: string; last: string | null }>(sql`select q.seqmax::text as bound, case when has_sequence_privilege(q.seqrelid, 'select, usage') then pg_sequence_last_value(q.seqrelid) end::text as last from pg_sequence q where q.seqrelid = to_regclass(${name})`);
    return { last_value: found?.last ?? null, highest_value: found?.bound ?? null };
  },
  inverse: (object, { params }) => (params.change === 'widen' && isCapped(object) ? { sql: recapping(object) } : params.change === 'widen' && object.type !== big && !columnGrows(object) ? { sql: `-- while its values still fit\n${render(sql`ALTER SEQUENCE ${ident(object.schema, object.rel)} AS ${object.type === 'smallint' ? sql`smallint` : sql`integer`}`).text};` } : null),
  settle: async (ask, object, { params, role }) => {
    const now = await findSequence(ask, object.name, role);
    if (params.change === 'restart') return { state: 'undone', says: 'It goes on from where it was, or from where it was to: no value comes twice either way.', mend: [] };
    if (isCapped(object)) return now && !isCapped(now) ? { state: 'done', says: 'Its own bound is gone.', mend: [] } : { state: 'undone', says: 'Nothing has changed.', mend: [] };
    if (now?.type === big && !columnGrows(now)) return { state: 'done', says: 'Both are bigint.', mend: [] };
    return now?.type === big ? { state: 'resumable', says: 'The sequence is bigint, its column is not yet: ask for it again.', mend: [] } : { state: 'undone', says: 'Nothing has changed.', mend: [] };
  },
  stale: ['tables'],
});
