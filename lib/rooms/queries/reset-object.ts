import type { ActionContext, ActionObject, Refusal } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import type { Params } from '@/lib/kit/param';
import { ident, render, sql, type SQL } from '@/lib/pg/sql';
import { statements } from './statements';

/** What pg_stat_statements has counted of this database, of one statement or of all. */
export type Counted = ActionObject & { database: string; dbid: string; schema: string; kept: number; calls: number; executable: boolean; signature: string; /** Roles whose statements read these figures. */ readers: string | null };

type Context = Pick<ActionContext<Params>, 'server' | 'role'>;

/** Null where the extension is not there, or not loaded, or has nothing of that kind. */
export async function findCounted(ask: Ask, { server, role }: Context, where: SQL): Promise<Omit<Counted, keyof ActionObject> | null> {
  const schema = server.extensions.get('pg_stat_statements')?.schema;
  if (schema === undefined || !server.settings.has('pg_stat_statements.max')) return null;
  const [found] = await ask<Omit<Counted, keyof ActionObject | 'schema'>>(sql`
    with own as (select oid, datname from pg_database where datname = current_database())
    select own.datname::text as database, own.oid::text as dbid, c.kept, c.calls, f.executable, f.signature,
      (select string_agg(distinct r.rolname::text, ', ') from ${statements(server, 'pg_stat_statements')} s join pg_roles r on r.oid = s.userid
        where s.query ilike '%pg_stat_statements%' and s.query not like '%/* riskdesk:%' and s.query not ilike 'create extension%' and r.rolname <> ${role} and r.rolname <> current_user) as readers
    from own cross join lateral (select count(*)::int as kept, coalesce(sum(s.calls), 0)::float8 as calls from ${statements(server, 'pg_stat_statements')} s where s.dbid = own.oid and (${where})) c
      cross join lateral (select has_function_privilege(${role}::name, p.oid, 'EXECUTE') as executable, p.oid::regprocedure::text as signature
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.proname = 'pg_stat_statements_reset' and n.nspname = ${schema} order by p.pronargs desc limit 1) f`);
  return found ? { ...found, schema } : null;
}

export const resetGuards = ({ executable, signature }: Counted, role: string): Refusal[] =>
  executable ? [] : [{ name: 'privilege', says: `${role} may not reset what pg_stat_statements has counted.`, saferWay: `GRANT EXECUTE ON FUNCTION ${signature} TO ${render(sql`${ident(role)}`).text};` }];

export const readersNote = ({ readers }: Counted): string =>
  `This console’s own figures over time take it for what it is.${readers === null ? ' Whoever else reads them, a monitoring say, sees its counters fall.' : ` Roles that read these figures too, and will see them fall: ${readers}.`} Nothing brings them back.`;
