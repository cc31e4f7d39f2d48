import { sql, type SQL } from '@/lib/pg/sql';

/** Milliseconds and a Z, whatever the session's time zone is: behind a pooler it is not ours to set. */
export const isoTime = (column: SQL): SQL => sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** The fields of an assessment `a`, by their names in the API: PostgreSQL writes the JSON, and nothing here reads it again. */
export const itemFields = sql`
  'id', a.id, 'userId', a.user_id, 'businessName', a.business_name, 'businessAddress', a.business_address, 'industry', a.industry,
  'country', a.country, 'riskScore', a.risk_score, 'riskLevel', a.risk_level, 'status', a.status, 'version', a.version,
  'createdAt', ${isoTime(sql`a.created_at`)}, 'updatedAt', ${isoTime(sql`a.updated_at`)}`;

/** The children name the time themselves: joined to the parent's, every partition of theirs would be planned for. */
const childrenOf = (table: SQL, object: SQL, id: string, time: string): SQL => sql`
  (select coalesce(json_agg(json_build_object('id', c.id, ${object}) order by c.id), '[]')
   from ${table} c where c.assessment_id = ${id} and c.assessment_created_at = ${time}::timestamptz)`;

const factor = sql`'category', c.category, 'name', c.name, 'score', c.score, 'weight', c.weight, 'description', c.description`;
const prediction = sql`'horizonMonths', c.horizon_months, 'predictedScore', c.predicted_score, 'confidence', c.confidence, 'modelUsed', c.model_used, 'createdAt', ${isoTime(sql`c.created_at`)}`;
const check = sql`'checkType', c.check_type, 'status', c.status, 'result', c.result, 'checkedAt', ${isoTime(sql`c.checked_at`)}`;

/** The whole of the assessment `a`, of this id and time, its children with it. */
export const wholeAssessment = (id: string, time: string): SQL => sql`json_build_object(${itemFields},
  'factors', ${childrenOf(sql`risk_factors`, factor, id, time)},
  'predictions', ${childrenOf(sql`predictions`, prediction, id, time)},
  'complianceChecks', ${childrenOf(sql`compliance_checks`, check, id, time)})`;
