/** Cache keys, one family a thing: invalidating a family refreshes everything that shows it. */
export const keys = {
  diagnostic: (id: string, query: Record<string, string>) => ['diagnostic', id, query] as const,
  diagnostics: (room: string) => ['diagnostic', room] as const,
  findings: (target: string) => ['findings', target] as const,
  everyDiagnostic: ['diagnostic'] as const,
  allJobs: ['jobs'] as const,
  jobs: (limit: number) => ['jobs', 'list', limit] as const,
  job: (id: string) => ['jobs', 'one', id] as const,
  health: ['health'] as const,
  targets: ['targets'] as const,
  assessments: (query?: Record<string, unknown>) => (query ? (['assessments', 'list', query] as const) : (['assessments'] as const)),
  assessmentStats: (query: Record<string, unknown>) => ['assessments', 'stats', query] as const,
  assessment: (id: string) => ['assessments', 'one', id] as const,
  users: ['users'] as const,
  sessions: ['sessions'] as const,
  tokens: ['tokens'] as const,
  audit: (query?: Record<string, unknown>) => (query ? (['audit', query] as const) : (['audit'] as const)),
};
