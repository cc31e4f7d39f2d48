import 'server-only';
import pLimit from 'p-limit';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { appPool } from '@/lib/db/client';
import { AppError } from '@/lib/errors';

/** Attempts a minute that reach the password hash. An address may hold an office, an account is one person. */
const limits = { account: { points: 5, duration: 60 }, address: { points: 60, duration: 60 } };

type Kind = keyof typeof limits;

/** The limiter names its statements; names are dropped because some poolers mix them up between clients. */
const store = {
  query: ({ text, values }: { text: string; values: unknown[] }) => appPool().use((client) => client.query(text, values)),
};

const limiter = (kind: Kind) =>
  new RateLimiterPostgres({ storeClient: store, storeType: 'pool', schemaName: 'riskdesk', tableName: 'rate_limits', tableCreated: true, clearExpiredByTimeout: false, keyPrefix: kind, ...limits[kind] });

async function consume(kind: Kind, key: string): Promise<void> {
  try {
    await limiter(kind).consume(key);
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    const retryAfter = Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
    throw new AppError('too_many_requests', `Too many attempts to sign in. Try again in ${retryAfter} s.`, { retryAfter });
  }
}

/** A flood of attempts waits here, and not for the connections that everybody else needs. */
const atOnce = pLimit(4);

/** Counts one attempt, in the database and atomically, before any password is hashed. @throws AppError too_many_requests */
export function countAttempt(email: string, address: string): Promise<void> {
  return atOnce(async () => {
    await consume('address', address);
    await consume('account', email);
  });
}

/** A successful sign-in clears the account's count: only failures add up. */
export async function forgiveAttempts(email: string): Promise<void> {
  await limiter('account').delete(email);
}

/** Removes counts that are over; called now and then by the console. */
export async function clearOldAttempts(): Promise<void> {
  await appPool().use((client) => client.query('delete from riskdesk.rate_limits where expire < $1', [Date.now()]));
}
