import { bigint, customType, index, jsonb, pgSchema, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';

/** The console's own operational tables. */
export const riskdesk = pgSchema('riskdesk');

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

/** Append-only: a trigger refuses UPDATE, DELETE and TRUNCATE, and the application's role may only insert and read. */
export const auditLog = riskdesk.table(
  'audit_log',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    at: timestamp('at', { withTimezone: true }).notNull().defaultNow(),
    actorId: uuid('actor_id'),
    /** E-mail at the time: accounts can go, the record stays. */
    actor: text('actor').notNull(),
    via: text('via').notNull(),
    action: text('action').notNull(),
    object: text('object').notNull(),
    outcome: text('outcome').notNull(),
    details: jsonb('details').notNull(),
    address: text('address'),
    /** A trigger gives both: the place in the chain, and sha256 over the hash before and this row. */
    position: bigint('position', { mode: 'number' }).notNull().unique(),
    hash: bytea('hash').notNull(),
  },
  (table) => [index('audit_log_actor_id_idx').on(table.actorId, table.id), index('audit_log_object_idx').on(table.object, table.id)],
);

/** What people decided about findings: accepted, or snoozed until a time. */
export const findingDecisions = riskdesk.table(
  'finding_decisions',
  {
    target: text('target').notNull(),
    findingId: text('finding_id').notNull(),
    code: text('code').notNull(),
    about: text('about').notNull(),
    severity: text('severity').notNull(),
    kind: text('kind').notNull(),
    until: timestamp('until', { withTimezone: true }),
    reason: text('reason').notNull(),
    /** E-mail at the time, as in the audit log. */
    decidedBy: text('decided_by').notNull(),
    decidedAt: timestamp('decided_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.target, table.findingId] })],
);

/** Figures of diagnostics over time: `rows` holds, by the row's key, the values of `columns`. */
export const samples = riskdesk.table(
  'samples',
  {
    target: text('target').notNull(),
    diagnostic: text('diagnostic').notNull(),
    at: timestamp('at', { withTimezone: true }).notNull(),
    since: timestamp('since', { withTimezone: true }),
    columns: text('columns').array().notNull(),
    rows: jsonb('rows').notNull(),
  },
  (table) => [primaryKey({ columns: [table.target, table.diagnostic, table.at] })],
);

/** Counters of failed sign-ins by account and by address; rate-limiter-flexible keeps them. */
export const rateLimits = riskdesk.table('rate_limits', {
  key: text('key').primaryKey(),
  points: bigint('points', { mode: 'number' }).notNull().default(0),
  expire: bigint('expire', { mode: 'number' }),
});
