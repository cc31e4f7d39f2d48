import 'server-only';
import { remembered } from '@/lib/db/audit-witness';
import type { Database } from '@/lib/db/client';
import { sql } from '@/lib/pg/sql';
import type { BadEntry, Verification } from '@/lib/rooms/maintenance/verification';
import { checkpointColumns, entriesAfter, fromRow, judge, linkOf, nothingBefore, short, witnessAt, type Checkpoint, type Entry, type StoredCheckpoint } from './chain';
import { outsideCheckpoints } from './outside';

const slice = 2000;
/** One answer looks at as many as this, or for as long, and says where to go on. */
const limits = { entries: 200_000, ms: 2500 };

/** What was signed about positions from `from` to `to`, and what is wrong with the checkpoints themselves. */
class Witnesses {
  private readonly good = new Map<string, Checkpoint>();
  private readonly signed = new Map<number, Buffer[]>();
  readonly wrong: BadEntry[] = [];
  foreign = 0;

  private readonly own: Map<number, Buffer>;

  constructor(private readonly from: number, private readonly to: number) {
    this.own = new Map([...remembered()].filter(([position]) => position >= from && position <= to).map(([position, hash]) => [position, short(hash)]));
  }

  add(checkpoint: Checkpoint, where: 'the database' | 'the file'): void {
    const verdict = judge(checkpoint);
    const key = checkpoint.signature.toString('hex');
    if (verdict === 'foreign') this.foreign += 1;
    else if (verdict === 'forged') this.wrong.push({ position: checkpoint.position, id: null, kind: 'checkpoint_forged', says: `The checkpoint at entry ${checkpoint.position} in ${where} was not signed by this console.` });
    else if (!this.good.has(key)) {
      this.good.set(key, checkpoint);
      const { first, position } = checkpoint;
      for (let at = Math.max(first, this.from); at <= Math.min(position, this.to); at += 1) this.signed.set(at, [...(this.signed.get(at) ?? []), witnessAt(checkpoint, at)]);
    }
  }

  /** Those that end here: one that reaches into the next slice is counted there. */
  get count(): number {
    return [...this.good.values()].filter(({ position }) => position >= this.from && position <= this.to).length;
  }

  get newest(): number {
    return Math.max(0, ...[...this.good.values()].map(({ position }) => position));
  }

  /** How far the log has to reach: what this process wrote itself is not signed for a second. */
  get reach(): number {
    return Math.max(this.newest, ...this.own.keys());
  }

  /** What was signed of one position: more than one thing after a database went back in time. */
  of(position: number): Buffer[] {
    const own = this.own.get(position);
    return [...(this.signed.get(position) ?? []), ...(own ? [own] : [])];
  }

  /** The position that a hash was signed, or written, at. */
  placeOf(hash: Buffer): number | null {
    for (const checkpoint of this.good.values()) {
      for (let at = checkpoint.first; at <= checkpoint.position; at += 1) if (short(hash).equals(witnessAt(checkpoint, at))) return at;
    }
    for (const [at, own] of this.own) if (short(hash).equals(own)) return at;
    return null;
  }
}

/** More than a slice can have; beyond the end, where the log was cut, there may be any number. */
const mostCheckpoints = 2 * slice;

async function witnessesOf(db: Database, from: number, to: number): Promise<Witnesses> {
  const found = new Witnesses(from, to);
  const stored = await db.rows<StoredCheckpoint>(sql`select ${checkpointColumns} from riskdesk.audit_checkpoints where position >= ${from} and first <= ${to} order by position limit ${mostCheckpoints}`);
  const inside = new Set(stored.map(({ position }) => position));
  const known = stored.length < mostCheckpoints ? Number.MAX_SAFE_INTEGER : (stored.at(-1)?.position ?? 0);
  for (const checkpoint of stored.map(fromRow)) found.add(checkpoint, 'the database');
  let outside = 0;
  for await (const checkpoint of outsideCheckpoints(from, to)) {
    if ((outside += 1) > mostCheckpoints) break;
    found.add(checkpoint, 'the file');
    if (checkpoint.position <= known && !inside.has(checkpoint.position)) found.wrong.push({ position: checkpoint.position, id: null, kind: 'checkpoint_removed', says: `The checkpoint at entry ${checkpoint.position} is in this console’s file and no longer in the database.` });
  }
  return found;
}

type Walk = { before: Buffer; expected: number; entries: Entry[]; index: number; witnesses: Witnesses };

