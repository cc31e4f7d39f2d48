// Plain values, without the schemas: a page that only names them does not load zod.

export const riskLevels = ['low', 'medium', 'high', 'critical'] as const;
export type RiskLevel = (typeof riskLevels)[number];

export const statuses = ['pending', 'processing', 'completed', 'failed'] as const;
export type Status = (typeof statuses)[number];

/** The level follows from the score: each begins a quarter higher than the one before. The table checks the same. */
export function levelOf(score: number): RiskLevel {
  if (score < 0.25) return 'low';
  if (score < 0.5) return 'medium';
  return score < 0.75 ? 'high' : 'critical';
}

/** What a list can be narrowed by. */
export const filterNames = ['q', 'status', 'riskLevel', 'industry', 'country', 'userId', 'minScore', 'maxScore', 'createdFrom', 'createdTo'] as const;
export type FilterName = (typeof filterNames)[number];

export const sorts = ['-createdAt', 'createdAt', '-riskScore', 'riskScore', 'businessName', '-businessName'] as const;
export type Sort = (typeof sorts)[number];
