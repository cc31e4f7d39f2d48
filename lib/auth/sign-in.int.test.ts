import { randomBytes, scrypt } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { call } from '@/test/call';
import { useDatabase } from '@/test/database';
import { rounds } from '@/test/faults';
import { addUser } from '@/test/people';
import { hashPassword } from './passwords';

// Counted, not replaced: a clock would not tell on a busy machine whether a hash was made.
vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>();
  return { ...crypto, scrypt: vi.fn(crypto.scrypt) };
});

const db = await useDatabase();
const hash = await hashPassword('a password of the tests');

/** An address of its own each time, so that only the account's limit could be in the way. */
let tried = 0;
const attempt = async (email: string, password: string) => {
  tried += 1;
  const hashesBefore = vi.mocked(scrypt).mock.calls.length;
  const started = performance.now();
  const answer = await call('POST', '/api/auth/sign-in/email', { body: { email, password }, address: `198.51.${Math.floor(tried / 250)}.${tried % 250}` });
  return { answer, ms: performance.now() - started, hashes: vi.mocked(scrypt).mock.calls.length - hashesBefore };
};

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

test('S12: an account that is not there answers as one with another password does, and takes a hash as long', async () => {
  const known: number[] = [];
  const unknown: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const person = await addUser(db, 'viewer', hash);
    const [wrong, nobody] = [await attempt(person.email, 'not the password'), await attempt(`nobody-${randomBytes(4).toString('hex')}@riskdesk.example`, 'not the password')];
    expect([wrong.answer.status, nobody.answer.status]).toEqual([401, 401]);
    expect([wrong.hashes, nobody.hashes]).toEqual([1, 1]);
    expect(nobody.answer.body).toEqual(wrong.answer.body);
    expect([...nobody.answer.headers.keys()]).toEqual([...wrong.answer.headers.keys()]);
    known.push(wrong.ms);
    unknown.push(nobody.ms);
  }
  process.stdout.write(`S12: median ${median(known).toFixed(1)} ms for a known account, ${median(unknown).toFixed(1)} ms for an unknown one, ${rounds} tries\n`);
}, 600_000);

test('the account’s limit counts failures in any spelling of the address, and a success clears it', async () => {
  const { email } = await addUser(db, 'viewer', hash);
  const spellings = [email, email.toUpperCase(), email.replace('v', 'V'), email, email.toUpperCase()];
  for (const spelling of spellings) expect((await attempt(spelling, 'wrong password')).answer.status).toBe(401);
  const { answer: refused, hashes } = await attempt(email, 'a password of the tests');
  expect([refused.status, hashes]).toEqual([429, 0]);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  const other = await addUser(db, 'viewer', hash);
  for (let round = 0; round < 4; round += 1) await attempt(other.email, 'wrong password');
  expect((await attempt(other.email, 'a password of the tests')).answer.status).toBe(200);
  expect((await attempt(other.email, 'wrong password')).answer.status).toBe(401);
});
