import 'server-only';
import { betterAuth } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { APIError } from 'better-auth/api';
import { eq } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import * as schema from '@/drizzle/schema';
import { database } from '@/lib/db/client';
import { readEnv, SettingsError } from '@/lib/env';
import { passwordLength } from '@/lib/rooms/auth/values';
import { hashPassword, verifyPassword } from './passwords';

/** A session ends seven days after it began; caller.ts also ends it after twelve hours without use. */
const sessionSeconds = 7 * 86_400;

const cookiePrefix = 'riskdesk';

const isSecure = () => readEnv().PUBLIC_URL?.startsWith('https://') ?? false;

/** The name of the session's cookie, as the library builds it. */
export const sessionCookieName = (): string => `${isSecure() ? '__Secure-' : ''}${cookiePrefix}.session_token`;

function create() {
  const env = readEnv();
  if (!env.AUTH_SECRET) throw new SettingsError(['AUTH_SECRET must be set: at least 32 random characters, the same for every console of this database']);
  return betterAuth({
    secret: env.AUTH_SECRET,
    // Same-origin is checked by our own route for every write (lib/run/origin.ts), whatever address the console is reached at.
    baseURL: env.PUBLIC_URL ?? `http://localhost:${env.PORT}`,
    basePath: '/api/auth',
    database: drizzleAdapter(database().orm, { provider: 'pg', schema: { user: schema.users, session: schema.sessions, account: schema.accounts, verification: schema.verifications } }),
    user: { additionalFields: { role: { type: 'string', input: false, defaultValue: 'viewer' }, active: { type: 'boolean', input: false, defaultValue: true } } },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: passwordLength.least,
      maxPasswordLength: passwordLength.most,
      password: { hash: hashPassword, verify: verifyPassword },
    },
    session: { expiresIn: sessionSeconds, disableSessionRefresh: true, cookieCache: { enabled: false } },
    databaseHooks: { session: { create: { before: (session) => refuseInactive(session.userId) } } },
    // An error that is none of the library's own reaches our route, which knows what to answer when the database is away.
    onAPIError: { throw: true },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
    advanced: {
      database: { generateId: () => uuidv7() },
      disableCSRFCheck: true,
      useSecureCookies: isSecure(),
      cookiePrefix,
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax' },
      ipAddress: { ipAddressHeaders: ['x-riskdesk-client'] },
    },
  });
}

async function refuseInactive(userId: string): Promise<void> {
  const [user] = await database().orm.select({ active: schema.users.active }).from(schema.users).where(eq(schema.users.id, userId));
  if (!user?.active) throw new APIError('FORBIDDEN', { code: 'ACCOUNT_DISABLED', message: 'This account is disabled. Ask an administrator.' });
}

type Auth = ReturnType<typeof create>;

const shared = globalThis as typeof globalThis & { riskdeskAuth?: Auth };

export function auth(): Auth {
  shared.riskdeskAuth ??= create();
  return shared.riskdeskAuth;
}
