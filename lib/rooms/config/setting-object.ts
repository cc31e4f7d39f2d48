import type { ActionContext, ActionObject, Refusal, Settled, Step } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { ident, literal, render, sql, type SQL } from '@/lib/pg/sql';
import type { Remedy } from '@/lib/kit/finding';
import type { Changeable } from './set-rules';

export const settingParams = { name: param.filled('Setting', 'must be the name of a setting, such as work_mem') };

/** What postgresql.auto.conf says of it: a value, that it says nothing, or that this cannot be read. */
type Filed = { known: true; value: string | null } | { known: false };

export type SettingObject = ActionObject & Changeable & {
  pending: boolean; filed: Filed; superuser: boolean; alters: boolean; reloads: boolean; allowed_here: boolean; overrides: string | null;
  /** Where the value in force comes from. */
  sourcefile: string | null;
  /** The role reads the file itself; else `filed` follows from what is in force, and is as old as the last reload. */
  reads: boolean;
};

type Row = Omit<SettingObject, Exclude<keyof ActionObject, 'name'> | 'filed'>;

export async function findSetting(ask: Ask, { params, role, server }: Omit<ActionContext<typeof settingParams>, 'exports'>): Promise<SettingObject | null> {
  const alters = server.major >= 15 ? sql`has_parameter_privilege(${role}::name, s.name, 'ALTER SYSTEM')` : sql`false`;
  const [row] = await ask<Row>(sql`
    select s.name, s.vartype, s.unit, s.min_val as min, s.max_val as max, s.enumvals as allowed, s.reset_val as running, s.context, s.category, s.source, s.pending_restart as pending, s.sourcefile,
      has_function_privilege('pg_show_all_file_settings()', 'EXECUTE') and has_table_privilege('pg_file_settings', 'SELECT') as reads, m.rolsuper as superuser, m.rolsuper or ${alters} as alters, m.rolsuper or has_function_privilege(${role}::name, 'pg_reload_conf()', 'EXECUTE') as reloads,
      coalesce(current_setting('allow_alter_system', true), 'on') <> 'off' as allowed_here,
      (select count(*)::int from pg_stat_activity where backend_type is null or backend_type = 'client backend') as sessions, (select count(*)::int from pg_stat_replication) as standbys,
      (select json_object_agg(o.name, o.reset_val) from pg_settings o where o.name in ('max_connections', 'superuser_reserved_connections', 'reserved_connections')) as others,
      (select string_agg(concat_ws(' in ', 'role ' || r.rolname, 'database ' || d.datname), ', ') from pg_db_role_setting p cross join lateral unnest(p.setconfig) c (entry)
        left join pg_roles r on r.oid = p.setrole left join pg_database d on d.oid = p.setdatabase where lower(split_part(c.entry, '=', 1)) = lower(s.name)) as overrides
    from pg_settings s join pg_roles m on m.rolname = ${role} where lower(s.name) = lower(${params.name})`);
  if (!row) return null;
  const filed = await filedOf(ask, row);
  const said = filed.known ? (filed.value ?? '(none)') : '(unknown)';
  return { ...row, filed, key: `setting ${row.name}`, identity: `${row.running} ${row.pending} ${said}`, table: null, bytes: null };
}

async function filedOf(ask: Ask, { name, reads, sourcefile, pending, source, running }: Row): Promise<Filed> {
  if (reads) {
    const [entry] = await ask<{ setting: string }>(sql`select setting from pg_file_settings where sourcefile like '%postgresql.auto.conf' and lower(name) = lower(${name}) order by seqno desc limit 1`);
    return { known: true, value: entry?.setting ?? null };
  }
  if (pending) return { known: false };
  if (source === 'default') return { known: true, value: null };
  if (sourcefile === null) return { known: false };
  return { known: true, value: sourcefile.endsWith('postgresql.auto.conf') ? running : null };
}

const nameOf = (name: string): SQL => ident(...name.split('.'));

export function settingGuards({ name, alters, reloads, allowed_here: allowed }: SettingObject, role: string): Refusal[] {
  const refusals: Refusal[] = [];
  if (!allowed) refusals.push({ name: 'managed', says: 'allow_alter_system is off: whoever runs this server keeps its settings elsewhere.', saferWay: 'Change it there.' });
  if (!alters) refusals.push({ name: 'privilege', says: `${role} may not ALTER SYSTEM SET ${name}.`, saferWay: `As a superuser; from PostgreSQL 15: ${render(sql`GRANT ALTER SYSTEM ON PARAMETER ${nameOf(name)} TO ${ident(role)}`).text};` });
  if (!reloads) refusals.push({ name: 'privilege', says: `${role} may not have the server read its settings anew.`, saferWay: `${render(sql`GRANT EXECUTE ON FUNCTION pg_reload_conf() TO ${ident(role)}`).text};` });
  return refusals;
}

/** A list is several values: in one string it would be a single one. */
export const setStep = ({ name, context, overrides }: SettingObject, values: string[]): Step => ({
  sql: values.reduce((text, value, index) => sql`${text}${index === 0 ? sql`` : sql`, `}${literal(value)}`, sql`ALTER SYSTEM SET ${nameOf(name)} = `),
  note: `Writes it into postgresql.auto.conf.${context === 'postmaster' ? ' It takes effect with the next restart.' : ''}${overrides === null ? '' : ` Another value stands for ${overrides} and wins there.`}`, lock: null, waits: 'bounded',
});

export const resetStep = ({ name, context, filed }: SettingObject): Step => ({
  sql: sql`ALTER SYSTEM RESET ${nameOf(name)}`, note: filed.known && filed.value === null ? 'postgresql.auto.conf says nothing of it: nothing will change.' : `Takes it out of postgresql.auto.conf: what postgresql.conf says holds, or the default.${context === 'postmaster' ? ' It takes effect with the next restart.' : ''}`, lock: null, waits: 'bounded',
});

export const reloadStep: Step = { sql: sql`SELECT pg_reload_conf(), pg_sleep(0.3)`, note: 'Has every process of the server read the settings anew, at once.', lock: null, waits: 'bounded', otherwise: 'The server could not be told to read its settings.' };

/** Whether what is in force can still come from a line of postgresql.auto.conf. */
export const isFromFile = ({ source, sourcefile, pending }: SettingObject): boolean => pending || (source !== 'default' && (sourcefile?.endsWith('postgresql.auto.conf') ?? true));

/** Between the file's change and the reload, or before both: after a reload what is in force says which. */
export const unread: Settled = { state: 'undone', says: 'Whether the file was changed shows when the settings are read anew.', mend: [reloadStep] };

/** What brings back what postgresql.auto.conf said; null where that is not known. */
export const undoing = ({ name, filed }: SettingObject): Remedy | null => {
  if (!filed.known) return null;
  return filed.value === null ? { action: 'config.reset', params: { name } } : { action: 'config.set', params: { name, value: filed.value } };
};

export async function settingFigures(ask: Ask, { name }: ActionObject): Promise<Record<string, number | null>> {
  const [row] = await ask<{ value: string; pending: boolean }>(sql`select reset_val as value, pending_restart as pending from pg_settings where name = ${name}`);
  return { value: row && /^-?[\d.]+$/.test(row.value) ? Number(row.value) : null, pending_restart: row ? Number(row.pending) : null };
}
