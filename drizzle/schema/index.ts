export * from './auth';
export * from './assessments';
export * from './riskdesk';
