import 'server-only';
import { DatabaseError } from 'pg';
import { writeAudit } from '@/lib/db/audit';
import { database } from '@/lib/db/client';
import { AppError } from '@/lib/errors';
import type { Caller } from '@/lib/kit/caller';
import { maskSecrets } from '@/lib/kit/mask';
import { simply, type DeskClient } from '@/lib/pg/client';
import { isPermissionDenied, isTimeout, isUnavailable, sqlState } from '@/lib/pg/errors';
import { ident, render, sql } from '@/lib/pg/sql';
import { statementFor, type How } from '@/lib/rooms/plans/safety/explain-text';
import { unsafeReach } from '@/lib/rooms/plans/safety/reach';
import { readStatement, type Mode, type Named, type Refusal } from '@/lib/rooms/plans/safety/statement';
import { tablesIn } from '@/lib/rooms/plans/tables';
import type { ExplainAnswer } from '@/lib/rooms/plans/schema';
import type { ServerFacts } from '@/lib/kit/diagnostic';
import { monitorPool, monitorRows, requireTarget } from './monitor';
import { serverFacts } from './server';

export type Explaining = { target: string; sql: string; values?: (string | null)[] | undefined; analyze: boolean };

const planMs = 4000;
const analyzeMs = 20_000;

/** One ANALYZE at a time on a target: it is somebody's statement on a server that others use. */
const analyzing = new Set<string>();

const refuse = (code: Refusal['code'], says: string, remedy?: string): ExplainAnswer => ({ state: 'refused', reason: { code, says }, remedy: remedy === undefined ? null : { sql: remedy } });

/** The plan of one statement, or why there is none. @throws AppError not_found, object_busy */
export async function explain(asked: Explaining, limit = asked.analyze ? analyzeMs : planMs): Promise<ExplainAnswer> {
  requireTarget(asked.target);
  const mode: Mode = asked.analyze ? 'runs' : 'plans';
  const read = await readStatement(asked.sql, mode);
  if ('refusal' in read) return refuse(read.refusal.code, read.refusal.says);
  const { parameters } = read.named;
  if (asked.values && asked.values.length !== parameters) return refuse('syntax', `The statement has ${parameters} parameters, and ${asked.values.length} values were given.`);
  if (asked.analyze && parameters > 0 && !asked.values) return refuse('syntax', 'To run the statement, each of its parameters needs a value.');
  if (asked.analyze && analyzing.has(asked.target)) throw new AppError('object_busy', 'An EXPLAIN ANALYZE is running on this database; one runs at a time.', { retryAfter: 5 });
  if (asked.analyze) analyzing.add(asked.target);
  try {
    return await onServer(asked, read.named, mode, limit);
  } finally {
    if (asked.analyze) analyzing.delete(asked.target);
  }
}

/** As `explain`, on record where the statement is run. */
export async function explainFor(caller: Caller, asked: Explaining, address: string | null): Promise<ExplainAnswer> {
  if (!asked.analyze) return explain(asked);
  let outcome: 'success' | 'refused' | 'failed' = 'failed';
  try {
    const answer = await explain(asked);
    outcome = answer.state === 'explained' ? 'success' : answer.reason.code === 'failed' || answer.reason.code === 'timeout' ? 'failed' : 'refused';
    return answer;
  } finally {
    await writeAudit(database(), { caller, action: 'plans.analyze', object: `target:${asked.target}`, outcome, details: { sql: maskSecrets(asked.sql).slice(0, 2000) }, address });
  }
}

async function onServer(asked: Explaining, named: Named, mode: Mode, limit: number): Promise<ExplainAnswer> {
  const server = await serverFacts(asked.target);
  const client = await monitorPool(asked.target).connect();
  try {
    return await inDiscardedTransaction(client, server, limit, () => explained(client, asked, named, mode, server, limit));
  } catch (error) {
    if (isUnavailable(error)) await cancel(asked.target, client);
    return failed(error, asked, server, limit);
  } finally {
    // The connection is not used again: what a statement may have left in its session ends with it.
    client.release(true);
  }
}

/** Read only, within limits, blind to hypothetical indexes, and rolled back whatever happens. A superuser gives up being one for as long as it takes. */
async function inDiscardedTransaction(client: DeskClient, server: ServerFacts, limit: number, work: () => Promise<ExplainAnswer>): Promise<ExplainAnswer> {
  await client.query('begin transaction read only');
  try {
    await client.query(`select set_config('statement_timeout', '${limit}', true), set_config('lock_timeout', '200', true), set_config('idle_in_transaction_session_timeout', '10000', true),
      set_config('standard_conforming_strings', 'on', true), set_config('TimeZone', 'UTC', true), set_config('hypopg.enabled', 'off', true)${server.isSuperuser ? ", set_config('role', 'pg_read_all_data', true)" : ''}`);
    return await work();
  } finally {
    await client.query('rollback').catch(() => {});
  }
}

