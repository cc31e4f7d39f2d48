import type pg from 'pg';
import type { SeedAssessment } from './assessment';

const at = (ms: number) => new Date(ms).toISOString();

type Column = readonly [name: string, type: string];

/** One statement for many rows: an array for each column, which PostgreSQL turns into rows. */
async function insertColumns(client: pg.ClientBase, table: string, columns: readonly Column[], rows: readonly (readonly unknown[])[]): Promise<void> {
  if (rows.length === 0) return;
  const arrays = columns.map((_, index) => rows.map((row) => row[index]));
  const names = columns.map(([name]) => name).join(', ');
  const casts = columns.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ');
  await client.query(`insert into ${table} (${names}) select * from unnest(${casts})`, arrays);
}

const assessmentColumns: Column[] = [
  ['id', 'uuid'], ['user_id', 'uuid'], ['business_name', 'text'], ['business_address', 'text'], ['industry', 'text'], ['country', 'text'], ['risk_score', 'numeric'],
  ['risk_level', 'text'], ['status', 'text'], ['version', 'int'], ['created_at', 'timestamptz'], ['updated_at', 'timestamptz'],
];
const childColumns: Column[] = [['id', 'uuid'], ['assessment_id', 'uuid'], ['assessment_created_at', 'timestamptz']];
const factorColumns: Column[] = [...childColumns, ['category', 'text'], ['name', 'text'], ['score', 'numeric'], ['weight', 'numeric'], ['description', 'text']];
const predictionColumns: Column[] = [...childColumns, ['horizon_months', 'int'], ['predicted_score', 'numeric'], ['confidence', 'numeric'], ['model_used', 'text'], ['created_at', 'timestamptz']];
const checkColumns: Column[] = [...childColumns, ['check_type', 'text'], ['status', 'text'], ['result', 'text'], ['checked_at', 'timestamptz']];

/** A batch of assessments with their children: four statements, however many there are. */
export async function insertAssessments(client: pg.ClientBase, batch: readonly SeedAssessment[], userIds: readonly string[]): Promise<void> {
  const parents = batch.map((one) => [
    one.id, userIds[one.userIndex], one.businessName, one.businessAddress, one.industry, one.country, one.riskScore,
    one.riskLevel, one.status, one.version, at(one.createdAt), at(one.updatedAt),
  ]);
  const factors = batch.flatMap((one) => one.factors.map((f) => [f.id, one.id, at(one.createdAt), f.category, f.name, f.score, f.weight, f.description]));
  const predictions = batch.flatMap((one) =>
    one.predictions.map((p) => [p.id, one.id, at(one.createdAt), p.horizonMonths, p.predictedScore, p.confidence, p.modelUsed, at(one.updatedAt)]),
  );
  const checks = batch.flatMap((one) => one.checks.map((c) => [c.id, one.id, at(one.createdAt), c.checkType, c.status, c.result, at(c.checkedAt)]));
  await insertColumns(client, 'risk_assessments', assessmentColumns, parents);
  await insertColumns(client, 'risk_factors', factorColumns, factors);
  await insertColumns(client, 'predictions', predictionColumns, predictions);
  await insertColumns(client, 'compliance_checks', checkColumns, checks);
}
