import 'server-only';
import { betterAuth } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { APIError } from 'better-auth/api';
import { eq } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import * as schema from '@/drizzle/schema';
import { database } from '@/lib/db/client';
import { readEnv, SettingsError } from '@/lib/env';
import { hashPassword, verifyPassword } from './passwords';

/** A session ends after twelve hours without use, and in any case seven days after it began (see caller.ts). */
const idleSeconds = 12 * 3600;
const refreshSeconds = 5 * 60;

export const passwordLength = { least: 12, most: 128 };

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
    session: { expiresIn: idleSeconds, updateAge: refreshSeconds, cookieCache: { enabled: false } },
    databaseHooks: { session: { create: { before: (session) => refuseInactive(session.userId) } } },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
    advanced: {
      database: { generateId: () => uuidv7() },
      disableCSRFCheck: true,
      useSecureCookies: env.PUBLIC_URL?.startsWith('https://') ?? false,
      cookiePrefix: 'riskdesk',
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
