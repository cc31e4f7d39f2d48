import { char, foreignKey, integer, numeric, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { users } from './auth';

const at = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
const score = (name: string) => numeric(name, { precision: 3, scale: 2, mode: 'number' });

/** Range-partitioned by month on created_at; the migration says how (Drizzle has no syntax for it). */
export const riskAssessments = pgTable(
  'risk_assessments',
  {
    id: uuid('id').notNull(),
    userId: uuid('user_id').notNull().references(() => users.id),
    businessName: text('business_name').notNull(),
    businessAddress: text('business_address'),
    industry: text('industry'),
    country: char('country', { length: 2 }),
    riskScore: score('risk_score').notNull(),
    riskLevel: text('risk_level').notNull(),
    status: text('status').notNull().default('pending'),
    version: integer('version').notNull().default(1),
    createdAt: at('created_at').notNull(),
    updatedAt: at('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.id, table.createdAt] })],
);

const childOf = {
  id: uuid('id').notNull(),
  assessmentId: uuid('assessment_id').notNull(),
  assessmentCreatedAt: at('assessment_created_at').notNull(),
};

export const riskFactors = pgTable(
  'risk_factors',
  {
    ...childOf,
    category: text('category').notNull(),
    name: text('name').notNull(),
    score: score('score').notNull(),
    weight: score('weight').notNull(),
    description: text('description'),
  },
  (table) => [
    primaryKey({ columns: [table.assessmentId, table.assessmentCreatedAt, table.id] }),
    foreignKey({ columns: [table.assessmentId, table.assessmentCreatedAt], foreignColumns: [riskAssessments.id, riskAssessments.createdAt] }).onDelete('cascade'),
  ],
);

export const predictions = pgTable(
  'predictions',
  {
    ...childOf,
    horizonMonths: integer('horizon_months').notNull(),
    predictedScore: score('predicted_score').notNull(),
    confidence: score('confidence').notNull(),
    modelUsed: text('model_used').notNull(),
    createdAt: at('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.assessmentId, table.assessmentCreatedAt, table.id] }),
    foreignKey({ columns: [table.assessmentId, table.assessmentCreatedAt], foreignColumns: [riskAssessments.id, riskAssessments.createdAt] }).onDelete('cascade'),
  ],
);

export const complianceChecks = pgTable(
  'compliance_checks',
  {
    ...childOf,
    checkType: text('check_type').notNull(),
    status: text('status').notNull(),
    result: text('result'),
    checkedAt: at('checked_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.assessmentId, table.assessmentCreatedAt, table.id] }),
    foreignKey({ columns: [table.assessmentId, table.assessmentCreatedAt], foreignColumns: [riskAssessments.id, riskAssessments.createdAt] }).onDelete('cascade'),
  ],
);
