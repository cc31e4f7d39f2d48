import 'server-only';
import type { Columns } from '@/lib/kit/column';
import type { Finding } from '@/lib/kit/finding';
import { maskSecrets } from '@/lib/kit/mask';
import type { Row } from '@/lib/kit/result';

/** Statement texts of any diagnostic without the secrets in them (F13): before findings are made of them, and before they are searched, sorted or sent. */
export function maskRows(columns: Columns, rows: Row[]): Row[] {
  const texts = Object.entries(columns).flatMap(([key, { unit }]) => (unit === 'sql' ? [key] : []));
  if (texts.length === 0) return rows;
  return rows.map((row) => ({ ...row, ...Object.fromEntries(texts.map((key) => [key, masked(row[key] ?? null)])) }));
}

const masked = (value: Row[string]): Row[string] => (typeof value === 'string' ? maskSecrets(value) : value);

/** Of a hundred of PostgreSQL's own numbers for statements two or three look like payment cards; they lead to the statement's page. */
const isStatementId = (key: string, value: Row[string]): boolean => key.endsWith('queryid') && typeof value === 'string' && /^-?\d{1,19}$/.test(value);

/** What a finding says of a statement that its rows did not hold. */
export const maskFinding = (finding: Finding): Finding => ({
  ...finding,
  about: maskSecrets(finding.about),
  says: maskSecrets(finding.says),
  evidence: Object.fromEntries(Object.entries(finding.evidence).map(([key, value]) => [key, isStatementId(key, value) ? value : masked(value)])),
});
