import type { Database } from '@/lib/db/client';
import { AppError } from '@/lib/errors';
import { join, sql, type SQL } from '@/lib/pg/sql';
import { checkRows, factorRows, insertChecks, insertFactors, insertPredictions, predictionRows, requireUsers } from './create';
import { findAssessment, missing, whereFound } from './find';
import { levelOf, type AssessmentChange } from './schema';

type Place = { id: string; created_at: string; version: number; risk_level: string };

/** The row locked where it is, if it still has the version that was read. @throws AppError not_found, version_conflict with `current` */
async function lock(tx: Database, id: string, version: number): Promise<Place> {
  const place = await whereFound(id, async (here) => {
    const [row] = await tx.rows<Place>(sql`select a.id, a.created_at, a.version, a.risk_level from risk_assessments a where ${here} for update`);
    return row;
  });
  if (!place) throw missing();
  if (place.version === version) return place;
  const current: unknown = JSON.parse(await findAssessment(tx, id));
  throw new AppError('version_conflict', `It has version ${place.version} by now, and this change was made to version ${version}.`, { current });
}

function assignments(change: AssessmentChange): SQL[] {
  const { userId, businessName, businessAddress, industry, country, riskScore, status } = change;
  return [
    ...(userId === undefined ? [] : [sql`user_id = ${userId}`]),
    ...(businessName === undefined ? [] : [sql`business_name = ${businessName}`]),
    ...(businessAddress === undefined ? [] : [sql`business_address = ${businessAddress}`]),
    ...(industry === undefined ? [] : [sql`industry = ${industry}`]),
    ...(country === undefined ? [] : [sql`country = ${country}`]),
    ...(riskScore === undefined ? [] : [sql`risk_score = ${riskScore}::numeric`, sql`risk_level = ${levelOf(riskScore)}`]),
    ...(status === undefined ? [] : [sql`status = ${status}`]),
  ];
}

/** A child list that is present replaces the whole; the parent's row is locked, so nobody else does so meanwhile. */
async function replaceChildren(tx: Database, { id, created_at }: Place, change: AssessmentChange): Promise<void> {
  const parent = { id, createdAt: created_at };
  const now = new Date().toISOString();
  const own = sql`assessment_id = ${id} and assessment_created_at = ${created_at}::timestamptz`;
  if (change.factors) {
    await tx.rows(sql`delete from risk_factors where ${own}`);
    await tx.rows(insertFactors(factorRows(parent, change)));
  }
  if (change.predictions) {
    await tx.rows(sql`delete from predictions where ${own}`);
    await tx.rows(insertPredictions(predictionRows(parent, change, now)));
  }
  if (change.complianceChecks) {
    await tx.rows(sql`delete from compliance_checks where ${own}`);
    await tx.rows(insertChecks(checkRows(parent, change, now)));
  }
}

/** Changes what is present in `change` and counts the version up. @throws AppError not_found, version_conflict, invalid */
export async function updateAssessment(tx: Database, id: string, change: AssessmentChange): Promise<string> {
  const place = await lock(tx, id, change.version);
  await requireUsers(tx, [change], () => '');
  if (change.riskLevel !== undefined && change.riskScore === undefined && change.riskLevel !== place.risk_level) {
    throw new AppError('invalid', 'riskLevel does not agree with riskScore.', { errors: [{ path: 'riskLevel', code: 'custom', message: `does not agree with riskScore, which makes it ${place.risk_level}` }] });
  }
  const sets = [...assignments(change), sql`version = version + 1`, sql`updated_at = greatest(now(), created_at)`];
  await tx.rows(sql`update risk_assessments set ${join(sets, sql`, `)} where id = ${place.id} and created_at = ${place.created_at}::timestamptz`);
  await replaceChildren(tx, place, change);
  return findAssessment(tx, id);
}

export type Deleted = { businessName: string; riskScore: number; createdAt: string };

/** Its children go with it. @returns what is kept on record of it. @throws AppError not_found, version_conflict */
export async function deleteAssessment(tx: Database, id: string, version: number): Promise<Deleted> {
  const place = await lock(tx, id, version);
  const [row] = await tx.rows<Deleted>(sql`
    delete from risk_assessments where id = ${place.id} and created_at = ${place.created_at}::timestamptz
    returning business_name as "businessName", risk_score as "riskScore", created_at as "createdAt"`);
  if (!row) throw missing();
  return row;
}
