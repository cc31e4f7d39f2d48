import 'server-only';
import { database, transaction } from '@/lib/db/client';
import { inRoute } from '@/lib/db/route';
import { sqlState } from '@/lib/pg/errors';
import { sql } from '@/lib/pg/sql';
import { log } from '../log';
import { checkpointColumns, entriesAfter, fromRow, judge, linkOf, nothingBefore, short, sign, type Checkpoint, type Entry, type StoredCheckpoint } from './chain';
import { keepOutside, outsideCheckpoints } from './outside';

const mostEntries = 2000;

/** Consoles sign one after the other. */
const signingLock = [0x5249534b, 3] as const;

/** How far this process knows the file to reach. */
let outsideTo: number | undefined;

async function newestOutside(): Promise<Checkpoint | undefined> {
  let newest: Checkpoint | undefined;
  for await (const checkpoint of outsideCheckpoints(outsideTo ?? 1, Number.MAX_SAFE_INTEGER)) {
    if (judge(checkpoint) === 'good' && checkpoint.position >= (newest?.position ?? 0)) newest = checkpoint;
  }
  return newest;
}

export class Tampered extends Error {}

/** What is signed next: the entries behind the last checkpoint, if they still follow from it. @throws Tampered: what does not hold together is not signed */
function following(last: Checkpoint | undefined, entries: Entry[]): Entry[] {
  if (last && judge(last) === 'forged') throw new Tampered(`the checkpoint at ${last.position} is not from this console`);
  const [anchor, ...rest] = last ? entries : [undefined, ...entries];
  if (last && (anchor?.position !== last.position || !anchor.hash.equals(last.hash))) throw new Tampered(`entry ${last.position} is not the one that was signed`);
  let before = last?.hash ?? nothingBefore;
  for (const [index, entry] of rest.entries()) {
    const expected = (last?.position ?? 0) + index + 1;
    if (!entry || entry.position !== expected || !linkOf(before, entry.text).equals(entry.hash)) throw new Tampered(`entry ${expected} does not follow from the one before`);
    before = entry.hash;
  }
  return rest.filter((entry) => entry !== undefined);
}

/** Signs the newest entries, where there are any that nobody has signed. @throws Tampered */
async function signNext(): Promise<Checkpoint | null> {
  const outside = await newestOutside();
  return transaction(async (tx) => {
    const [lock] = await tx.rows<{ taken: boolean }>(sql`select pg_try_advisory_xact_lock(${signingLock[0]}, ${signingLock[1]}) as taken`);
    if (!lock?.taken) return null;
    const [stored] = await tx.rows<StoredCheckpoint>(sql`select ${checkpointColumns} from riskdesk.audit_checkpoints order by position desc limit 1`);
    const inside = stored && fromRow(stored);
    const last = (outside?.position ?? 0) > (inside?.position ?? 0) ? outside : inside;
    const entries = following(last, await tx.rows<Entry>(entriesAfter(last ? last.position : 0, 0, mostEntries)));
    const newest = entries.at(-1);
    if (!newest || !entries[0]) return null;
    const made = sign({ first: entries[0].position, position: newest.position, at: new Date().toISOString(), hash: newest.hash, witness: Buffer.concat(entries.map(({ hash }) => short(hash))) });
    await tx.rows(sql`
      insert into riskdesk.audit_checkpoints (first, position, at, hash, witness, key_id, signature)
      values (${made.first}, ${made.position}, ${made.at}, ${made.hash}, ${made.witness}, ${made.keyId}, ${made.signature})`);
    return made;
  });
}

/** What the database has, this console's file gets too: of whichever console it is. */
async function copyOutside(): Promise<void> {
  outsideTo = Math.max(outsideTo ?? 0, (await newestOutside())?.position ?? 0);
  const missing = await database().rows<StoredCheckpoint>(sql`select ${checkpointColumns} from riskdesk.audit_checkpoints where position > ${outsideTo} order by position limit 100`);
  for (const checkpoint of missing.map(fromRow)) {
    if (judge(checkpoint) === 'good') await keepOutside(checkpoint);
    outsideTo = checkpoint.position;
  }
  if (missing.length === 100) await copyOutside();
}

/** Signs whatever is unsigned, and keeps it in the database, in the file and in the log. @throws Tampered */
export async function takeCheckpoints(): Promise<number> {
  let signed = 0;
  for (let made = await signNext(); made; made = await signNext()) {
    signed += 1;
    log('info', 'audit checkpoint', { position: made.position, hash: made.hash.toString('hex'), key: made.keyId, signature: made.signature.toString('hex') });
  }
  await copyOutside();
  return signed;
}

const everyMs = 60_000;

/** For as long as the process lives. What was signed once is evidence; what comes after the last checkpoint could be cut off unseen, so it is a minute at most. */
export async function checkpointForever(): Promise<void> {
  for (;;) {
    await inRoute('job', 'audit checkpoint', takeCheckpoints).catch((error: unknown) => {
      if (error instanceof Tampered) log('error', 'the audit log has been tampered with: no checkpoint was signed', { says: error.message });
      else log('warn', 'no checkpoint of the audit log could be made', { sqlState: sqlState(error) ?? null });
    });
    await new Promise((resolve) => setTimeout(resolve, everyMs).unref());
  }
}
