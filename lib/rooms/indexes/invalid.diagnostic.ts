import { col, type RowOf } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding, Remedy } from '@/lib/kit/finding';
import { asComment, late, sized, sizeNote } from './catalog';
import { creating } from './definition-parts';
import { invalidSql } from './invalid-sql';

const row = {
  index: col.code('Index'),
  table: col.code('Table'),
  state: col.text('State'),
  maintained: col.flag('Maintained', { note: 'Every write maintains it, and no query uses it' }),
  original: col.maybe(col.code('Instead of', { note: 'The index that REINDEX CONCURRENTLY was to replace' })),
  pid: col.maybe(col.count('Worked on by', { note: 'Process id' })),
  phase: col.maybe(col.text('Phase')),
  done_ratio: col.maybe(col.ratio('Blocks done')),
  lacking: col.maybe(col.count('Partitions without', { note: 'Direct partitions whose part is missing or invalid' })),
  attached: col.flag('Part of another', { note: 'Part of an index of the partitioned table: it cannot be dropped alone' }),
  pages_bytes: col.bytes('Size at last VACUUM'),
  size_bytes: col.maybe(col.bytes('Size', { note: sizeNote })),
  definition: col.maybe(col.sql('Definition')),
  oid: col.code('OID'),
};

export const invalid = diagnostic({
  name: 'invalid',
  title: 'Invalid',
  why: 'An invalid index is used by no query; most are still maintained by every write.',
  how: 'From pg_index. In progress: pg_stat_progress_create_index names the index (or a REINDEX of its table), or a session holds a lock on the index that only a build or a drop takes. Left over: REINDEX CONCURRENTLY leaves names ending in _ccnew or _ccold beside an index of the same columns; a failed or cancelled CREATE or DROP INDEX CONCURRENTLY leaves the index itself. Incomplete: an index of a partitioned table stays invalid until every partition has its part.',
  permission: 'stats:read',
  params: {},
  row,
  key: ['oid'],
  search: ['index', 'table', 'state'],
  sort: 'state',
  show: ['index', 'table', 'state', 'maintained', 'done_ratio', 'lacking', 'size_bytes'],
  needs: [{ primary: 'A standby does not see what is being built: an invalid index there can be a build in progress on the primary. Ask there.' }],
  charts: [],
  codes: {
    'indexes.invalid': 'An index is invalid and nobody is working on it.',
    'indexes.incomplete': 'An index of a partitioned table lacks its part on some partitions.',
    'indexes.building': 'An index is invalid because it is being built or dropped at this moment, or may be.',
  },
  actions: [{ action: 'indexes.drop_invalid', from: { index: 'index' } }, { action: 'indexes.reindex', from: { index: 'index' } }],
  refreshSeconds: 15,
  source: 'sql',
  late,
  sql: { 14: invalidSql },
  findings: (rows) => rows.map(findingOf),
});

type Invalid = RowOf<typeof row>;

function findingOf(found: Invalid): Finding {
  const evidence = { state: found.state, maintained: found.maintained, size_bytes: found.size_bytes, pid: found.pid, phase: found.phase };
  const about = found.index;
  if (found.state === 'in progress' || found.state === 'not known') {
    const says = found.state === 'in progress' ? `Process ${found.pid} is working on it${found.phase === null ? '' : `: ${found.phase}`}. It is invalid until that ends.` : 'A build is running on its table; on which index is hidden from this role, so whether this one is left over is not known.';
    return { code: 'indexes.building', severity: 'info', about, says, evidence, remedy: null };
  }
  if (found.state === 'incomplete') {
    const says = `${found.lacking} partitions of ${found.table} have no valid part of it, so no query of the whole table can rely on it.`;
    return { code: 'indexes.incomplete', severity: 'warning', about, says, evidence: { ...evidence, lacking: found.lacking }, remedy: creating(found.table, found.definition) ?? { sql: completion(found) } };
  }
  const cost = found.maintained ? `Every write of ${found.table} maintains it and no query uses it` : 'No query uses it';
  return { code: 'indexes.invalid', severity: 'warning', about, says: `${cost}${sized(found.size_bytes)}. ${origin(found)}`, evidence, remedy: remedyOf(found) };
}

/** Comments alone: which partitions, and under which names, is for a person to fill in. */
const completion = ({ index, definition }: Invalid): string =>
  asComment(`for each partition without it, outside a transaction: CREATE INDEX CONCURRENTLY <name> ON <partition> as below, then\nALTER INDEX ${index} ATTACH PARTITION <name>;\n${definition ?? ''}`);

function origin({ state, original }: Invalid): string {
  if (state === 'left by REINDEX (new)') return `A REINDEX CONCURRENTLY of ${original} did not finish; ${original} is there and is what queries use.`;
  if (state === 'left by REINDEX (old)') return `A REINDEX CONCURRENTLY has replaced it by ${original} and could not drop it.`;
  return 'A CREATE INDEX or DROP INDEX CONCURRENTLY did not finish, or its build failed.';
}

/** A part of an index of the partitioned table cannot be dropped alone. */
const remedyOf = ({ index, attached }: Invalid): Remedy => ({ action: attached ? 'indexes.reindex' : 'indexes.drop_invalid', params: { index } });
