import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Remedy } from '@/lib/kit/finding';
import { sql } from '@/lib/pg/sql';
import type { Known } from './advice';
import { checked, checks, extensionsOf, preloaded, rightsOf, type Extension, type Server, type State } from './capability';

const ranks: Record<State, number> = { no: 3, better: 2, unknown: 1, yes: 0 };

export const capabilities = diagnostic({
  name: 'capabilities',
  title: 'What the server can tell',
  why: 'What is not counted, logged or installed cannot be shown: these switches decide how much this console knows.',
  how: 'From pg_settings, pg_available_extensions and the roles of the connection, for the observed database. “better” works, and more could be had; that is a choice and no finding. The log goes to the server’s machine: this console does not read it.',
  permission: 'stats:read',
  params: {},
  row: {
    capability: col.code('What'),
    area: col.text('Area'),
    state: col.text('There'),
    value: col.maybe(col.text('Now')),
    gives: col.text('What it gives'),
    remedy: col.maybe(col.sql('How to get it')),
    set_name: col.maybe(col.code('Setting')),
    set_value: col.maybe(col.code('Set here to')),
    extension: col.maybe(col.code('Extension')),
    severity: col.maybe(col.text('Weight')),
    rank: col.count('Order', { note: '3: no, 2: better, 1: unknown, 0: yes' }),
  },
  key: ['capability'],
  search: ['capability', 'area', 'state', 'gives'],
  sort: '-rank',
  show: ['capability', 'area', 'state', 'value', 'gives', 'remedy'],
  needs: [],
  charts: [],
  codes: { 'config.capability': 'The server could tell something that most diagnostics rest on, and does not.' },
  actions: [{ action: 'config.set', from: { name: 'set_name', value: 'set_value' } }, { action: 'config.extension', from: { name: 'extension' } }],
  refreshSeconds: 60,
  source: 'facts',
  read: async (ask, { server }) => {
    const settings = await ask<Known>(sql`
      select s.name, case when s.source = 'session' then s.reset_val else s.setting end as raw, s.unit, s.boot_val as boot, s.source, s.context, s.pending_restart as pending
      from pg_settings s where s.name in ${[...checks.map(({ name }) => name), 'shared_preload_libraries']}`);
    const extensions = await ask<Extension>(sql`
      select a.name::text as name, a.installed_version as installed, a.default_version as offered from pg_available_extensions a
      where a.name in ('pg_stat_statements', 'pgstattuple', 'hypopg', 'pg_buffercache', 'amcheck')`);
    const [rights] = await ask<{ reads_data: boolean }>(sql`select pg_has_role(current_user, 'pg_read_all_data', 'usage') as reads_data`);
    const known: Server = {
      settings: new Map(settings.map((row) => [row.name, row])), extensions: new Map(extensions.map((row) => [row.name, row])),
      user: server.user, isMonitor: server.isMonitor, readsData: rights?.reads_data ?? false,
    };
    return [preloaded(known), ...checked(known), ...extensionsOf(known), ...rightsOf(known)].map(({ does, ...row }) => ({
      ...row, set_name: does?.action === 'config.set' ? does.name : null, set_value: does?.value ?? null, extension: does?.action === 'config.extension' ? does.name : null, rank: ranks[row.state],
    }));
  },
  findings: (rows) =>
    rows.filter((row) => row.severity !== null).map((row) => ({
      code: 'config.capability',
      severity: row.severity === 'warning' ? 'warning' : 'info',
      about: row.capability,
      says: `${row.state === 'no' ? 'Not there' : 'Out of date'}${row.value === null ? '' : ` (${row.value})`}. ${row.gives}`,
      evidence: { state: row.state, value: row.value },
      remedy: remedyOf(row),
    })),
});

function remedyOf({ set_name: name, set_value: value, extension, remedy }: { set_name: string | null; set_value: string | null; extension: string | null; remedy: string | null }): Remedy | null {
  if (name !== null) return { action: 'config.set', params: { name, value } };
  if (extension !== null) return { action: 'config.extension', params: { name: extension } };
  return remedy === null ? null : { sql: remedy };
}
