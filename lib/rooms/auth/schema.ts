import { z } from 'zod';
import { isStorableText, moment, storableText, wholeNumber } from '@/lib/kit/param';
import { permissions, roles } from '@/lib/kit/permission';
import { outcomes, passwordLength } from './values';

const time = z.string().describe('ISO 8601, UTC');
const name = (most: number) => z.string().trim().min(1, 'must not be empty').max(most, `must have at most ${most} characters`).refine(isStorableText, 'must not contain NUL or lone surrogates');

export const idParams = z.strictObject({ id: z.guid('must be a UUID') });
export const ofUserQuery = z.strictObject({ userId: z.guid('must be a UUID').optional() });

export const newPasswordSchema = storableText(passwordLength.most).min(passwordLength.least, `must have at least ${passwordLength.least} characters`);

export const userSchema = z.object({
  id: z.guid(),
  email: z.string(),
  name: z.string(),
  role: z.enum(roles),
  active: z.boolean(),
  createdAt: time,
  updatedAt: time,
  lastSeenAt: time.nullable().describe('Last use of a session that is still open'),
  sessions: z.number().int().describe('Open sessions'),
  tokens: z.number().int().describe('API tokens that have not expired'),
});

export const newUserSchema = z.strictObject({ email: z.email('must be an e-mail address').max(320), name: name(255), role: z.enum(roles), password: newPasswordSchema });

export const userChangeSchema = z
  .strictObject({ name: name(255).optional(), role: z.enum(roles).optional(), active: z.boolean().optional() })
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'must change something: name, role or active');

export const passwordSchema = z.strictObject({ password: newPasswordSchema });

export const passwordChangeSchema = z.strictObject({
  currentPassword: storableText(1000).min(1, 'must not be empty'),
  newPassword: newPasswordSchema,
  revokeOtherSessions: z.boolean().optional(),
});

export const sessionSchema = z.object({
  id: z.guid(),
  userId: z.guid(),
  current: z.boolean().describe('The session that asks'),
  address: z.string().nullable(),
  userAgent: z.string().nullable(),
  createdAt: time,
  lastUsedAt: time.describe('To five minutes'),
  expiresAt: time,
});

export const tokenSchema = z.object({
  id: z.guid(),
  userId: z.guid(),
  name: z.string(),
  hint: z.string().describe('The first characters, to tell one from another'),
  scopes: z.array(z.enum(permissions)),
  createdAt: time,
  expiresAt: time.nullable(),
  lastUsedAt: time.nullable().describe('To the minute'),
});

export const newTokenSchema = z.strictObject({
  name: name(100),
  scopes: z.array(z.enum(permissions)).min(1, 'must name at least one permission').max(permissions.length).refine((scopes) => new Set(scopes).size === scopes.length, 'must not repeat one'),
  expiresAt: z.iso
    .datetime({ offset: true, error: 'must be an ISO 8601 time such as 2027-01-31T00:00:00Z' })
    .refine((text) => Date.parse(text) > Date.now(), 'must lie in the future')
    .refine((text) => new Date(text).getUTCFullYear() < 2200, 'must lie before the year 2200')
    .optional(),
});

/** The only answer that ever holds a token's text. */
export const madeTokenSchema = tokenSchema.extend({ token: z.string().describe('Shown this once; only its hash is kept') });

export const auditSchema = z.object({
  id: z.number().int(),
  at: time,
  actorId: z.guid().nullable(),
  actor: z.string().describe('E-mail at the time'),
  via: z.string().describe('session, token or none'),
  action: z.string(),
  object: z.string(),
  outcome: z.enum(outcomes),
  details: z.record(z.string(), z.unknown()),
  address: z.string().nullable(),
});

export const auditQuery = z.strictObject({
  cursor: z.string().regex(/^(after|before)-\d{1,15}$/, 'must be a cursor that an answer gave').optional(),
  limit: wholeNumber(1, 200).default(50),
  actor: storableText(320).optional().describe('E-mail or id of who did it'),
  action: storableText(100).optional(),
  object: storableText(300).optional(),
  outcome: z.enum(outcomes).optional(),
  from: moment.optional().describe('Inclusive'),
  to: moment.optional().describe('Exclusive'),
});

export const auditPageSchema = z.object({ items: z.array(auditSchema), nextCursor: z.string().nullable(), prevCursor: z.string().nullable() });

export type UserView = z.infer<typeof userSchema>;
export type NewUser = z.infer<typeof newUserSchema>;
export type UserChange = z.infer<typeof userChangeSchema>;
export type PasswordChange = z.infer<typeof passwordChangeSchema>;
export type SessionView = z.infer<typeof sessionSchema>;
export type TokenView = z.infer<typeof tokenSchema>;
export type MadeToken = z.infer<typeof madeTokenSchema>;
export type NewToken = z.infer<typeof newTokenSchema>;
export type AuditItem = z.infer<typeof auditSchema>;
export type AuditQuery = z.infer<typeof auditQuery>;
export type AuditPage = z.infer<typeof auditPageSchema>;
