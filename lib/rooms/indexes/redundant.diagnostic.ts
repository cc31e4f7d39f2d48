import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { sql } from '@/lib/pg/sql';
import { asComment, busy, dropping, sized } from './catalog';
import { redundant as prove } from './prover';
import { indexFacts, lockedTables, measures, type Named } from './redundant-facts';

/** More than a person reads; the rest has no size and no definition. */
const measuredMost = 300;

export const redundant = diagnostic({
  name: 'redundant',
  title: 'Redundant',
  why: 'An index whose work another one does as well costs every write twice and gives nothing.',
  how: 'Proved from the catalog, per table: key columns and their order, direction and NULLS, operator classes with their parameters, collations, expressions, INCLUDE, predicates, uniqueness, NULLS NOT DISTINCT, deferrability, access method. A partial index counts as covered by one of more rows only if its condition is a range of the first key. What a constraint, a foreign key, replication or CLUSTER names stays; so do parts of partitioned indexes, which are judged by their parent. What cannot be proved is not listed. All that is listed can go together: what covers is not listed itself.',
  permission: 'stats:read',
  params: {},
  row: {
    index: col.code('Index'),
    table: col.code('Table'),
    covered_by: col.code('Covered by'),
    kind: col.text('Kind', { note: 'duplicate, unique (a unique index of the same keys), backward, include, prefix, subset (GIN, BRIN), predicate' }),
    why: col.text('Because'),
    size_bytes: col.maybe(col.bytes('Size')),
    covering_bytes: col.maybe(col.bytes('Size of the other')),
    scans: col.count('Scans', { note: 'They go to the other index' }),
    of_constraint: col.flag('Of a constraint'),
    partitioned: col.flag('Partitioned'),
    tablespace: col.maybe(col.code('Tablespace')),
    definition: col.maybe(col.sql('Definition')),
    covering_definition: col.maybe(col.sql('Definition of the other')),
    oid: col.code('OID'),
  },
  key: ['oid'],
  search: ['index', 'table', 'covered_by', 'kind'],
  sort: '-size_bytes',
  show: ['index', 'table', 'covered_by', 'why', 'size_bytes', 'covering_bytes', 'scans'],
  needs: [],
  charts: [{ kind: 'bars', title: 'Size', label: 'index', values: ['size_bytes'], top: 10 }],
  codes: {
    'indexes.duplicate': 'Two indexes do the same; one of them can go.',
    'indexes.redundant': 'A wider index does all that this one does.',
    'indexes.locked': 'Tables that are locked exclusively could not be looked at.',
  },
  context: {
    row: { locked: col.count('Locked tables', { note: 'Left out at this moment: reading their definitions would wait' }) },
    sql: () => sql`with ${busy} select ${lockedTables} as locked`,
  },
  actions: [{ action: 'indexes.drop', from: { index: 'index' } }],
  refreshSeconds: 300,
  source: 'facts',
  read: async (ask) => {
    const pairs = prove(await indexFacts(ask)).map(({ drop, keep, cover }) => ({ drop: drop as Named, keep: keep as Named, cover }));
    const largest = pairs.toSorted((a, b) => b.drop.pagesBytes - a.drop.pagesBytes).slice(0, measuredMost);
    const known = await measures(ask, [...new Set(largest.flatMap(({ drop, keep }) => [drop.oid, keep.oid]))]);
    return pairs.map(({ drop, keep, cover }) => ({
      index: drop.name, table: drop.tableName, covered_by: keep.name, kind: cover.kind, why: cover.why,
      size_bytes: known.get(drop.oid)?.size_bytes ?? null, covering_bytes: known.get(keep.oid)?.size_bytes ?? null, scans: known.get(drop.oid)?.scans ?? 0,
      of_constraint: drop.constraint !== null, partitioned: drop.partitioned, tablespace: drop.tablespace,
      definition: known.get(drop.oid)?.definition ?? null, covering_definition: known.get(keep.oid)?.definition ?? null, oid: drop.oid,
    }));
  },
  findings: (rows, { context }) => {
    const found: Finding[] = rows.map((row) => {
      const same = ['duplicate', 'unique', 'backward'].includes(row.kind);
      const wider = same ? '' : ' The other one is wider: a scan of it can read more pages.';
      return {
        code: same ? 'indexes.duplicate' : 'indexes.redundant',
        severity: same && !row.of_constraint ? 'warning' : 'info',
        about: row.index,
        says: `${row.covered_by} does all of its work${sized(row.size_bytes)}: ${row.why}.${wider}${row.of_constraint ? ' Both are constraints; a statement may name this one (ON CONFLICT ON CONSTRAINT).' : ''}`,
        evidence: { covered_by: row.covered_by, kind: row.kind, size_bytes: row.size_bytes, covering_bytes: row.covering_bytes, scans: row.scans },
        remedy: row.of_constraint ? dropConstraint(row) : dropping(row),
      };
    });
    if (context && context.locked > 0) {
      found.push({
        code: 'indexes.locked', severity: 'info', about: 'locked tables', evidence: { locked: context.locked }, remedy: null,
        says: `${context.locked} ${context.locked === 1 ? 'table is' : 'tables are'} locked exclusively at this moment and left out. What is shown is not the whole.`,
      });
    }
    return found;
  },
});

/** A constraint's index has its name, without the schema. */
const dropConstraint = ({ table, index, definition }: { table: string; index: string; definition: string | null }): { sql: string } => {
  const name = /(?:^|\.)("(?:[^"]|"")+"|[^."]+)$/.exec(index)?.[1] ?? index;
  const back = definition === null ? '' : `\n-- to undo:\n${asComment(`${definition};`)}`;
  return { sql: `-- locks the table exclusively, shortly\nBEGIN;\nSET LOCAL lock_timeout = '2s';\nALTER TABLE ${table} DROP CONSTRAINT ${name};\nCOMMIT;${back}` };
};
