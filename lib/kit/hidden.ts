import { ident, render, sql } from '@/lib/pg/sql';
import type { ServerFacts } from './diagnostic';
import type { Finding } from './finding';

/** What lets this connection's role see what belongs to others. */
export const grantMonitor = (role: string): string => `${render(sql`GRANT pg_monitor TO ${ident(role)}`).text};`;

/** The finding that part of the picture is missing: for a diagnostic that shows what it can. */
export function hiddenPart(code: Finding['code'], hidden: number, what: string, server: ServerFacts | null): Finding[] {
  if (hidden === 0) return [];
  const role = server?.user ?? '';
  return [{
    code,
    severity: 'warning',
    about: role,
    says: `${hidden} ${what} are hidden: the role ${role} is not a member of pg_monitor. What is shown is not the whole.`,
    evidence: { hidden, role },
    remedy: role ? { sql: grantMonitor(role) } : null,
  }];
}
