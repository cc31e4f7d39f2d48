import 'server-only';
import { forget, remembered, untilWritten } from '@/lib/db/audit-witness';
import { database, transaction } from '@/lib/db/client';
import { inRoute } from '@/lib/db/route';
import { sqlState } from '@/lib/pg/errors';
import { array, sql } from '@/lib/pg/sql';
import { log } from '../log';
import { checkpointColumns, entriesAfter, fromRow, judge, linkOf, nothingBefore, short, sign, witnessAt, type Checkpoint, type Entry, type StoredCheckpoint } from './chain';
import { keepOutside, outsideCheckpoints, outsideFile, outsideSize } from './outside';

const mostEntries = 2000;

/** Consoles sign one after the other. */
const signingLock = [0x5249534b, 3] as const;

/** How far this process knows the file to reach. */
let outsideTo: number | undefined;

/** A line is shorter than this: two thousand hashes of sixteen bytes, in base64. */
const longestLine = 64 * 1024;
let read: { bytes: number; newest?: Checkpoint } = { bytes: 0 };

/** The file only grows: what is new in it is read. One that was moved away is another one. */
async function newestOutside(): Promise<Checkpoint | undefined> {
  const bytes = outsideSize();
  let newest = bytes < read.bytes ? undefined : read.newest;
  const start = bytes < read.bytes ? 0 : Math.max(0, read.bytes - longestLine);
  for await (const checkpoint of outsideCheckpoints(1, Number.MAX_SAFE_INTEGER, start)) {
    if (judge(checkpoint) === 'good' && checkpoint.position >= (newest?.position ?? 0)) newest = checkpoint;
  }
  read = { bytes, ...(newest ? { newest } : {}) };
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

/** What is signed of this process's own entries it need not remember: the checkpoint is witness. */
function release(checkpoint: Checkpoint): void {
  if (judge(checkpoint) === 'forged') return;
  for (const [position, hash] of remembered()) {
    if (position >= checkpoint.first && position <= checkpoint.position && short(hash).equals(witnessAt(checkpoint, position))) forget(position);
  }
}

/** What the database has, this console’s file gets too: of whichever console it is. */
async function copyOutside(): Promise<void> {
  outsideTo = Math.max(outsideTo ?? 0, (await newestOutside())?.position ?? 0);
  const missing = await database().rows<StoredCheckpoint>(sql`select ${checkpointColumns} from riskdesk.audit_checkpoints where position > ${outsideTo} order by position limit 100`);
  for (const checkpoint of missing.map(fromRow)) {
    if (judge(checkpoint) === 'good') await keepOutside(checkpoint);
    release(checkpoint);
    outsideTo = checkpoint.position;
  }
  if (missing.length === 100) await copyOutside();
}

/** Signs what this process remembers of entries that are gone, or are others now: so a file and a log say it when the process is no more. @throws Tampered where there are any */
async function attest(): Promise<void> {
  const own = [...remembered()].toSorted(([a], [b]) => a - b);
  if (own.length === 0) return;
  const there = new Map((await database().rows<{ position: number; hash: Buffer }>(sql`select position, hash from riskdesk.audit_log where position = any (${array(own.map(([position]) => position))}::bigint[])`)).map(({ position, hash }) => [position, hash]));
  const lost = own.filter(([position, hash]) => !there.get(position)?.equals(hash));
  const [first] = lost;
  if (!first) return;
  for (const [position, hash] of lost) {
    const made = sign({ first: position, position, at: new Date().toISOString(), hash, witness: short(hash) });
    await keepOutside(made);
    tell(made);
    // Without a file nobody else would be witness.
    if (outsideFile() !== null) forget(position);
  }
  throw new Tampered(`entry ${first[0]} is not what this console wrote, or is gone`);
}

const tell = (made: Checkpoint): void => log('info', 'audit checkpoint', { position: made.position, hash: made.hash.toString('hex'), key: made.keyId, signature: made.signature.toString('hex') });

/** Signs whatever is unsigned, and keeps it in the database, in the file and in the log. @throws Tampered */
export async function takeCheckpoints(): Promise<number> {
  await attest();
  let signed = 0;
  for (let made = await signNext(); made; made = await signNext()) {
    signed += 1;
    tell(made);
  }
  await copyOutside();
  return signed;
}

const everyMs = 60_000;
/** What is written within this time is signed together. While writes go on the file would grow by a line a second, so then it is longer. */
const [gatherMs, apartMs] = [1000, 10_000];

/** For as long as the process lives: soon after this process has written something, and once a minute for what others have. What was signed once is evidence. */
export async function checkpointForever(): Promise<void> {
  let signedAt = -Infinity;
  for (;;) {
    const sound = await inRoute('job', 'audit checkpoint', takeCheckpoints).then((signed) => {
      if (signed > 0) signedAt = performance.now();
      return true;
    }, (error: unknown) => {
      if (error instanceof Tampered) log('error', 'the audit log has been tampered with: no checkpoint was signed', { says: error.message });
      else log('warn', 'no checkpoint of the audit log could be made', { sqlState: sqlState(error) ?? null });
      return false;
    });
    await (sound ? untilWritten(everyMs, () => Math.max(gatherMs, signedAt + apartMs - performance.now())) : new Promise((resolve) => setTimeout(resolve, everyMs).unref()));
  }
}
