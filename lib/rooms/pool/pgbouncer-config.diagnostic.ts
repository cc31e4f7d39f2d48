import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { sql } from '@/lib/pg/sql';
import { rules, withoutTracking, type Advice } from './pgbouncer-advice';
import { figure, isConsole, words } from './shown';

type Room = { usable: number };

export const pgbouncerConfig = diagnostic({
  name: 'pgbouncer_config',
  title: 'PgBouncer: configuration',
  why: 'A few settings decide who waits, who gets in, and whether prepared statements are safe.',
  how: 'From SHOW CONFIG, only the settings that matter here and none that holds a secret, each with what there is to say about it. What PgBouncer may open at most is compared with the room of the observed server, which need not be the one behind every entry.',
  permission: 'stats:read',
  params: {},
  row: {
    setting: col.code('Setting'),
    value: col.text('Value'),
    fallback: col.maybe(col.text('Default')),
    changed: col.maybe(col.flag('Changed')),
    reloads: col.maybe(col.flag('By RELOAD', { note: 'No: only a restart of PgBouncer applies a change' })),
    advice: col.maybe(col.text('What there is to say')),
    severity: col.maybe(col.text('Weight')),
    place: col.count('Order'),
  },
  key: ['setting'],
  search: ['setting', 'value', 'advice'],
  sort: 'place',
  show: ['setting', 'value', 'fallback', 'reloads', 'advice'],
  needs: [],
  charts: [],
  codes: {
    'pool.pgbouncer_setting': 'A setting of PgBouncer is unsafe, or does something other than it seems.',
    'pool.pgbouncer_over_server': 'PgBouncer may open more connections than the observed server has room for.',
  },
  refreshSeconds: 60,
  source: 'pgbouncer',
  read: async (show, { server }) => {
    const shown = await show('CONFIG');
    const config = new Map(shown.map((row) => [words(row, 'key') ?? '', row]));
    const values = new Map([...config].map(([key, row]) => [key, words(row, 'value') ?? '']));
    const rows = Object.entries(rules).flatMap(([setting, rule], index) => {
      const row = config.get(setting);
      if (!row) return [];
      const value = values.get(setting) ?? '';
      const fallback = words(row, 'default');
      return [toRow(setting, value, fallback, words(row, 'changeable'), rule(value, values), index)];
    });
    const version = Object.values((await show('VERSION'))[0] ?? {})[0] ?? '';
    if (version) rows.push(toRow('version', version, null, null, config.has('max_prepared_statements') || values.get('pool_mode') === 'session' ? null : withoutTracking, -1));
    const databases = (await show('DATABASES')).filter((row) => !isConsole(words(row, 'name')));
    const most = databases.reduce((sum, row) => sum + (figure(row, 'max_connections') || figure(row, 'pool_size') || 0), 0);
    const [room] = (await server<Room>(sql`select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int - coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0) as usable`)) ?? [];
    if (room && most > 0) rows.push(toRow('connections at most', String(most), null, null, atMost(most, room.usable), -2));
    return rows;
  },
  findings: (rows) =>
    rows.filter((row) => row.severity !== null).map((row) => ({
      code: row.setting === 'connections at most' ? 'pool.pgbouncer_over_server' : 'pool.pgbouncer_setting',
      severity: row.severity === 'critical' || row.severity === 'warning' ? row.severity : 'info',
      about: row.setting,
      says: `${row.setting} is ${row.value}. ${row.advice}`,
      evidence: { setting: row.setting, value: row.value },
      remedy: null,
    })),
});

function toRow(setting: string, value: string, fallback: string | null, changeable: string | null, advice: Advice | null, place: number) {
  return { setting, value, fallback, changed: fallback === null ? null : fallback !== value, reloads: changeable === null ? null : changeable === 'yes', advice: advice?.says ?? null, severity: advice?.severity ?? null, place };
}

function atMost(most: number, usable: number): Advice {
  const sum = 'The limit of each entry, or where it has none the size of one pool';
  if (most <= usable) return { says: `${sum}: the observed server has room for ${usable}.`, severity: null };
  return { says: `${sum}, summed over all entries. The observed server has room for ${usable}: if all lead there, PgBouncer runs into its limit before its own.`, severity: 'warning' };
}
