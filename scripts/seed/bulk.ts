import type pg from 'pg';
import { countries, factors, industries, nameParts } from './catalog';
import { monthStart } from './calendar';
import { Progress } from './progress';

const batchSize = 20_000;

const list = (values: readonly string[]) => `array[${values.map((value) => `'${value.replaceAll("'", "''")}'`).join(', ')}]`;

/** One of a weighted list, as an array in which each stands as often as its weight says. */
const spread = (items: readonly { weight: number; value: string }[]) => list(items.flatMap(({ weight, value }) => Array<string>(Math.max(1, Math.round(weight))).fill(value)));

const pick = (array: string, random: string) => `(${array})[1 + floor(${random} * array_length(${array}, 1))::int]`;

/** A UUIDv7 of that millisecond; the rest of it from a hash, so that a number gives the same id again. */
const idOf = (ms: string, text: string) =>
  `(lpad(to_hex(${ms}), 12, '0') || '7' || substr(md5(${text}), 1, 3) || '9' || substr(md5(${text}), 4, 15))::uuid`;

/** Parents of one batch, kept for their children. Fewer at the beginning: the square root makes the density grow. */
function parentsSql(): string {
  const names = list(nameParts);
  const nouns = list([...new Set(industries.flatMap((industry) => industry.nouns))]);
  const streets = list(countries.flatMap(({ streets: some }) => some));
  const industry = pick(spread(industries.map(({ name, weight }) => ({ value: name, weight }))), 'r1');
  const country = pick(spread(countries.map(({ code, weight }) => ({ value: code, weight }))), 'r2');
  return `
    create temp table batch on commit drop as
    with numbered as (
      select n, ($3::float8 + ($4::float8 - $3::float8) * (sqrt(1 + (n - 0.5) / $5::float8 * 5.76) - 1) / 1.6)::bigint as ms,
             random() as r1, random() as r2, random() as r3, random() as r4, random() as r5, random() as r6
      from generate_series($1::int, $2::int) n
    ), scored as (
      select *, round(least(1, greatest(0, (random() + random() + random()) / 3))::numeric, 2) as score from numbered
    )
    select n, ms, ${idOf('ms', `n::text || $7`)} as id, timestamptz 'epoch' + ms * interval '1 millisecond' as created_at, score, r6,
      ($6::uuid[])[1 + floor(r1 * r2 * array_length($6::uuid[], 1))::int] as user_id,
      ${pick(names, 'r4')} || ' ' || ${pick(names, 'r5')} || ' ' || ${pick(nouns, 'r6')} || ' ' || n as business_name,
      (1 + floor(r6 * 240))::int || ' ' || ${pick(streets, 'r3')} as business_address,
      ${industry} as industry, ${country} as country
    from scored`;
}

const insertParents = `
  insert into risk_assessments (id, user_id, business_name, business_address, industry, country, risk_score, risk_level, status, version, created_at, updated_at)
  select id, user_id, business_name, business_address, industry, country, score,
    case when score < 0.25 then 'low' when score < 0.50 then 'medium' when score < 0.75 then 'high' else 'critical' end,
    case when r6 < 0.93 then 'completed' when r6 < 0.96 then 'failed' when r6 < 0.98 then 'processing' else 'pending' end, 1, created_at, created_at
  from batch`;

const childId = (kind: string) => idOf('ms', `'${kind}' || k || '-' || n`);

const insertFactors = `
  insert into risk_factors (id, assessment_id, assessment_created_at, category, name, score, weight, description)
  select ${childId('f')}, id, created_at, (${list(factors.map(({ category }) => category))})[1 + (n + k * 5) % ${factors.length}],
    (${list(factors.map(({ name }) => name))})[1 + (n + k * 5) % ${factors.length}],
    round(least(1, greatest(0, score + (random() - 0.5) * 0.3))::numeric, 2), 0.20, null
  from batch, generate_series(1, 3 + n % 5) k`;

const insertPredictions = `
  insert into predictions (id, assessment_id, assessment_created_at, horizon_months, predicted_score, confidence, model_used, created_at)
  select ${childId('p')}, id, created_at, 3 * k, score, 0.80, 'gradient-boost-v3', created_at from batch, generate_series(1, n % 3) k`;

const insertChecks = `
  insert into compliance_checks (id, assessment_id, assessment_created_at, check_type, status, result, checked_at)
  select ${childId('c')}, id, created_at, (array['KYC', 'AML screening', 'Sanctions list', 'GDPR', 'Tax status'])[k],
    case when random() < 0.9 then 'passed' else 'failed' end, null, created_at from batch, generate_series(1, 2 + n % 3) k`;

export type BulkOptions = { rows: number; months: number; seed: number; userIds: string[] };

/**
 * Many assessments for benchmarks: made inside the server, in batches of their own transaction, so the memory here stays
 * as it is. The connection must be a superuser's: parents and children are made together and need no check.
 */
export async function generateBulk(client: pg.Client, { rows, months, seed, userIds }: BulkOptions): Promise<void> {
  const now = new Date();
  const from = monthStart(now, months - 1).getTime();
  const progress = new Progress(`Assessments (${rows.toLocaleString('en')})`, rows);
  await client.query(`select set_config('session_replication_role', 'replica', false), set_config('synchronous_commit', 'off', false), setseed($1)`, [(seed % 1000) / 1000]);
  for (let first = 1; first <= rows; first += batchSize) {
    const last = Math.min(rows, first + batchSize - 1);
    await client.query('begin');
    await client.query(parentsSql(), [first, last, from, now.getTime() - 60_000, rows, userIds, `-${seed}`]);
    for (const statement of [insertParents, insertFactors, insertPredictions, insertChecks]) await client.query(statement);
    await client.query('commit');
    progress.at(last);
  }
  progress.done();
}