const rawText = { getTypeParser: () => (value: string) => value };

async function explained(client: DeskClient, asked: Explaining, named: Named, mode: Mode, server: ServerFacts, limit: number): Promise<ExplainAnswer> {
  const ask = async <T extends Record<string, unknown>>(statement: ReturnType<typeof sql>) => (await client.query<T>(render(statement))).rows;
  const unsafe = await unsafeReach(ask, named, mode);
  if (unsafe) return refuse(unsafe.code, unsafe.says);
  const generic = named.parameters > 0 && !asked.values;
  const how: How = { sql: asked.sql, analyze: asked.analyze, generic, parameters: named.parameters, major: server.major };
  const send = async (text: string, values: (string | null)[] = []) => {
    try {
      return await (client.query({ text, values, types: rawText, query_timeout: limit + 1000 } as never) as unknown as Promise<{ rows: Record<string, string>[] }>);
    } catch (error) {
      throw unfitting(error, text, asked) ?? error;
    }
  };
  const { prepare, text, deallocate, simply: again } = await statementFor(how);
  for (const before of prepare) await send(before);
  const { rows } = await send(text, asked.values ?? (generic && !deallocate ? Array.from({ length: named.parameters }, () => null) : []));
  if (deallocate) await send(deallocate);
  const json = again ? (await simply(client, text)).join('\n') : String(Object.values(rows[0] ?? {})[0] ?? '');
  const notes = server.isSuperuser ? ['The monitoring role is a superuser; for this statement it became pg_read_all_data, to which row level security applies.'] : [];
  return { state: 'explained', json, generic, analyzed: asked.analyze, version: `${server.major}.${server.versionNum % 10_000}`, tables: await tablesIn(ask, json), notes };
}

/** A value that the caller gave or wrote, and that the server cannot read. Its words are of the caller. */
class Unfitting extends Error {}

/** Told by where the error is: at a parameter, or at a place in the text. Rows have neither. */
function unfitting(error: unknown, sent: string, { sql: written, values }: Explaining): Unfitting | null {
  const state = sqlState(error);
  if (!(error instanceof DatabaseError) || !state || !/^2[23]/.test(state)) return null;
  const [, parameter] = /portal parameter \$(\d+)/.exec(error.where ?? '') ?? [];
  const at = Number(error.position) - 1 - ([...sent].length - [...written].length);
  const literal = at >= 0 ? /^\w*'(?:[^']|'')*'|^\S+/.exec([...written].slice(at).join(''))?.[0] : undefined;
  const given = parameter === undefined ? literal : (values?.[Number(parameter) - 1] ?? 'NULL');
  if (given === undefined) return null;
  const type = /for type ([^:]+)/.exec(error.message)?.[1];
  const which = parameter === undefined ? `what stands at character ${at + 1}` : `the value of $${parameter}`;
  return new Unfitting(`The server cannot read ${which} (${given.length > 60 ? `${given.slice(0, 60)}…` : given})${type ? ` as ${type}` : ''}: SQLSTATE ${state}.`);
}

/** From outside: what ignores its own timeout is cancelled by another connection. */
async function cancel(target: string, client: DeskClient): Promise<void> {
  const { processID } = client as unknown as { processID: number | null };
  if (client.direct && processID) await monitorRows(target, sql`select pg_cancel_backend(${processID}::int)`).catch(() => {});
}

/** The server's words are shown only where they speak of the statement: others could hold a row's values. */
function failed(error: unknown, { target }: Explaining, server: ServerFacts, limit: number): ExplainAnswer {
  const state = sqlState(error);
  if (error instanceof AppError) throw error;
  if (error instanceof Unfitting) return refuse('syntax', error.message);
  if (isPermissionDenied(error)) return refuse('privilege', `The monitoring role ${server.user} may not do this: EXPLAIN needs the same rights as the statement.`, `${render(sql`GRANT pg_read_all_data TO ${ident(server.user)}`).text};`);
  if (isTimeout(error) || isUnavailable(error)) return refuse('timeout', `It took longer than ${limit / 1000} s, waited for a lock, or the server of ${target} cannot be reached.`);
  if (state === '25006') return refuse('writes', 'The server refused it: the transaction is read only.');
  if (state?.startsWith('42') && error instanceof Error) return refuse('syntax', error.message);
  if (state) return refuse('failed', `The server refused the statement with SQLSTATE ${state}.`);
  throw error;
}
