import { action, type ActionObject, type Refusal } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { standbyGuard } from '@/lib/kit/relation-object';
import { param } from '@/lib/kit/param';
import { array, ident, literal, render, sql } from '@/lib/pg/sql';
import { librariesIn } from './preload';

type Extension = ActionObject & {
  installed: string | null; offered: string; needs_superuser: boolean; trusted: boolean; missing: string[]; schema: string | null; /** The extension says itself where it goes. */ fixed: boolean;
  superuser: boolean; owner: boolean; creates: boolean; places: boolean | null; preloaded: string | null; database: string;
};

/** Of no use, or refused by themselves, where the server has not loaded their library at its start. */
const preloads = ['pg_stat_statements', 'pg_cron', 'timescaledb', 'citus', 'pgaudit', 'pg_qualstats', 'pg_wait_sampling', 'pg_stat_kcache'];

async function findExtension(ask: Ask, name: string, schema: string, role: string): Promise<Extension | null> {
  const [found] = await ask<Omit<Extension, 'key' | 'identity' | 'table' | 'bytes'>>(sql`
    select a.name::text as name, a.installed_version as installed, a.default_version as offered, coalesce(v.superuser, true) as needs_superuser, coalesce(v.trusted, false) as trusted, v.schema is not null as fixed,
      coalesce(v.schema::text, nullif(${schema}, ''), 'public') as schema, array(select r::text from unnest(v.requires) r where r not in (select extname from pg_extension)) as missing, current_database()::text as database,
      m.rolsuper as superuser, coalesce((select pg_has_role(m.oid, e.extowner, 'USAGE') from pg_extension e where e.extname = a.name), false) as owner, has_database_privilege(m.oid, current_database(), 'CREATE') as creates,
      (select has_schema_privilege(m.oid, n.oid, 'CREATE') from pg_namespace n where n.nspname = coalesce(nullif(${schema}, ''), 'public')) as places, (select setting from pg_settings where name = 'shared_preload_libraries') as preloaded
    from pg_available_extensions a left join pg_available_extension_versions v on v.name = a.name and v.version = a.default_version join pg_roles m on m.rolname = ${role} where a.name = ${name}`);
  return found ? { ...found, key: `extension ${found.name}`, identity: `${found.installed ?? 'not installed'} ${found.offered}`, table: null, bytes: null } : null;
}

function privilege(object: Extension, role: string): Refusal[] {
  const { name, installed, superuser, owner, creates, trusted, needs_superuser: needs, database, fixed, places, schema } = object;
  if (superuser) return [];
  if (installed !== null) return owner && (trusted || !needs) ? [] : [{ name: 'privilege', says: `${role} ${owner ? 'is no superuser, and the extension is not trusted' : 'does not own the extension'}.`, saferWay: `As a superuser: ALTER EXTENSION ${render(ident(name)).text} UPDATE;` }];
  if (needs && !trusted) return [{ name: 'privilege', says: `Only a superuser may install it: it is not marked as trusted.`, saferWay: `As a superuser, in this database: CREATE EXTENSION ${render(ident(name)).text};` }];
  if (!creates) return [{ name: 'privilege', says: `${role} may not create anything in ${database}.`, saferWay: `${render(sql`GRANT CREATE ON DATABASE ${ident(database)} TO ${ident(role)}`).text};` }];
  return !fixed && places === false ? [{ name: 'privilege', says: `${role} may not create in the schema ${schema}.`, saferWay: `${render(sql`GRANT CREATE ON SCHEMA ${ident(schema ?? '')} TO ${ident(role)}`).text};` }] : [];
}

function readiness({ name, installed, offered, missing, preloaded, places, fixed, schema }: Extension): Refusal[] {
  const refusals: Refusal[] = [];
  if (installed === offered) refusals.push({ name: 'current', says: `It is there, in the newest version that the machine has: ${offered}.`, saferWay: null });
  if (!fixed && places === null && installed === null) refusals.push({ name: 'schema', says: `There is no schema ${schema}.`, saferWay: null });
  if (missing.length > 0) refusals.push({ name: 'requires', says: `It rests on ${missing.join(', ')}.`, saferWay: 'Install that first.' });
  if (preloads.includes(name) && preloaded !== null && !librariesIn(preloaded).some((one) => one.replace(/^\$libdir\//, '') === name)) refusals.push({ name: 'preload', says: 'The server has not loaded its library at its start: it would be there and not work.', saferWay: name === 'pg_stat_statements' ? 'First config.set shared_preload_libraries, then a restart.' : 'Add it to shared_preload_libraries by hand, then restart.' });
  return refusals;
}

export const extension = action({
  name: 'extension',
  title: 'Install or update an extension',
  about: 'Creates an extension whose files the machine has, or brings one to the newest version that it has.',
  permission: 'maintenance:run',
  risk: 'heavy',
  recurs: false,
  params: { name: param.filled('Extension', 'must be the name of an extension, such as pgstattuple'), schema: param.text('Schema (empty: public, or its own)') },
  find: (ask, { params, role }): Promise<Extension | null> => findExtension(ask, params.name, params.schema, role),
  guards: (object, { role, server }) => [...standbyGuard(server.inRecovery), ...readiness(object), ...privilege(object, role)],
  plan: ({ name, installed, offered, fixed, schema }) => [
    installed === null
      ? { sql: fixed ? sql`CREATE EXTENSION ${ident(name)}` : sql`CREATE EXTENSION ${ident(name)} SCHEMA ${ident(schema ?? 'public')}`, note: 'Runs the script that came with it, as a superuser where it is trusted.', lock: null, waits: 'bounded' }
      : { sql: sql`ALTER EXTENSION ${ident(name)} UPDATE TO ${literal(offered)}`, note: `From ${installed} to ${offered}. There is no way back but to drop it and create it anew.`, lock: null, waits: 'bounded' },
  ],
  blocks: 'Nobody waits, but who uses the objects of the extension that an update replaces.',
  progress: null,
  inverse: ({ name, installed }) => (installed === null ? { sql: `-- fails where something has come to rest on it\n${render(sql`DROP EXTENSION ${ident(name)}`).text};` } : null),
  settle: async (ask, object) => {
    const [now] = await ask<{ version: string }>(sql`select extversion as version from pg_extension where extname = any (${array([object.name])})`);
    return now?.version === object.offered ? { state: 'done', says: `${object.name} ${object.offered} is there.`, mend: [] } : { state: 'undone', says: 'It was rolled back: nothing has changed.', mend: [] };
  },
  stale: ['config', 'queries', 'indexes', 'tables'],
});
