import 'server-only';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { readEnv } from '@/lib/env';
import { ownSettings } from '@/lib/pg/connection';
import type { Checkpoint } from './chain';

/** Where checkpoints are kept out of the database's reach; null without a data directory. */
export function outsideFile(): string | null {
  const { RISKDESK_DATA_DIR: directory, RISKDESK_OWN_DATABASE: own } = readEnv();
  if (directory === undefined || !existsSync(directory)) return null;
  const { host, port, database } = ownSettings('app');
  // The own server has another port with every start; another database has another log.
  const of = own ? '' : `-${createHash('sha256').update(`${host} ${port} ${database}`).digest('hex').slice(0, 8)}`;
  return join(directory, `audit-checkpoints${of}.jsonl`);
}

const bytes = (text: unknown): Buffer => Buffer.from(String(text), 'base64');

function parsed(line: string): Checkpoint | null {
  try {
    const { first, position, at, hash, witness, keyId, signature } = JSON.parse(line) as Record<string, unknown>;
    if (typeof first !== 'number' || typeof position !== 'number' || Number.isNaN(Date.parse(String(at)))) return null;
    return { first, position, at: String(at), hash: bytes(hash), witness: bytes(witness), keyId: String(keyId), signature: bytes(signature) };
  } catch {
    return null;
  }
}

/** How far the file reaches, in bytes. */
export function outsideSize(): number {
  const file = outsideFile();
  return file === null || !existsSync(file) ? 0 : statSync(file).size;
}

/** Checkpoints of the file, from a byte on, that say something about positions from `from` to `to`; what a crash has cut off, and what begins before that byte, is none. */
export async function* outsideCheckpoints(from: number, to: number, start = 0): AsyncGenerator<Checkpoint> {
  const file = outsideFile();
  if (file === null || !existsSync(file)) return;
  for await (const line of createInterface({ input: createReadStream(file, { encoding: 'utf8', start }), crlfDelay: Infinity })) {
    // The numbers come first in a line, so that what lies elsewhere is not decoded.
    const [, first = '0', position = '0'] = /^\{"first":(\d+),"position":(\d+)/.exec(line) ?? [];
    if (Number(position) < from || Number(first) > to) continue;
    const checkpoint = parsed(line);
    if (checkpoint) yield checkpoint;
  }
}

/** Appends a checkpoint, on disk before it returns. */
export async function keepOutside({ first, position, at, hash, witness, keyId, signature }: Checkpoint): Promise<void> {
  const file = outsideFile();
  if (file === null) return;
  const line = JSON.stringify({ first, position, at, hash: hash.toString('base64'), witness: witness.toString('base64'), keyId, signature: signature.toString('base64') });
  const handle = await open(file, 'a', 0o600);
  try {
    // A line that a crash has cut off must not swallow this one.
    await handle.write(`\n${line}\n`);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}
