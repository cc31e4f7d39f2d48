import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { param } from '@/lib/kit/param';
import { sql } from '@/lib/pg/sql';
import { formatCount, formatRatio } from '@/lib/units';
import { wideDecimal } from './sequence-object';
import { sequenceRows, sequencesWhole } from './sequences-sql';

export const sequences = diagnostic({
  name: 'sequences',
  title: 'Sequences',
  why: 'A sequence or its column that is full refuses every further insert.',
  how: 'Where each sequence stands against its own bounds and the types of the columns that take its values: by ownership, by default, and foreign keys that copy them. Foreign keys are followed over any number of tables, domains to what they are of. An integer column is full at 2,147,483,647 whatever the sequence allows, one of numeric(5) at 99,999. Where a sequence stands needs SELECT or USAGE on it; without, it is not known. Reading takes a light lock on each sequence, so at most an eighth of the server’s lock table is read, the narrowest columns first.',
  permission: 'stats:read',
  params: { min_ratio: param.ratio('A finding from (share, 0–1)', 0.75) },
  row: {
    seq: col.code('Sequence'),
    column_name: col.maybe(col.code('Column', { note: 'The narrowest of the columns that take its values' })),
    column_type: col.maybe(col.text('Column type', { note: 'Of a domain what it is of in the end' })),
    domain: col.maybe(col.code('Domain')),
    sequence_type: col.text('Sequence type'),
    last_value: col.maybe(col.count('Stands at', { note: 'Unknown: never used, or not readable' })),
    bound: col.count('Ends at', { note: 'The nearer of the sequence’s own bound and the column type’s' }),
    capped: col.flag('By its own bound', { note: 'Its MAXVALUE or MINVALUE, not a type, is where it ends' }),
    used_ratio: col.maybe(col.ratio('Used')),
    remaining: col.maybe(col.count('Values left')),
    step: col.count('Step'),
    cycles: col.flag('Cycles', { note: 'Starts again at its end: then a value comes twice' }),
    readable: col.flag('Readable'),
  },
  key: ['seq'],
  search: ['seq', 'column_name'],
  sort: '-used_ratio',
  show: ['seq', 'column_name', 'column_type', 'sequence_type', 'last_value', 'bound', 'used_ratio', 'remaining'],
  needs: [],
  charts: [],
  codes: {
    'tables.sequence': 'A sequence has used most of what its column’s type or its own bounds allow.',
    'tables.sequences_hidden': 'The monitoring role may not read where some sequences stand.',
    'tables.sequences_left_out': 'There are more sequences than may be read at once: some were not looked at.',
  },
  context: {
    row: { sequence_count: col.count('Sequences'), hidden: col.count('Not readable'), left_out: col.count('Not looked at') },
    sql: () => sequencesWhole,
  },
  actions: [{ action: 'tables.sequence', from: { sequence: 'seq' } }],
  refreshSeconds: 60,
  source: 'sql',
  alarm: ({ params }) => sql`d.used_ratio >= greatest(0.01, ${params.min_ratio}::float8)`,
  sql: { 14: () => sequenceRows },
  findings: (rows, { params, context, server }) => {
    const found = rows
      .filter((row) => row.used_ratio !== null && row.used_ratio >= Math.max(0.01, params.min_ratio) && !(row.cycles && (row.capped || [null, row.sequence_type].includes(row.column_type))))
      .map((row): Finding => ({
        code: 'tables.sequence',
        severity: (row.used_ratio ?? 0) >= 0.9 ? 'critical' : 'warning',
        about: row.seq,
        says: `${formatRatio(row.used_ratio ?? 0)} used: ${formatCount(row.remaining ?? 0)} values are left${endOf(row)}; then inserts fail. ${costOf(row)}`,
        evidence: { last_value: row.last_value, bound: row.bound, used_ratio: row.used_ratio, remaining: row.remaining, column_type: row.column_type, sequence_type: row.sequence_type },
        remedy: !row.capped && !isOfType(row) && (row.sequence_type === 'bigint' || row.domain !== null || isDecimal(row)) ? { sql: widening(row) } : { action: 'tables.sequence', params: { sequence: row.seq, change: 'widen', at: '' } },
      }));
    if (context && context.hidden > 0) {
      found.push({ code: 'tables.sequences_hidden', severity: 'warning', about: 'sequences', says: `${context.hidden} of ${context.sequence_count} sequences are not readable for ${server?.user ?? 'the monitoring role'}: whether they are nearly full is not known.`, evidence: { hidden: context.hidden, sequences: context.sequence_count }, remedy: { sql: 'GRANT pg_read_all_data TO <the monitoring role>;  -- or USAGE on the sequences' } });
    }
    if (context && context.left_out > 0) {
      found.push({ code: 'tables.sequences_left_out', severity: 'info', about: 'sequences', says: `${context.left_out} of ${context.sequence_count} sequences were not looked at: reading them all at once would fill the server’s lock table.`, evidence: { left_out: context.left_out, sequences: context.sequence_count }, remedy: null });
    }
    return found;
  },
});

type Full = { seq: string; column_name: string | null; column_type: string | null; domain: string | null; sequence_type: string; capped: boolean; bound: number; step: number };

const isDecimal = ({ column_type: type }: Full): boolean => type?.startsWith('numeric(') === true;

/** The type of the sequence ends it, before its column is full. */
function isOfType({ column_type: type, sequence_type: own, bound, step }: Full): boolean {
  const most = { smallint: 32_767, integer: 2_147_483_647 }[own];
  return most !== undefined && type !== own && bound === (step > 0 ? most : -most - 1);
}

function endOf(row: Full): string {
  if (isOfType(row)) return ` until the end of its own type, ${row.sequence_type}`;
  if (row.capped) return ` until its own ${row.step > 0 ? 'MAXVALUE' : 'MINVALUE'} of ${formatCount(row.bound)}`;
  return row.column_name === null ? '' : ` until ${row.column_name} (${row.domain === null ? '' : `${row.domain}, of `}${row.column_type}) is full`;
}

function costOf(row: Full): string {
  if (row.capped) return 'Another bound changes the catalog alone; somebody may have meant this one.';
  if (isOfType(row)) return 'Making it bigint changes the catalog alone.';
  if (isDecimal(row)) return 'More digits change the catalog alone; columns that reference it need them too.';
  return 'Widening a column rewrites the table and its indexes under a lock that blocks reads and writes; columns that reference it need it too.';
}

function widening(row: Full): string {
  const lines = row.sequence_type === 'bigint' ? [] : [`ALTER SEQUENCE ${row.seq} AS bigint;`];
  const parts = row.column_name === null ? null : /^(.*)\.((?:"(?:[^"]|"")*")|[^."]+)$/s.exec(row.column_name);
  if (!parts || row.column_type === 'bigint') return lines.join('\n');
  const alter = (type: string, note: string) => `ALTER TABLE ${parts[1]} ALTER COLUMN ${parts[2]} TYPE ${type};${note}`;
  const type = isDecimal(row) ? wideDecimal(row.column_type ?? '') : 'bigint';
  if (row.domain !== null) lines.push(`CREATE DOMAIN <a wider one> AS ${type};  -- with what ${row.domain} checks`, alter('<the wider one>', '  -- rewrites the table, ACCESS EXCLUSIVE meanwhile'));
  else lines.push(alter(type, isDecimal(row) ? '' : '  -- rewrites the table, ACCESS EXCLUSIVE meanwhile'));
  return lines.join('\n');
}
