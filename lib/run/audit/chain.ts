import 'server-only';
import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { readEnv } from '@/lib/env';
import { sql, type SQL } from '@/lib/pg/sql';

/** An entry as its hash covers it. Built-in functions alone make the text: the database's own function could be replaced, and then would find nothing. */
const canonical: SQL = sql`jsonb_build_array(id, at at time zone 'UTC', actor_id, actor, via, action, object, outcome, details, address)::text`;

export type Entry = { position: number; id: number; hash: Buffer; text: string };

/** Entries behind a place, in the order of the chain; two of the same position one after the other. */
export const entriesAfter = (position: number, id: number, most: number): SQL => sql`
  select position, id, hash, ${canonical} as text from riskdesk.audit_log
  where position >= ${position} and (position, id) > (${position}, ${id}) order by position, id limit ${most}`;

export const nothingBefore = Buffer.alloc(0);

/** The hash of an entry that follows `before`. */
export const linkOf = (before: Buffer, text: string): Buffer => createHash('sha256').update(before).update(text).digest();

export const witnessBytes = 16;
export const short = (hash: Buffer): Buffer => hash.subarray(0, witnessBytes);

/** What a console says about the entries from `first` to `position`. */
export type Checkpoint = { first: number; position: number; at: string; hash: Buffer; witness: Buffer; keyId: string; signature: Buffer };

function key(): { key: Buffer; id: string } {
  const derived = Buffer.from(hkdfSync('sha256', readEnv().AUTH_SECRET ?? '', '', 'riskdesk audit checkpoint', 32));
  return { key: derived, id: createHash('sha256').update(derived).digest('hex').slice(0, 12) };
}

type Unsigned = Omit<Checkpoint, 'keyId' | 'signature'>;

const signatureOf = ({ first, position, at, hash, witness }: Unsigned): Buffer =>
  createHmac('sha256', key().key).update([first, position, new Date(at).toISOString(), hash.toString('hex'), createHash('sha256').update(witness).digest('hex')].join(' ')).digest();

export const sign = (checkpoint: Unsigned): Checkpoint => ({ ...checkpoint, keyId: key().id, signature: signatureOf(checkpoint) });

/** `foreign`: signed with another secret than this console's, of which it can say nothing. */
export function judge(checkpoint: Checkpoint): 'good' | 'forged' | 'foreign' {
  if (checkpoint.keyId !== key().id) return 'foreign';
  const expected = signatureOf(checkpoint);
  const whole = checkpoint.witness.length === witnessBytes * (checkpoint.position - checkpoint.first + 1);
  return whole && expected.length === checkpoint.signature.length && timingSafeEqual(expected, checkpoint.signature) ? 'good' : 'forged';
}

type Stored = { first: number; position: number; at: string; hash: Buffer; witness: Buffer; key_id: string; signature: Buffer };

export const checkpointColumns = sql`first, position, at, hash, witness, key_id, signature`;
export const fromRow = ({ key_id: keyId, ...rest }: Stored): Checkpoint => ({ ...rest, keyId });
export type StoredCheckpoint = Stored;

/** What a checkpoint says of one of its positions. */
export const witnessAt = ({ first, witness }: Checkpoint, position: number): Buffer => witness.subarray((position - first) * witnessBytes, (position - first + 1) * witnessBytes);
