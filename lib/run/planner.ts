import 'server-only';
import type { ServerFacts } from '@/lib/kit/diagnostic';
import type { PlanJson, PlannedStatement, Planner, Unplanned } from '@/lib/kit/planner';
import { simply, type DeskClient } from '@/lib/pg/client';
import { isPermissionDenied, isTimeout, isUnavailable, sqlState } from '@/lib/pg/errors';
import { render, type SQL } from '@/lib/pg/sql';
import { statementFor, type Sent } from '@/lib/rooms/plans/safety/explain-text';
import { unsafeReach } from '@/lib/rooms/plans/safety/reach';
import { readStatement, type Named } from '@/lib/rooms/plans/safety/statement';

type Known = { refused: Unplanned } | { sent: Sent; nulls: null[]; /** The server has taken this very text as one statement. */ taken: boolean };

const rawText = { getTypeParser: () => (value: string) => value };

/** For one diagnostic in one transaction. `note` is told of what is sent, once a statement. */
export function plannerOn(client: DeskClient, server: ServerFacts, note: (text: string) => void, marker: string): Planner {
  const known = new Map<string, Known>();
  // Both ends: pg_stat_statements of 18 drops a comment in front.
  const ask = async <T extends Record<string, unknown>>(statement: SQL) => {
    const { text, values } = render(statement);
    return (await client.query<T>(`${marker} ${text}\n${marker}`, values)).rows;
  };

  async function inSavepoint<T>(work: () => Promise<T>, recover: (error: unknown) => T): Promise<T> {
    await client.query('savepoint riskdesk_plan');
    try {
      return await work();
    } catch (error) {
      if (isUnavailable(error) || sqlState(error) === undefined) throw error;
      return recover(error);
    } finally {
      await client.query('rollback to savepoint riskdesk_plan');
      await client.query('release savepoint riskdesk_plan');
    }
  }

  /** As on the page of plans: read as it is written, and a superuser gives up being one. */
  const settle = (searchPath: readonly string[] | undefined) =>
    client.query(`select set_config('standard_conforming_strings', 'on', true)${searchPath ? ", set_config('search_path', $1, true)" : ''}${server.isSuperuser ? ", set_config('role', 'pg_read_all_data', true)" : ''}`, searchPath ? [searchPath.map(quoted).join(', ')] : []);

  async function learn(text: string): Promise<Known> {
    const read = await readStatement(text, 'plans');
    if ('refusal' in read) return { refused: read.refusal };
    const unsafe = await unsafeReach(ask, read.named, 'plans');
    if (unsafe) return { refused: unsafe };
    return prepared(text, read.named);
  }

  async function prepared(text: string, { parameters }: Named): Promise<Known> {
    const sent = await statementFor({ sql: `${marker} ${text}`, analyze: false, generic: parameters > 0, parameters, major: server.major });
    note(sent.text);
    return { sent, nulls: parameters > 0 && sent.deallocate === null ? Array.from({ length: parameters }, () => null) : [], taken: false };
  }

  async function explained(one: Exclude<Known, { refused: Unplanned }>): Promise<PlannedStatement> {
    const { sent } = one;
    const send = (text: string, values: null[] = []) => client.query({ text, values, types: rawText } as never) as unknown as Promise<{ rows: Record<string, string>[] }>;
    for (const before of sent.prepare) await send(before);
    const answer = sent.simply && one.taken ? [] : (await send(sent.text, one.nulls)).rows;
    one.taken = true;
    if (sent.deallocate) await send(sent.deallocate);
    return planIn(sent.simply ? (await simply(client, sent.text)).join('\n') : String(Object.values(answer[0] ?? {})[0] ?? ''));
  }

  const plan = async (text: string, searchPath?: readonly string[]): Promise<PlannedStatement> => {
    const key = JSON.stringify([text, searchPath]);
    const before = known.get(key);
    if (before && 'refused' in before) return before;
    const { result, clean } = await inSavepoint<{ result: PlannedStatement; clean: string | null }>(
      async () => {
        await settle(searchPath);
        const one = before ?? (await learn(text));
        known.set(key, one);
        return { result: 'refused' in one ? one : await explained(one), clean: null };
      },
      (error) => ({ result: { refused: refusalOf(error, server) }, clean: before ?? known.get(key) ? 'deallocate' : null }),
    );
    if (clean !== null) await forget(known.get(key));
    if ('refused' in result) known.set(key, result);
    return result;
  };

  /** A statement that was prepared outlives the savepoint. */
  async function forget(one: Known | undefined): Promise<void> {
    if (one && 'sent' in one && one.sent.deallocate) await inSavepoint(async () => void (await client.query(one.sent.deallocate ?? '')), () => {});
  }

  return { plan, attempt: async (work) => attempted(client, work) };
}

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

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function planIn(json: string): PlannedStatement {
  const value: unknown = JSON.parse(json);
  const whole: unknown = Array.isArray(value) ? value[0] : value;
  const plan = typeof whole === 'object' && whole !== null && 'Plan' in whole ? whole.Plan : null;
  return typeof plan === 'object' && plan !== null ? { plan: plan as PlanJson } : { refused: { code: 'failed', says: 'The server gave no plan.' } };
}

function refusalOf(error: unknown, server: ServerFacts): Unplanned {
  const state = sqlState(error);
  if (isPermissionDenied(error)) return { code: 'privilege', says: `The monitoring role ${server.user} may not plan it: EXPLAIN needs the same rights as the statement.` };
  if (isTimeout(error)) return { code: 'timeout', says: 'Planning took too long, or waited for a lock.' };
  if (state === '42P01' || state === '3F000') return { code: 'unknown', says: 'A relation that it names is not in the search path of its role, or is gone.' };
  if (state === '42P18' || state === '42725' || state === '42883') return { code: 'untyped', says: 'The types of its parameters cannot be told from its text.' };
  return { code: 'failed', says: `The server refused to plan it (SQLSTATE ${state ?? 'unknown'}).` };
}
