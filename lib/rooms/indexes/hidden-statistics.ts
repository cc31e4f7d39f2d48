import { col } from '@/lib/kit/column';
import type { ServerFacts } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { ident, render, sql } from '@/lib/pg/sql';
import { ownSchemas } from './catalog';

/** pg_stats shows the statistics of columns that a role may read, and of no others: pg_monitor alone sees none. */
export const hiddenStatistics = {
  row: { hidden: col.count('Tables hidden from us', { note: 'With indexes, and statistics that this role may not read' }), tables: col.count('Tables with indexes') },
  sql: () => sql`
      select count(*) filter (where not has_table_privilege(t.oid, 'select') or row_security_active(t.oid)) as hidden, count(*) as tables
      from pg_class t join pg_namespace n on n.oid = t.relnamespace
      where t.relkind in ('r', 'm') and t.relhasindex and t.relpersistence <> 't' and ${ownSchemas}`,
  finding: (code: Finding['code'], context: { hidden: number; tables: number } | null, server: ServerFacts | null): Finding[] =>
    context === null || context.hidden === 0
      ? []
      : [{
          code,
          severity: 'warning',
          about: 'pg_stats',
          says: `Statistics of ${context.hidden} of ${context.tables} tables with indexes may not be read by this role, so nothing is known of those. What is shown is not the whole.`,
          evidence: { hidden: context.hidden, tables: context.tables },
          remedy: server === null ? null : { sql: `-- lets it read every table; or grant SELECT on single tables. Row security hides statistics as well.\n${render(sql`GRANT pg_read_all_data TO ${ident(server.user)}`).text};` },
        }],
};
