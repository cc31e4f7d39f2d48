import 'server-only';

/**
 * What this process has written to the audit log, as the database said it had been written, until it is signed: in memory, where no superuser of the database reaches. An entry that is cut off before
 * anything was signed of it is missed by it.
 */
type Witness = { entries: Map<number, Buffer>; fresh: boolean; wake: () => void };

// Next evaluates modules once per bundle: one process has one memory.
const shared = globalThis as typeof globalThis & { riskdeskWitness?: Witness };
const witness = (): Witness => (shared.riskdeskWitness ??= { entries: new Map(), fresh: false, wake: () => {} });

/** Of a database that cannot be written to for signing: the newest are kept. */
const most = 10_000;

/**
 * An entry is committed. One that a crash of the server could still undo (synchronous_commit is off) is no evidence if it is gone, and is not remembered. Where another one has been written at that
 * place before, that one is missed: it stays the one that is remembered.
 */
export function written(position: number, hash: Buffer, onDisk: boolean): void {
  const now = witness();
  if (onDisk && !now.entries.has(position)) now.entries.set(position, hash);
  const [oldest] = now.entries.keys();
  if (now.entries.size > most && oldest !== undefined) now.entries.delete(oldest);
  now.fresh = true;
  now.wake();
}

/** Hashes of what is remembered, by position. */
export const remembered = (): ReadonlyMap<number, Buffer> => witness().entries;

/** Somebody else is witness to it from now on. */
export const forget = (position: number): void => void witness().entries.delete(position);

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());

/** Until something has been written that is not signed, or for as long at most; and then until what comes with it has come too. */
export async function untilWritten(mostMs: number, gatherMs: () => number): Promise<void> {
  const { fresh, entries } = witness();
  if (!fresh && entries.size === 0) {
    const woken = new Promise<void>((resolve) => (witness().wake = resolve));
    await Promise.race([woken, pause(mostMs)]);
  }
  await pause(gatherMs());
  witness().fresh = false;
}
