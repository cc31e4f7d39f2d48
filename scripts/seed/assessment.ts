import { UUID } from 'uuidv7';
import { levelOf } from '@/lib/rooms/assessments/values';
import { checkTypes, countries, factors, industries, models, nameParts, type Country, type Factor, type Industry } from './catalog';
import { workTimes } from './calendar';
import { Random } from './random';

export type SeedFactor = { id: string; category: string; name: string; score: number; weight: number; description: string };
export type SeedPrediction = { id: string; horizonMonths: number; predictedScore: number; confidence: number; modelUsed: string };
export type SeedCheck = { id: string; checkType: string; status: string; result: string; checkedAt: number };

export type SeedAssessment = {
  id: string;
  userIndex: number;
  businessName: string;
  businessAddress: string;
  industry: string;
  country: string;
  riskScore: number;
  riskLevel: string;
  status: string;
  version: number;
  createdAt: number;
  updatedAt: number;
  factors: SeedFactor[];
  predictions: SeedPrediction[];
  checks: SeedCheck[];
};

export type SeedOptions = { seed: number; count: number; months: number; now: Date; userWeights: readonly number[] };

const hourMs = 3_600_000;
const rounded = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * 100) / 100;

/** A UUIDv7 of that very millisecond: the table's time is the id's own. */
export function idAt(random: Random, ms: number): string {
  return UUID.fromFieldsV7(ms, random.bits() & 0xfff, random.bits() & 0x3fffffff, random.bits()).toString();
}

/** The same assessments for the same options, oldest first, one at a time. */
export function* generateAssessments(options: SeedOptions): Generator<SeedAssessment> {
  const random = new Random(options.seed);
  const owners = options.userWeights.map((weight, index) => ({ weight, index }));
  const [first, ...rest] = owners;
  if (!first) throw new Error('Assessments need a user who made them.');
  for (const at of workTimes(random, options.count, options.months, options.now)) {
    yield oneAssessment(random, at, options.now.getTime(), random.weighted([first, ...rest]).index);
  }
}

function oneAssessment(random: Random, createdAt: number, now: number, userIndex: number): SeedAssessment {
  const industry = random.weighted(industries);
  const country = random.weighted(countries);
  const target = random.beta(...industry.shape) + country.risk;
  const parts = someFactors(random, target, createdAt);
  const riskScore = rounded(parts.reduce((sum, { score, weight }) => sum + score * weight, 0));
  const status = statusAt(random, now - createdAt);
  const updatedAt = Math.min(now, createdAt + (status === 'pending' ? 0 : random.between(2, 72 * 60) * 60_000));
  return {
    id: idAt(random, createdAt),
    userIndex,
    businessName: businessName(random, industry, country),
    businessAddress: address(random, country),
    industry: industry.name,
    country: country.code,
    riskScore,
    riskLevel: levelOf(riskScore),
    status,
    version: status === 'pending' ? 1 : random.between(2, 5),
    createdAt,
    updatedAt,
    factors: parts,
    predictions: status === 'completed' ? somePredictions(random, riskScore, createdAt) : [],
    checks: someChecks(random, riskScore, createdAt, now),
  };
}

function statusAt(random: Random, ageMs: number): string {
  const draw = random.unit();
  if (ageMs < 48 * hourMs) return draw < 0.4 ? 'pending' : draw < 0.6 ? 'processing' : 'completed';
  if (ageMs < 240 * hourMs) return draw < 0.08 ? 'pending' : draw < 0.12 ? 'processing' : draw < 0.15 ? 'failed' : 'completed';
  return draw < 0.005 ? 'pending' : draw < 0.035 ? 'failed' : 'completed';
}

function businessName(random: Random, industry: Industry, country: Country): string {
  const first = random.pick(nameParts);
  const second = random.chance(0.45) ? random.pick(nameParts) : undefined;
  const own = second && second !== first ? `${first} ${random.chance(0.3) ? '& ' : ''}${second}` : first;
  return `${own} ${random.pick(industry.nouns)} ${random.pick(country.forms)}`;
}

function address(random: Random, country: Country): string {
  const number = random.between(1, 240);
  const street = random.pick(country.streets);
  return `${country.numberFirst ? `${number} ${street}` : `${street} ${number}`}, ${random.pick(country.cities)}`;
}

/** Three to eight different factors around the target; their weights add up to exactly 1. */
function someFactors(random: Random, target: number, at: number): SeedFactor[] {
  const count = random.between(3, 8);
  const chosen = new Set<Factor>();
  while (chosen.size < count) chosen.add(random.pick(factors));
  const shares = [...chosen].map(() => 0.3 + random.unit());
  const total = shares.reduce((sum, share) => sum + share, 0);
  const hundredths = shares.map((share) => Math.floor((share / total) * 100));
  const left = 100 - hundredths.reduce((sum, share) => sum + share, 0);
  return [...chosen].map((factor, index) => ({
    id: idAt(random, at),
    category: factor.category,
    name: factor.name,
    score: rounded(target + random.normal() * 0.14),
    weight: ((hundredths[index] ?? 0) + (index === 0 ? left : 0)) / 100,
    description: random.pick(factor.says),
  }));
}

function somePredictions(random: Random, score: number, at: number): SeedPrediction[] {
  const horizons = [3, 6, 12].slice(0, random.between(0, 3));
  return horizons.map((horizonMonths) => ({
    id: idAt(random, at),
    horizonMonths,
    predictedScore: rounded(score + random.normal() * 0.02 * Math.sqrt(horizonMonths)),
    confidence: rounded(0.94 - horizonMonths * 0.022 - random.unit() * 0.15),
    modelUsed: random.weighted(models).name,
  }));
}

function someChecks(random: Random, score: number, at: number, now: number): SeedCheck[] {
  const count = random.between(2, 5);
  const chosen = new Set<string>();
  while (chosen.size < count) chosen.add(random.pick(checkTypes));
  return [...chosen].map((checkType) => {
    const draw = random.unit() - score * 0.25;
    const [status, result] = draw < -0.1 ? ['failed', 'Requirements not met'] : draw < 0.02 ? ['warning', 'Evidence is incomplete'] : draw > 0.97 ? ['pending', 'Waiting for documents'] : ['passed', 'No finding'];
    return { id: idAt(random, at), checkType, status, result, checkedAt: Math.min(now, at + random.between(1, 600) * 60_000) };
  });
}
