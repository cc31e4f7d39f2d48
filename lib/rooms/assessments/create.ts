import { uuidv7 } from 'uuidv7';
import type { Database } from '@/lib/db/client';
import { AppError, type FieldError } from '@/lib/errors';
import { array, sql, type SQL } from '@/lib/pg/sql';
import { timeOf } from './find';
import { levelOf, type NewAssessment } from './schema';

type Parent = { id: string; createdAt: string };
type Lists = Pick<NewAssessment, 'factors' | 'predictions' | 'complianceChecks'>;
type Rows = Record<string, unknown>[];

const owned = ({ id, createdAt }: Parent, child: { id?: string | undefined }) => ({ id: child.id ?? uuidv7(), assessment_id: id, assessment_created_at: createdAt });

export const factorRows = (parent: Parent, { factors = [] }: Lists): Rows =>
  factors.map((factor) => ({ ...owned(parent, factor), category: factor.category, name: factor.name, score: factor.score, weight: factor.weight, description: factor.description ?? null }));

export const predictionRows = (parent: Parent, { predictions = [] }: Lists, now: string): Rows =>
  predictions.map((one) => ({ ...owned(parent, one), horizon_months: one.horizonMonths, predicted_score: one.predictedScore, confidence: one.confidence, model_used: one.modelUsed, created_at: one.createdAt ?? now }));

export const checkRows = (parent: Parent, { complianceChecks = [] }: Lists, now: string): Rows =>
  complianceChecks.map((check) => ({ ...owned(parent, check), check_type: check.checkType, status: check.status, result: check.result ?? null, checked_at: check.checkedAt ?? now }));

const key = sql`id uuid, assessment_id uuid, assessment_created_at timestamptz`;

/** Rows arrive as one JSON parameter a table, which PostgreSQL turns into rows: one statement for any number of them. */
const insertRows = (table: SQL, columns: SQL, rows: Rows): SQL => sql`insert into ${table} select * from json_to_recordset(${JSON.stringify(rows)}::json) as r(${columns})`;

export const insertFactors = (rows: Rows): SQL =>
  insertRows(sql`risk_factors (id, assessment_id, assessment_created_at, category, name, score, weight, description)`, sql`${key}, category text, name text, score numeric, weight numeric, description text`, rows);

export const insertPredictions = (rows: Rows): SQL =>
  insertRows(sql`predictions (id, assessment_id, assessment_created_at, horizon_months, predicted_score, confidence, model_used, created_at)`, sql`${key}, horizon_months int, predicted_score numeric, confidence numeric, model_used text, created_at timestamptz`, rows);

export const insertChecks = (rows: Rows): SQL =>
  insertRows(sql`compliance_checks (id, assessment_id, assessment_created_at, check_type, status, result, checked_at)`, sql`${key}, check_type text, status text, result text, checked_at timestamptz`, rows);

/** A time of creation is the id's own millisecond: who has the id finds the partition. */
function newParent(): Parent {
  const id = uuidv7();
  const createdAt = timeOf(id);
  if (createdAt === null) throw new Error('a UUIDv7 without a time');
  return { id, createdAt };
}

function parentRow({ id, createdAt }: Parent, one: NewAssessment, userId: string): Record<string, unknown> {
  const { businessName, businessAddress = null, industry = null, country = null, riskScore, status } = one;
  return { id, user_id: one.userId ?? userId, business_name: businessName, business_address: businessAddress, industry, country, risk_score: riskScore, risk_level: levelOf(riskScore), status, created_at: createdAt };
}

/**
 * Assessments with their children: all of them in one statement, or none. `pathOf` names a refused one's field.
 * @throws AppError invalid for a `userId` that is nobody's
 */
export async function createAssessments(tx: Database, wanted: readonly NewAssessment[], userId: string, pathOf: (index: number) => string): Promise<string[]> {
  await requireUsers(tx, wanted, pathOf);
  const parents = wanted.map(newParent);
  const now = new Date().toISOString();
  const of = (rows: (parent: Parent, one: NewAssessment) => Rows) => wanted.flatMap((one, index) => (parents[index] ? rows(parents[index], one) : []));
  await tx.rows(sql`
    with factors as (${insertFactors(of(factorRows))}),
      predictions as (${insertPredictions(of((parent, one) => predictionRows(parent, one, now)))}),
      checks as (${insertChecks(of((parent, one) => checkRows(parent, one, now)))})
    insert into risk_assessments (id, user_id, business_name, business_address, industry, country, risk_score, risk_level, status, created_at, updated_at)
    select r.*, r.created_at from json_to_recordset(${JSON.stringify(of((parent, one) => [parentRow(parent, one, userId)]))}::json)
      as r(id uuid, user_id uuid, business_name text, business_address text, industry text, country text, risk_score numeric, risk_level text, status text, created_at timestamptz)`);
  return parents.map(({ id }) => id);
}

/** Every `userId` that is named must be somebody's. */
export async function requireUsers(tx: Database, wanted: readonly { userId?: string | undefined }[], pathOf: (index: number) => string): Promise<void> {
  const named = [...new Set(wanted.flatMap(({ userId }) => userId ?? []))];
  if (named.length === 0) return;
  const found = await tx.rows<{ id: string }>(sql`select id from users where id = any(${array(named)}::uuid[])`);
  const known = new Set(found.map(({ id }) => id));
  const errors = wanted.flatMap(({ userId }, index): FieldError[] => (userId === undefined || known.has(userId) ? [] : [{ path: `${pathOf(index)}userId`, code: 'unknown_user', message: 'is nobody’s' }]));
  if (errors.length > 0) throw new AppError('invalid', 'There is no such user.', { errors: errors.slice(0, 100) });
}