/** What happened at a place where the chain does not go on as it should. */
function diagnose({ before, expected, entries, index, witnesses }: Walk): BadEntry {
  const entry = entries[index];
  const bad = (kind: BadEntry['kind'], says: string): BadEntry => ({ position: expected, id: entry?.id ?? null, kind, says: `Entry ${expected}: ${says}` });
  if (!entry || entry.position > expected) return { ...bad('deleted', 'it is missing.'), id: null };
  if (entry.position < expected) return bad('inserted', `a second entry of the position ${entry.position} was put in.`);
  const signed = witnesses.of(expected);
  const own = witnesses.placeOf(entry.hash);
  const next = entries[index + 1];
  const right = entries.find((other) => other !== entry && signed.some((one) => one.equals(short(other.hash))));
  const follows = linkOf(before, entry.text).equals(entry.hash);
  const moved = right ? own !== null : !follows && entries.some((other) => other !== entry && linkOf(other.hash, entry.text).equals(entry.hash));
  if (moved) return bad('reordered', right ? `what stands here was entry ${own}; what belongs here stands at ${right.position}.` : 'it belongs behind another entry.');
  if (right || (signed.length === 0 && next && linkOf(before, next.text).equals(next.hash))) return bad('inserted', 'it was put in: what belongs here comes later.');
  if (own !== null && own !== expected) return bad('deleted', `it is missing: what was entry ${own} has taken its place.`);
  if (follows) return bad('rewritten', 'it follows from the one before, and is not what was signed: the log was written anew from here on.');
  return bad('edited', 'it is not what was written: it was changed, or what came before it was.');
}

function goesOn({ before, expected, entries, index, witnesses }: Walk): boolean {
  const entry = entries[index];
  if (!entry || entry.position !== expected) return false;
  const [link, signed] = [linkOf(before, entry.text), witnesses.of(expected)];
  return link.equals(entry.hash) && signed.every((one) => one.equals(short(link)));
}

/** Walks one slice. @returns the first bad entry, or how far it holds */
function walk(start: Buffer, from: number, entries: Entry[], witnesses: Witnesses): { bad: BadEntry } | { before: Buffer; expected: number } {
  let [before, expected] = [start, from];
  for (const [index, entry] of entries.entries()) {
    const at = { before, expected, entries, index, witnesses };
    if (!goesOn(at)) return { bad: diagnose(at) };
    before = entry.hash;
    expected += 1;
  }
  return { before, expected };
}

const cutOff = (from: number, signed: number): BadEntry => ({ position: from, id: null, kind: 'cut', says: `Entry ${from}: the log ends before it; entries to ${signed} were written.` });

/** What only the end shows: entries that were signed and are gone, and rows that stand outside of the chain. */
async function atTheEnd(db: Database, expected: number, witnesses: Witnesses): Promise<BadEntry | null> {
  if (witnesses.reach >= expected) return cutOff(expected, witnesses.reach);
  const [stray] = await db.rows<{ id: number }>(sql`select id from riskdesk.audit_log where position is null or position < 1 limit 1`);
  return stray ? { position: expected, id: stray.id, kind: 'inserted', says: `Row ${stray.id} stands outside of the chain.` } : null;
}

const firstOf = (wrong: BadEntry[]): BadEntry | null => wrong.toSorted((a, b) => a.position - b.position)[0] ?? null;

/** Verifies from a position on, in slices, with what was signed in the database and outside of it. `next` is where to go on; null at the end. */
export async function verifyAudit(db: Database, from: number, most = limits): Promise<Verification> {
  const [anchor] = from === 1 ? [] : await db.rows<{ id: number; hash: Buffer }>(sql`select id, hash from riskdesk.audit_log where position = ${from - 1} order by id limit 1`);
  const until = Date.now() + most.ms;
  let [before, expected, lastId] = [anchor?.hash ?? nothingBefore, from, anchor?.id ?? 0];
  const sum = { checkpoints: 0, foreign: 0, signedTo: 0 };
  const answer = (bad: BadEntry | null, next: number | null): Verification => ({ state: bad ? 'broken' : 'intact', from, checked: expected - from, next, bad, ...sum });
  if (from > 1 && !anchor) {
    const witnesses = await witnessesOf(db, from, Number.MAX_SAFE_INTEGER);
    return answer(witnesses.reach >= from ? cutOff(from, witnesses.reach) : null, null);
  }
  for (;;) {
    const entries = await db.rows<Entry>(entriesAfter(expected - 1, lastId, slice));
    const last = entries.length < slice;
    const witnesses = await witnessesOf(db, expected, last ? Number.MAX_SAFE_INTEGER : expected + slice - 1);
    sum.checkpoints += witnesses.count;
    sum.foreign += witnesses.foreign;
    sum.signedTo = Math.max(sum.signedTo, witnesses.newest);
    const walked = walk(before, expected, entries, witnesses);
    if ('bad' in walked) return answer(walked.bad, null);
    ({ before, expected } = walked);
    lastId = entries.at(-1)?.id ?? lastId;
    // Written, and signed, since the entries were read.
    if (last && witnesses.reach >= expected && (await db.rows(entriesAfter(expected - 1, lastId, 1))).length > 0) continue;
    const bad = last ? ((await atTheEnd(db, expected, witnesses)) ?? firstOf(witnesses.wrong)) : firstOf(witnesses.wrong);
    if (bad || last) return answer(bad, null);
    if (expected - from >= most.entries || Date.now() > until) return answer(null, expected);
  }
}
