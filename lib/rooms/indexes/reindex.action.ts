import { action, type Settled } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { dropStep, isLeftover, leftoversOn, nothingLeft, stateOf } from '@/lib/kit/index-leftover';
import { param } from '@/lib/kit/param';
import { findRelation, relationGuards, standbyGuard } from '@/lib/kit/relation-object';
import { ident, sql } from '@/lib/pg/sql';
import { standingOf } from './index-figures';
import { partsOf, wholeIndex, type Part, type WholeIndex } from './parts';

export const reindex = action({
  name: 'reindex',
  title: 'Rebuild an index',
  about: 'Builds the index anew beside the old one and changes over: what was bloat is gone, and an invalid index is valid again.',
  permission: 'maintenance:run',
  risk: 'heavy',
  recurs: true,
  params: { index: param.object('Index') },
  find: async (ask, { params, role, server }): Promise<WholeIndex | null> => wholeIndex(ask, await findRelation(ask, params.index, 'iI', role, server.major)),
  guards: (object, { role, server }) => [
    ...standbyGuard(server.inRecovery),
    ...relationGuards(object, role, 'maintained'),
    ...(isLeftover(object.rel) ? [{ name: 'leftover', says: 'This is what an unfinished REINDEX CONCURRENTLY left behind.', saferWay: 'Drop it instead: indexes.drop.' }] : []),
  ],
  plan: ({ schema, rel, parts = [] }) => [
    {
      sql: sql`REINDEX INDEX CONCURRENTLY ${ident(schema, rel)}`,
      note: parts.length > 0 ? `For each of the ${parts.length} partitions, one after the other: builds a new index beside the old one, waits for older transactions, changes over and drops the old one.` : 'Builds a new index beside the old one, waits for older transactions, changes over and drops the old one.', 
      lock: 'SHARE UPDATE EXCLUSIVE',
      waits: 'patient',
      awaits: { lock: 'ACCESS EXCLUSIVE', snapshots: true },
    },
  ],
  blocks: 'No read and no write waits. VACUUM, other index builds and changes of the table wait. It waits itself for every transaction that uses the table, and at the end for every older snapshot in this database.',
  disk: ({ bytes }) => bytes,
  place: ({ oid }) => ({ relations: [oid] }),
  progress: 'create_index',
  figures: async (ask, object) => ({ size_bytes: (await standingOf(ask, object)).size_bytes }),
  settle: async (ask, object) => {
    if (object.parts) return settleParts(ask, object, object.parts);
    const [now, left] = [await stateOf(ask, object), await leftoversOn(ask, [object.table ?? ''], [object.rel])];
    const mend = left.map((one) => dropStep(one, `Drops ${one.rel}, which it left behind.`));
    if (now?.valid && now.identity !== object.identity) return { state: 'done', says: 'The new index is in place.', mend };
    return mend.length > 0 ? { state: 'undone', says: 'The index is the old one; a half-built copy was left behind.', mend } : nothingLeft('The index is the old one, and nothing was left behind.');
  },
  stale: ['indexes', 'tables'],
});

/** Each partition's index has been rebuilt or has not; of one that was in the middle the copy goes. */
async function settleParts(ask: Ask, object: WholeIndex, parts: Part[]): Promise<Settled> {
  const now = new Map((await partsOf(ask, object.oid)).map(({ oid, node }) => [oid, node]));
  const rebuilt = parts.filter(({ oid, node }) => now.get(oid) !== node).length;
  const mend = (await leftoversOn(ask, [object.table ?? ''], [object.rel, ...parts.map(({ rel }) => rel)])).map((one) => dropStep(one, `Drops ${one.rel}, which it left behind.`));
  const says = `Of ${parts.length} partitions ${rebuilt} have their new index.`;
  return { state: rebuilt === parts.length ? 'done' : 'undone', says, mend };
}
