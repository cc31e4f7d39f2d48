import 'server-only';
import { isIP } from 'node:net';
import { z } from 'zod';

/** The settings are wrong: one line each, never with a value in it. */
export class SettingsError extends Error {
  readonly lines: string[];

  constructor(lines: string[]) {
    super(lines.join('\n'));
    this.name = 'SettingsError';
    this.lines = lines;
  }
}

const durationSteps: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `500ms`, `30s`, `5m`, `1h`, `2d` as milliseconds. */
const duration = z
  .string()
  .regex(/^\d{1,9}(ms|s|m|h|d)$/, 'must be a duration such as 30s, 5m or 500ms')
  .transform((text) => Number.parseInt(text, 10) * (durationSteps[text.replace(/^\d+/, '')] ?? 1))
  .pipe(z.number().max(2 ** 31 - 1, 'is too long'));

const integerBetween = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(least, `must be at least ${least}`).max(most, `must be at most ${most}`));

export const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof sslModes)[number];

const postgresUrl = z
  .string()
  .refine(isPostgresUrl, { error: 'must be a URL such as postgres://user:password@host:5432/database', abort: true })
  .refine(hasKnownSslMode, `must have one of ${sslModes.join(', ')} as sslmode`);

const schema = z
  .object({
    DATABASE_URL: postgresUrl.optional(),
    DB_HOST: z.string().default('localhost'),
    DB_PORT: integerBetween(1, 65_535).prefault('5432'),
    DB_NAME: z.string().default('risk_assessment'),
    DB_USER: z.string().default('postgres'),
    DB_PASSWORD: z.string().default(''),
    DB_SSL_MODE: z.enum(sslModes, `must be one of ${sslModes.join(', ')}`).default('require'),
    DB_SSL_ROOT_CERT: z.string().optional(),
    DB_MAX_CONNECTIONS: integerBetween(1, 1000).prefault('25'),
    DB_MIN_CONNECTIONS: integerBetween(0, 1000).prefault('5'),
    DB_MAX_LIFETIME: duration.prefault('5m'),
    DB_MAX_IDLE_TIME: duration.prefault('1m'),
    DB_CONNECT_TIMEOUT: duration.prefault('30s'),
    DB_QUERY_TIMEOUT: duration.prefault('30s'),
    DB_MONITOR_URL: postgresUrl.optional(),
    DB_MAINTENANCE_URL: postgresUrl.optional(),
    REQUEST_TIMEOUT: duration.prefault('5s'),
    TARGETS: z.string().default('').transform(parseTargets),
    PGBOUNCER_URL: postgresUrl.optional(),
    METRICS_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
    TRUSTED_PROXIES: z
      .string()
      .default('')
      .transform((text) => text.split(/[\s,]+/).filter(Boolean))
      .refine((entries) => entries.every(isNetwork), 'must be addresses or networks such as 10.0.0.0/8'),
    ADMIN_EMAIL: z.email('must be an e-mail address').optional(),
    ADMIN_PASSWORD: z.string().min(12, 'must have at least 12 characters').max(128, 'must have at most 128 characters').optional(),
    AUTH_SECRET: z.string().min(32, 'must have at least 32 characters').optional(),
    PUBLIC_URL: z.url({ protocol: /^https?$/, error: 'must be a URL such as https://riskdesk.example.com' }).optional(),
    PORT: integerBetween(1, 65_535).prefault('3000'),
    NODE_ENV: z.string().default('production'),
    RISKDESK_DATA_DIR: z.string().optional(),
    EXPORT_DIR: z.string().optional(),
    APPROVALS: z.enum(['none', 'destructive', 'heavy'], 'must be one of none, destructive, heavy').default('none'),
    RISKDESK_OWN_DATABASE: z.enum(['0', '1']).default('0').transform((flag) => flag === '1'),
  })
  .superRefine((env, context) => {
    if (env.DB_MIN_CONNECTIONS > env.DB_MAX_CONNECTIONS) {
      context.addIssue({ code: 'custom', path: ['DB_MIN_CONNECTIONS'], message: 'must not exceed DB_MAX_CONNECTIONS' });
    }
    if ((env.ADMIN_EMAIL === undefined) !== (env.ADMIN_PASSWORD === undefined)) {
      context.addIssue({ code: 'custom', path: ['ADMIN_EMAIL'], message: 'and ADMIN_PASSWORD must be set together' });
    }
  });

export type Env = z.infer<typeof schema>;
export type TargetSetting = { name: string; url: string };

function isPostgresUrl(text: string): boolean {
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) return false;
  try {
    decodeURIComponent(new URL(text).password);
    return true;
  } catch {
    return false;
  }
}

/** A misspelt mode must not mean less than the one that was meant. */
function hasKnownSslMode(url: string): boolean {
  const mode = new URL(url).searchParams.get('sslmode');
  return mode === null || sslModes.some((known) => known === mode);
}

function isNetwork(text: string): boolean {
  const [address = '', prefix = '0', ...rest] = text.split('/');
  const bits = { 4: 32, 6: 128 }[isIP(address)];
  return bits !== undefined && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits && rest.length === 0;
}

function parseTargets(text: string, context: z.RefinementCtx): TargetSetting[] {
  const targets: TargetSetting[] = [];
  for (const [index, entry] of text.split(/\s+/).filter(Boolean).entries()) {
    const match = /^([a-z][a-z0-9_-]{0,39})=(.+)$/.exec(entry);
    const [, name, url] = match ?? [];
    if (!name || !url || name === 'main' || !isPostgresUrl(url) || !hasKnownSslMode(url) || targets.some((target) => target.name === name)) {
      context.addIssue({ code: 'custom', message: `entry ${index + 1} must be name=postgres://…, with a lower-case name of its own that is not main, and a known sslmode if any` });
      continue;
    }
    targets.push({ name, url });
  }
  return targets;
}

/** Empty values count as unset: compose files and .env files write `NAME=` for that. */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const set = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(set);
  if (parsed.success) return parsed.data;
  throw new SettingsError(parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`));
}

let cached: Env | undefined;

/** The settings of this process, read once. @throws SettingsError */
export function readEnv(): Env {
  cached ??= parseEnv(process.env);
  return cached;
}
