// Plain values, without the schemas: a page that only names them does not load zod.

export const passwordLength = { least: 12, most: 128 };

export const outcomes = ['success', 'refused', 'failed'] as const;
