import 'server-only';
import type { ServerFacts } from '@/lib/kit/diagnostic';
import type { PlanJson, PlannedStatement, Planner, Unplanned } from '@/lib/kit/planner';
import { simply, type DeskClient } from '@/lib/pg/client';
import { isPermissionDenied, isTimeout, isUnavailable, sqlState } from '@/lib/pg/errors';
import { array, marker, render, sql, type SQL } from '@/lib/pg/sql';
import { statementFor, type Sent } from '@/lib/rooms/plans/safety/explain-text';
import { unsafeReach } from '@/lib/rooms/plans/safety/reach';
import { readStatement, writesIn, type Named } from '@/lib/rooms/plans/safety/statement';

type Taken = { sent: Sent; nulls: null[]; /** The server has taken this very text as one statement. */ taken: boolean };
type Known = { refused: Unplanned } | Taken;

const rawText = { getTypeParser: () => (value: string) => value };

/** For one diagnostic in one transaction. `note` is told of what is sent, once a statement. */
export function plannerOn(client: DeskClient, server: ServerFacts, note: (text: string) => void, id: string): Planner {
  const planner = new StatementPlanner(client, server, note, id);
  return { admit: (texts, searchPath) => planner.admit(texts, searchPath), plan: (text, searchPath) => planner.plan(text, searchPath), attempt: (work) => attempted(client, work) };
}

class StatementPlanner {
  private readonly known = new Map<string, Known>();
  /** Texts that reach nothing but what is harmless, all together. */
  private readonly admitted = new Set<string>();

  constructor(private readonly client: DeskClient, private readonly server: ServerFacts, private readonly note: (text: string) => void, private readonly id: string) {}

  async admit(texts: readonly string[], searchPath?: readonly string[]): Promise<void> {
    const union: Named = { functions: [], operators: [], types: [], relations: [], parameters: 0 };
    const fitting: string[] = [];
    for (const text of texts) {
      const read = await readStatement(text, 'plans');
      if ('refusal' in read) continue;
      fitting.push(text);
      for (const key of ['functions', 'operators', 'types', 'relations'] as const) (union[key] as unknown[]).push(...read.named[key]);
    }
    const isSafe = fitting.length > 1 && (await this.inSavepoint(async () => {
      await this.settle(searchPath);
      return (await unsafeReach(this.ask, union, 'plans')) === null;
    }, () => false));
    if (isSafe) for (const text of fitting) this.admitted.add(keyOf(text, searchPath));
  }

  async plan(text: string, searchPath?: readonly string[]): Promise<PlannedStatement> {
    const key = keyOf(text, searchPath);
    const before = this.known.get(key);
    if (before && 'refused' in before) return before;
    let failed = false;
    const result = await this.inSavepoint<PlannedStatement>(
      async () => {
        await this.settle(searchPath);
        const one = before ?? (await this.learn(text, this.admitted.has(key)));
        this.known.set(key, one);
        return 'refused' in one ? one : this.explained(one);
      },
      (error) => {
        failed = true;
        return { refused: refusalOf(error, this.server) };
      },
    );
    if (failed) await this.forget(this.known.get(key));
    // What failed once may do so with one hypothetical index and not with another.
    if ('refused' in result && !before) this.known.set(key, result);
    return result;
  }

  // Both ends: pg_stat_statements of 18 drops a comment in front.
  private readonly ask = async <T extends Record<string, unknown>>(statement: SQL) => (await this.client.query<T>(render(sql`${marker(this.id)} ${statement}
${marker(this.id)}`))).rows;

  private async inSavepoint<T>(work: () => Promise<T>, recover: (error: unknown) => T): Promise<T> {
    await this.client.query('savepoint riskdesk_plan');
    try {
      return await work();
    } catch (error) {
      if (isUnavailable(error) || sqlState(error) === undefined) throw error;
      return recover(error);
    } finally {
      await this.client.query('rollback to savepoint riskdesk_plan');
      await this.client.query('release savepoint riskdesk_plan');
    }
  }

  /** As on the page of plans: read as it is written, and a superuser gives up being one. */
  private settle(searchPath: readonly string[] | undefined): Promise<unknown> {
    const path = searchPath ? [searchPath.map((name) => `"${name.replaceAll('"', '""')}"`).join(', ')] : [];
    return this.client.query(`select set_config('standard_conforming_strings', 'on', true)${searchPath ? ", set_config('search_path', $1, true)" : ''}${this.server.isSuperuser ? ", set_config('role', 'pg_read_all_data', true)" : ''}`, path);
  }

