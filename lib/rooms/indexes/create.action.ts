import { action, type Refusal, type Settled, type Step } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { dropStep, nothingLeft, stateOf } from '@/lib/kit/index-leftover';
import { relationGuards, standbyGuard } from '@/lib/kit/relation-object';
import { quoteName } from '@/lib/pg/parser';
import { checkedText, ident, render, sql } from '@/lib/pg/sql';
import { createParams, findNewIndex, type NewIndex, type Part } from './create-object';
import { indexFigures } from './index-figures';

const named = ({ schema, index }: Pick<Part, 'schema' | 'index'>): string => `${quoteName(schema)}.${quoteName(index)}`;

function definitionGuards({ fault, equal, taken, unknown, changing, parts, schema, table_name: table, place }: NewIndex, { params, role }: { params: { tablespace: string }; role: string }): Refusal[] {
  if (fault !== null) return [{ name: 'definition', says: fault, saferWay: null }];
  const refusals: Refusal[] = [];
  if (unknown.length > 0) refusals.push({ name: 'column', says: `${table} has no column ${unknown.join(', ')}.`, saferWay: null });
  if (changing.length > 0) refusals.push({ name: 'changing', says: `${changing.join(', ')} can give something else for the same row another time: an index takes what is IMMUTABLE alone.`, saferWay: null });
  if (place === 'none') refusals.push({ name: 'tablespace', says: `There is no tablespace ${params.tablespace}.`, saferWay: 'Leave it empty for the default one.' });
  if (place === 'closed') refusals.push({ name: 'privilege', says: `${role} may not make anything in the tablespace ${params.tablespace}.`, saferWay: `${render(sql`GRANT CREATE ON TABLESPACE ${ident(params.tablespace)} TO ${ident(role)}`).text};` });
  if (equal) refusals.push(equal.valid ? { name: 'equal', says: `An equal index is there: ${equal.name}.`, saferWay: null } : { name: 'invalid', says: `An equal index is there and invalid: ${equal.name}.`, saferWay: 'Drop it first: indexes.drop_invalid. Or rebuild it: indexes.reindex.' });
  if (taken) refusals.push({ name: 'taken', says: `Something in ${schema} has this name already.`, saferWay: 'Leave the name empty, or choose another.' });
  const foreign = parts.filter(({ kind }) => kind === 'f');
  if (foreign.length > 0) refusals.push({ name: 'foreign', says: `${foreign.map(({ rel }) => rel).join(', ')} is a foreign table: PostgreSQL makes no index there, and the whole would stay invalid.`, saferWay: 'Make the index on each of the other partitions.' });
  const others = parts.filter(({ owned }) => !owned);
  if (others.length > 0) refusals.push({ name: 'privilege', says: `Of its partitions, ${others.slice(0, 5).map(({ rel }) => rel).join(', ')} belong to others.`, saferWay: 'Make the role a member of their owners.' });
  return refusals;
}

const attach = (part: Part, above: Part): Step => ({
  sql: sql`ALTER INDEX ${ident(above.schema, above.index)} ATTACH PARTITION ${ident(part.schema, part.index)}`,
  note: `Makes it a part of the whole. It asks for an ACCESS EXCLUSIVE lock on that index: readers of ${part.rel} are waited for, 100 ms at a time.`, lock: 'ACCESS EXCLUSIVE', waits: 'bounded',
});

function stepsOf(part: Part, above: Part | undefined): Step[] {
  const make: Step = part.kind === 'p'
    ? { sql: checkedText(part.text), note: `Makes the index of ${part.rel} as such, invalid until each partition has its part. It is done at once; writers wait for it.`, lock: 'SHARE', waits: 'bounded' }
    : { sql: checkedText(part.text), note: `Builds the index of ${part.rel} in two passes over the table, and waits between them for transactions that write it.`, lock: 'SHARE UPDATE EXCLUSIVE', waits: 'patient', awaits: { lock: 'SHARE', snapshots: true } };
  return [...(part.there === 'no' ? [make] : []), ...(above && part.there !== 'attached' ? [attach(part, above)] : [])];
}

const built = (object: NewIndex): Part[] => object.parts.filter(({ kind, there }) => kind !== 'p' && there === 'no');

async function settle(ask: Ask, object: NewIndex): Promise<Settled> {
  const [whole] = object.parts;
  const now = whole ? await stateOf(ask, { schema: whole.schema, rel: whole.index }) : null;
  if (now?.valid) return { state: 'done', says: 'The index is there and valid.', mend: [] };
  const mend: Step[] = [];
  for (const part of built(object)) {
    const state = await stateOf(ask, { schema: part.schema, rel: part.index });
    if (state && !state.valid) mend.push(dropStep({ schema: part.schema, rel: part.index }, `Drops ${part.index}, which is half built.`));
  }
  if (object.kind === 'p' && now) return { state: 'resumable', says: 'Some partitions have their part. Ask for the same index again: it goes on from there.', mend };
  return mend.length > 0 ? { state: 'undone', says: 'A half-built index was left behind.', mend } : nothingLeft('There is no such index, and nothing was left behind.');
}

const ofOne = 'No read and no write waits for a build. VACUUM, other builds and changes of the table do. It waits itself for every transaction that writes the table, and at the end for every older snapshot in this database.';
const ofPartitioned = `Writes that go through the partitioned table wait while its own index is made, which holds no rows, and reads and writes of a partition while its part is attached: at most 100 ms at a time. ${ofOne}`;

export const create = action({
  name: 'create',
  title: 'Create an index',
  about: 'Builds an index while others read and write. On a partitioned table one partition after the other, and again from where it was left.',
  permission: 'maintenance:run',
  risk: 'heavy',
  recurs: false,
  params: createParams,
  find: findNewIndex,
  guards: (object, context) => [...standbyGuard(context.server.inRecovery), ...relationGuards(object, context.role, 'owned'), ...definitionGuards(object, context)],
  plan: ({ parts }) => parts.flatMap((part) => stepsOf(part, parts.find(({ oid }) => oid === part.parent))),
  blocks: ofOne,
  blocksOf: ({ kind }) => (kind === 'p' ? ofPartitioned : ofOne),
  disk: ({ needed }) => needed,
  place: (_, { params }) => ({ tablespace: params.tablespace }),
  progress: 'create_index',
  figures: async (ask, object, measuring) => {
    const { parts: [whole], table } = object as NewIndex;
    const { parts, ...figures } = await indexFigures(ask, { schema: whole?.schema ?? '', rel: whole?.index ?? '', table }, measuring);
    return { ...figures, built_indexes: parts };
  },
  inverse: ({ parts: [whole], kind }) => {
    if (!whole) return null;
    return kind === 'p' ? { sql: `-- takes ACCESS EXCLUSIVE on the table and all its partitions, for a moment\n${render(sql`DROP INDEX ${ident(whole.schema, whole.index)}`).text};` } : { action: 'indexes.drop', params: { index: named(whole) } };
  },
  settle: (ask, object) => settle(ask, object),
  stale: ['indexes', 'tables', 'queries'],
});
