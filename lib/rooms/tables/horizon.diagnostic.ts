import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { param } from '@/lib/kit/param';
import { sql } from '@/lib/pg/sql';
import { formatCount, formatMs } from '@/lib/units';
import { holders, holdsHere } from './holders-sql';
import { ending } from './horizon-remedy';

export const horizon = diagnostic({
  name: 'horizon',
  title: 'What holds vacuum back',
  why: 'Vacuum removes no row that somebody might still see: the oldest of these decides, for all tables.',
  how: 'Everything that keeps old rows: sessions (their snapshot, or the transaction id they hold), prepared transactions, replication slots, standbys with hot_standby_feedback. The oldest that matters here is what vacuum waits for; ending another changes nothing until it is gone. A snapshot inherits the age of the oldest transaction that wrote while it was taken, and is no finding. Sessions of other databases hold back only their own and who inherits from them, slots and standbys all of them; the catalog horizon of a logical slot only system catalogs. A running vacuum holds back none, this console’s own question neither.',
  permission: 'stats:read',
  params: { min_age: param.count('A finding from (transactions)', 1_000_000) },
  row: {
    kind: col.text('Kind'),
    name: col.code('Name', { note: 'Process id, slot, global id or standby' }),
    age: col.count('Age', { note: 'Transactions since' }),
    decides: col.flag('Decides', { note: 'The oldest of those that hold back the tables of this database' }),
    inherits: col.flag('Inherited', { note: 'Its snapshot was taken while an older transaction wrote, and is as old as that one: end that one' }),
    scope: col.text('Holds back'),
    held_ms: col.maybe(col.ms('For')),
    database: col.maybe(col.code('Database')),
    usr: col.maybe(col.code('Role')),
    application: col.maybe(col.text('Application')),
    state: col.maybe(col.text('State')),
    query: col.maybe(col.sql('Last statement')),
    started: col.maybe(col.text('Started', { note: 'Of the session, as the server writes it' })),
  },
  key: ['kind', 'name'],
  search: ['name', 'usr', 'application', 'query', 'database'],
  sort: '-age',
  show: ['kind', 'name', 'age', 'decides', 'inherits', 'scope', 'held_ms', 'usr', 'state', 'query'],
  needs: [{ monitor: 'Without pg_monitor the sessions of other roles do not show how old their snapshots are: the oldest may be hidden.' }],
  charts: [],
  codes: { 'tables.horizon': 'A session, prepared transaction, slot or standby has kept vacuum from removing dead rows for many transactions.' },
  refreshSeconds: 15,
  source: 'sql',
  sql: {
    14: () => sql`
      with holder as (
        ${holders}
      )
      select kind, name, age, not inherits and ${holdsHere} and age = max(age) filter (where ${holdsHere}) over () as decides,
        inherits, scope, held_ms, database, usr, application, state, query, started
      from holder where age is not null`,
  },
  findings: (rows, { params, server }) =>
    rows
      .filter((row) => row.age >= params.min_age && row.scope !== 'another database' && !row.inherits)
      .map((row): Finding => ({
        code: 'tables.horizon',
        severity: row.decides ? 'warning' : 'info',
        about: `${row.kind} ${row.name}`,
        says: `Keeps rows that died in the last ${formatCount(row.age)} transactions from being removed${row.held_ms === null ? '' : `, for ${formatMs(row.held_ms)} now`}, in ${row.scope}.${row.decides ? ' It is the oldest: vacuum waits for this one.' : ''} ${ending(row, server?.inRecovery ?? false).cost}`,
        evidence: { age: row.age, held_ms: row.held_ms, decides: row.decides, state: row.state, database: row.database, usr: row.usr },
        remedy: ending(row, server?.inRecovery ?? false).remedy,
      })),
});