  private async learn(text: string, isAdmitted: boolean): Promise<Known> {
    const read = await readStatement(text, 'plans');
    if ('refusal' in read) return { refused: read.refusal };
    const denied = writesIn(read.statement) ? writesRefused : await this.denied(read.named.relations);
    if (denied) return { refused: denied };
    const unsafe = isAdmitted ? null : await unsafeReach(this.ask, read.named, 'plans');
    if (unsafe) return { refused: unsafe };
    const { parameters } = read.named;
    const sent = await statementFor({ sql: `${render(marker(this.id)).text} ${text}`, analyze: false, generic: parameters > 0, parameters, major: this.server.major });
    this.note(sent.text);
    return { sent, nulls: parameters > 0 && sent.deallocate === null ? Array.from({ length: parameters }, () => null) : [], taken: false };
  }

  /** Asked before: a refusal of the server's own stands in its log, each time. */
  private async denied(relations: string[][]): Promise<Unplanned | null> {
    const named = relations.map((path) => ({ schema: path.at(-2) ?? null, name: path.at(-1) ?? '' }));
    const [first] = await this.ask<{ readable: boolean | null }>(sql`
      select bool_and(has_schema_privilege(n.oid, 'USAGE') and (has_table_privilege(c.oid, 'SELECT') or has_any_column_privilege(c.oid, 'SELECT'))) as readable
      from unnest(${array(named.map(({ schema }) => schema))}::text[], ${array(named.map(({ name }) => name))}::text[]) w(schema, name)
        join pg_class c on c.relname = w.name join pg_namespace n on n.oid = c.relnamespace and (n.nspname = w.schema or w.schema is null and n.nspname = any (current_schemas(true)))`);
    return first?.readable === false ? noRights(this.server) : null;
  }

  private async explained(one: Taken): Promise<PlannedStatement> {
    const { sent } = one;
    const send = (text: string, values: null[] = []) => this.client.query({ text, values, types: rawText } as never) as unknown as Promise<{ rows: Record<string, string>[] }>;
    for (const before of sent.prepare) await send(before);
    const answer = sent.simply && one.taken ? [] : (await send(sent.text, one.nulls)).rows;
    one.taken = true;
    if (sent.deallocate) await send(sent.deallocate);
    return planIn(sent.simply ? (await simply(this.client, sent.text)).join('\n') : String(Object.values(answer[0] ?? {})[0] ?? ''));
  }

  /** A statement that was prepared outlives the savepoint. */
  private async forget(one: Known | undefined): Promise<void> {
    const deallocate = one && 'sent' in one ? one.sent.deallocate : null;
    if (deallocate) await this.inSavepoint(async () => void (await this.client.query(deallocate)), () => {});
  }
}

const noRights = ({ user }: ServerFacts): Unplanned => ({ code: 'privilege', says: `The monitoring role ${user} may not plan it: EXPLAIN needs the same rights as the statement.` });
const writesRefused: Unplanned = { code: 'writes', says: 'It writes as well as it reads: to plan it would take the right to write, which monitoring has not.' };

const keyOf = (text: string, searchPath: readonly string[] | undefined): string => JSON.stringify([text, searchPath]);

/** In a savepoint that stays where the work succeeds. */
async function attempted<T>(client: DeskClient, work: () => Promise<T>): Promise<T | null> {
  await client.query('savepoint riskdesk_attempt');
  try {
    const result = await work();
    await client.query('release savepoint riskdesk_attempt');
    return result;
  } catch (error) {
    if (isUnavailable(error) || sqlState(error) === undefined) throw error;
    await client.query('rollback to savepoint riskdesk_attempt');
    return null;
  }
}

function planIn(json: string): PlannedStatement {
  const value: unknown = JSON.parse(json);
  const whole: unknown = Array.isArray(value) ? value[0] : value;
  const plan = typeof whole === 'object' && whole !== null && 'Plan' in whole ? whole.Plan : null;
  return typeof plan === 'object' && plan !== null ? { plan: plan as PlanJson } : { refused: { code: 'failed', says: 'The server gave no plan.' } };
}

function refusalOf(error: unknown, server: ServerFacts): Unplanned {
  const state = sqlState(error);
  if (isPermissionDenied(error)) return noRights(server);
  if (isTimeout(error)) return { code: 'timeout', says: 'Planning took too long, or waited for a lock.' };
  if (state === '42P01' || state === '3F000') return { code: 'unknown', says: 'A relation that it names is not in the search path of its role, or is gone.' };
  if (state === '42P18' || state === '42725' || state === '42883') return { code: 'untyped', says: 'The types of its parameters cannot be told from its text.' };
  return { code: 'failed', says: `The server refused to plan it (SQLSTATE ${state ?? 'unknown'}).` };
}
