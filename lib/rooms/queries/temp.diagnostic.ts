import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { ident, render, sql } from '@/lib/pg/sql';
import { formatBytes } from '@/lib/units';
import { columns, context, counted, oneLine, shared } from './statements';

const row = {
  ...columns,
  temp_bytes: col.bytes('Temporary files', { note: 'Written by sorts, hashes and intermediate results that did not fit their memory' }),
  temp_per_call_bytes: col.maybe(col.bytes('Temporary a call')),
  wal_bytes: col.bytes('WAL', { note: 'Goes to every replica and into the archive' }),
  wal_per_call_bytes: col.maybe(col.bytes('WAL a call')),
};

const leastTemp = 100 * 1024 ** 2;

export const temp = diagnostic({
  ...shared,
  name: 'temp',
  title: 'By temporary files and WAL',
  why: 'A sort that does not fit its memory goes through disk, and what is written to the WAL is written again by every replica.',
  how: 'From pg_stat_statements. Temporary files count what was written; which sort or hash wrote it is in the plan.',
  params: {},
  row,
  sort: '-temp_bytes',
  show: ['query', 'usr', 'calls', 'temp_bytes', 'temp_per_call_bytes', 'wal_bytes', 'wal_per_call_bytes', 'mean_ms'],
  charts: [
    { kind: 'bars', title: 'Temporary files by statement', label: 'query', values: ['temp_bytes'], top: 10 },
    { kind: 'bars', title: 'WAL by statement', label: 'query', values: ['wal_bytes'], top: 10 },
  ],
  codes: { 'queries.spills': 'A statement writes temporary files at nearly every call.' },
  context,
  source: 'sql',
  sql: { 14: ({ server }) => counted(server, Object.keys(row), sql`s.temp_blks_written > 0 or s.wal_bytes > 0`) },
  findings: (rows) =>
    rows
      .filter((one) => one.temp_bytes >= leastTemp && (one.temp_per_call_bytes ?? 0) >= 1024 ** 2)
      .slice(0, 10)
      .map((one) => {
        const perCall = one.temp_per_call_bytes ?? 0;
        const megabytes = 2 ** Math.ceil(Math.log2((perCall * 2.5) / 1024 ** 2));
        return {
          code: 'queries.spills',
          severity: 'info',
          about: oneLine(one.query),
          says: `Writes ${formatBytes(perCall)} of temporary files a call, ${formatBytes(one.temp_bytes)} so far. More work_mem keeps that in memory, for each sort and hash of each session that runs it.`,
          evidence: { queryid: one.queryid, calls: one.calls, temp_bytes: one.temp_bytes, temp_per_call_bytes: perCall },
          remedy: megabytes <= 1024 ? { sql: `-- every sort and hash of this role may then take as much; for one transaction: SET LOCAL\n${render(sql`ALTER ROLE ${ident(one.usr)} SET work_mem = `).text}'${megabytes}MB';` } : null,
        };
      }),
});
