import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { grantMonitor } from '@/lib/kit/hidden';
import type { Finding } from '@/lib/kit/finding';
import { param } from '@/lib/kit/param';
import { sql } from '@/lib/pg/sql';
import { shownValue, withoutSecret } from './setting-value';

type Override = { scope: string; value: string };
type Setting = {
  name: string; raw: string; unit: string | null; boot: string | null; source: string | null; sourcefile: string | null; sourceline: number | null;
  context: string; pending: boolean; category: string; about: string; allowed: string | null; overrides: Override[] | null;
};

/** When a change of it takes effect. */
const classes: Record<string, string> = {
  postmaster: 'restart', sighup: 'reload', backend: 'next session', 'superuser-backend': 'next session', superuser: 'session (superuser)', user: 'session', internal: 'fixed',
};

export const settings = diagnostic({
  name: 'settings',
  title: 'Settings',
  why: 'What the server runs with, where each value comes from, and what it takes to change it.',
  how: 'From pg_settings and pg_db_role_setting. What this console sets for its own session is left out: the value is then the one that its role starts with, and where that comes from is not known. Values that may hold a secret are masked. Without pg_monitor some settings, and the files of all, are hidden.',
  permission: 'stats:read',
  params: { show: param.choice('Show', ['all', 'changed', 'overridden', 'pending restart']) },
  row: {
    name: col.code('Setting'),
    value: col.text('Value'),
    boot: col.maybe(col.text('Built-in', { note: 'What PostgreSQL starts with when nothing is set' })),
    changed: col.flag('Changed'),
    source: col.maybe(col.text('Source')),
    place: col.maybe(col.code('File and line')),
    takes: col.text('Takes effect', { note: 'With a restart, a reload, or within a session' }),
    pending: col.flag('Pending restart'),
    overrides: col.maybe(col.text('For roles and databases', { note: 'ALTER ROLE … SET and ALTER DATABASE … SET: these win over the value' })),
    allowed: col.maybe(col.text('Allowed')),
    category: col.text('Category'),
    about: col.text('What it is'),
  },
  key: ['name'],
  search: ['name', 'value', 'category', 'about', 'source', 'overrides'],
  sort: '-pending',
  show: ['name', 'value', 'boot', 'takes', 'pending', 'overrides'],
  needs: [],
  charts: [],
  codes: {
    'config.pending_restart': 'Settings have been changed in the files and wait for a restart.',
    'config.settings_hidden': 'The monitoring role may not see every setting.',
  },
  context: {
    row: { readable: col.count('Settings'), changed: col.count('Changed'), pending: col.count('Pending restart'), pending_names: col.maybe(col.text('Which')) },
    sql: () => sql`
      select count(*) as readable, count(*) filter (where reset_val is distinct from boot_val and context <> 'internal' and source not in ('client', 'session', 'override')) as changed,
        count(*) filter (where pending_restart) as pending, string_agg(name, ', ' order by name) filter (where pending_restart) as pending_names from pg_settings`,
  },
  actions: [{ action: 'config.set', from: { name: 'name' } }, { action: 'config.reset', from: { name: 'name' } }],
  refreshSeconds: 60,
  source: 'facts',
  read: async (ask, { params }) => {
    const rows = await ask<Setting>(sql`
      select s.name, case when s.source = 'session' then s.reset_val else s.setting end as raw, s.unit, s.boot_val as boot, nullif(s.source, 'session') as source,
        s.sourcefile, s.sourceline, s.context, s.pending_restart as pending, s.category, s.short_desc as about, o.overrides,
        coalesce(array_to_string(s.enumvals, ', '), case when s.min_val is not null then s.min_val || ' … ' || s.max_val || coalesce(' ' || s.unit, '') end) as allowed
      from pg_settings s
      left join (
        select lower(split_part(c.entry, '=', 1)) as name, json_agg(json_build_object('value', substr(c.entry, strpos(c.entry, '=') + 1),
            'scope', concat_ws(' in ', 'role ' || r.rolname, 'database ' || d.datname)) order by r.rolname, d.datname) as overrides
        from pg_db_role_setting p cross join lateral unnest(p.setconfig) c (entry)
          left join pg_roles r on r.oid = p.setrole left join pg_database d on d.oid = p.setdatabase group by 1
      ) o on o.name = lower(s.name)
      order by s.name`);
    return rows.map(toRow).filter((row) => isAskedFor(row, params.show));
  },
  findings: (_, { context, server }) => [...pendingRestart(context), ...(server && !server.isMonitor ? [hidden(server.user, context?.readable ?? 0)] : [])],
});

function toRow(row: Setting) {
  const shown = (raw: string) => withoutSecret(row.name, shownValue(raw, row.unit));
  const overrides = row.overrides?.map(({ scope, value }) => `${scope || 'everybody'}: ${withoutSecret(row.name, value)}`).join('; ') ?? null;
  return {
    name: row.name, value: shown(row.raw), boot: row.boot === null ? null : shown(row.boot),
    changed: row.raw !== (row.boot ?? '') && row.context !== 'internal' && !['client', 'override'].includes(row.source ?? ''),
    source: row.source, place: row.sourcefile === null ? null : `${row.sourcefile}:${row.sourceline ?? ''}`, takes: classes[row.context] ?? row.context,
    pending: row.pending, overrides, allowed: row.allowed, category: row.category, about: row.about,
  };
}

function isAskedFor(row: { changed: boolean; pending: boolean; overrides: string | null }, wanted: string): boolean {
  if (wanted === 'changed') return row.changed;
  if (wanted === 'overridden') return row.overrides !== null;
  return wanted === 'all' || row.pending;
}

function pendingRestart(context: { pending: number; pending_names: string | null } | null): Finding[] {
  if (!context || context.pending === 0) return [];
  return [{
    code: 'config.pending_restart',
    severity: 'warning',
    about: context.pending_names ?? '',
    says: `${context.pending === 1 ? 'One setting has been changed and takes' : `${context.pending} settings have been changed and take`} effect only with the next restart, whenever and for whatever reason that comes. A value with which the server cannot start shows only then.`,
    evidence: { pending: context.pending, names: context.pending_names },
    remedy: null,
  }];
}

const hidden = (role: string, readable: number): Finding => ({
  code: 'config.settings_hidden',
  severity: 'info',
  about: role,
  says: `${readable} settings are shown. Some, such as shared_preload_libraries and the places of files, are hidden from the role ${role}, which is not a member of pg_monitor; so are the file and line of every value.`,
  evidence: { role, readable },
  remedy: { sql: grantMonitor(role) },
});
