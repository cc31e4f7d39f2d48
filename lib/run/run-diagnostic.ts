import 'server-only';
import { z } from 'zod';
import { appPool } from '@/lib/db/client';
import { routeFigures } from '@/lib/db/route';
import { AppError } from '@/lib/errors';
import type { Columns } from '@/lib/kit/column';
import type { Ask, AskServer, Diagnostic, ServerFacts } from '@/lib/kit/diagnostic';
import type { DiagnosticResult, Measured, Row, Unmeasured } from '@/lib/kit/result';
import type { DeskClient } from '@/lib/pg/client';
import { isPermissionDenied, isTimeout, isUnavailable, isRefusedCredentials, sqlState } from '@/lib/pg/errors';
import { marker, render, sql } from '@/lib/pg/sql';
import { readHistory } from './ask-history';
import { listExports } from './exports/store';
import { log } from './log';
import { maskFinding, maskRows } from './masked';
import { diagnosticTimeoutMs, monitorPools, monitorTransaction } from './monitor';
import { unmetNeed } from './needs';
import { withPgBouncer } from './pgbouncer';
import { plannerOn } from './planner';
import { questionSchema, toQuestion, type Question } from './question';
import { diagnostics, type Registered } from './registry';
import { serverFacts } from './server';
import { forgetAnswers, sharedAnswer } from './shared-answers';
import { columnOf, judgedStatementOf, mostJudged, partsOf, statementOf } from './statement';

/** The longest that one of its statements may run. */
export const timeLimitOf = (diagnostic: Diagnostic): number => diagnostic.timeLimitMs ?? diagnosticTimeoutMs;

/** Answers that people see are at most as old as an open panel lets them grow anyway; `fresh` ones as old as asking takes. */
const freshMs = 1000;
const maxAgeOf = ({ source, refreshSeconds, onDemand }: Diagnostic): number => (source === 'process' || onDemand ? freshMs : refreshSeconds * 1000 - 500);

type Asking = { /** Somebody wants to see what has changed just now. */ fresh?: boolean; /** When it is asked, where nobody has. */ turn?: (ask: () => Promise<DiagnosticResult>) => Promise<DiagnosticResult> };

/** Asks, or joins those who asked the same a moment ago. */
export function runDiagnostic(entry: Registered, question: Question, { fresh = true, turn = (ask) => ask() }: Asking = {}): Promise<DiagnosticResult> {
  const key = JSON.stringify([entry.id, question.target, question.limit, question.sort, question.q, Object.entries(question.params).toSorted(), question.judgeOnly ?? false]);
  return sharedAnswer(key, fresh ? freshMs : maxAgeOf(entry.diagnostic), () => turn(() => answered(entry, question, fresh)));
}

/** After a change of a target: the answers about it that are shared are of before. */
export const forgetTarget = (target: string): void => forgetAnswers((key) => (JSON.parse(key) as unknown[])[1] === target);

async function answered(entry: Registered, question: Question, fresh: boolean): Promise<DiagnosticResult> {
  try {
    if (entry.diagnostic.source === 'process') return await askProcess(entry.diagnostic, question);
    if (entry.diagnostic.source === 'history') return await askHistory(entry, entry.diagnostic, question, fresh);
    return entry.diagnostic.source === 'pgbouncer' ? await askBouncer(entry, entry.diagnostic, question) : await askServer(entry, question);
  } catch (error) {
    return explain(error, entry);
  }
}

async function askServer(entry: Registered, question: Question): Promise<DiagnosticResult> {
  const { diagnostic } = entry;
  const started = performance.now();
  const server = await serverFacts(question.target);
  const unmet = unmetNeed(diagnostic.needs, server);
  if (unmet) return unmet;
  const read = readerOf(entry, question, server);
  if (!read) return unmeasured('unsupported_version', `PostgreSQL ${server.major} is older than this question supports.`);
  const facts = diagnostic.context?.sql({ params: question.params as never, server });
  const { rows, judged, sqlText, context, at } = await monitorTransaction(question.target, async (run, client) => {
    const [clock] = await run<{ at: string }>(sql`select clock_timestamp() as at`);
    const [first] = facts ? await run<Row>(sql`select ${marker(entry.id)} f.* from (${facts}) f`) : [];
    return { ...(await read(run, client)), context: first ?? null, at: clock?.at ?? new Date().toISOString() };
  }, timeLimitOf(diagnostic));
  checkShape(diagnostic.row, rows, entry.id);
  return measured(diagnostic, question, { rows: maskRows(diagnostic.row, rows), judged: maskRows(diagnostic.row, judged), context: context && (maskRows(diagnostic.context?.row ?? {}, [context])[0] ?? null), server, at, sqlText, tookMs: performance.now() - started });
}

type Reader = (ask: Ask, client: DeskClient) => Promise<{ rows: Row[]; judged: Row[]; /** What was sent. */ sqlText: string }>;

function readerOf(entry: Registered, question: Question, server: ServerFacts): Reader | null {
  const { diagnostic, id } = entry;
  if (diagnostic.source === 'facts') return (ask, client) => readFacts(id, diagnostic, question, server, { ask, client });
  const judges = Object.keys(diagnostic.codes).length > 0;
  const statement = judges ? judgedStatementOf(entry, question, server) : statementOf(entry, question, server);
  return statement && (async (ask) => ({ ...partsOf(await ask<Row>(statement), judges), sqlText: render(statement).text }));
}

async function readFacts(id: string, diagnostic: Extract<Diagnostic, { source: 'facts' }>, question: Question, server: ServerFacts, { ask, client }: { ask: Ask; client: DeskClient }): ReturnType<Reader> {
  const texts: string[] = [];
  const marked: Ask = (statement) => {
    // pg_stat_statements of 18 drops a comment in front of a statement, pg_stat_activity cuts off one behind a long one.
    const whole = sql`${marker(id)} ${statement}
${marker(id)}`;
    texts.push(render(whole).text);
    return ask(whole);
  };
  const planner = plannerOn(client, server, (sent) => texts.push(sent), id);
  const found = (await diagnostic.read(marked, { params: question.params as never, server, planner })) as Row[];
  const rows = arranged(diagnostic, question, maskRows(diagnostic.row, found));
  return { rows, judged: rows, sqlText: texts.join(';\n\n') };
}

async function askProcess(diagnostic: Diagnostic, question: Question): Promise<DiagnosticResult> {
  if (diagnostic.source !== 'process') throw new Error('not a process diagnostic');
  const started = performance.now();
  const pools = [appPool(), ...monitorPools()].map((pool) => pool.figures());
  const found = (await diagnostic.read({ pools, routes: routeFigures(), exports: () => listExports(question.target) }, question.params as never)) as Row[];
  const rows = arranged(diagnostic, question, found);
  return measured(diagnostic, question, { rows, judged: rows, context: null, server: null, at: new Date().toISOString(), sqlText: null, tookMs: performance.now() - started });
}

async function askBouncer({ id }: Registered, diagnostic: Extract<Diagnostic, { source: 'pgbouncer' }>, question: Question): Promise<DiagnosticResult> {
  const started = performance.now();
  const commands: string[] = [];
  const found = await withPgBouncer(async (show) => {
    const noted: typeof show = (what) => {
      commands.push(`SHOW ${what};`);
      return show(what);
    };
    // PgBouncer's figures stand without the server's.
    const server: AskServer = (statement) => monitorTransaction(question.target, (ask) => ask<never>(sql`${marker(id)} ${statement}`)).catch(() => null);
    return (await diagnostic.read(noted, { params: question.params as never, server })) as Row[];
  });
  if (!Array.isArray(found)) return found;
  checkShape(diagnostic.row, found, id);
  const rows = arranged(diagnostic, question, found);
  return measured(diagnostic, question, { rows, judged: rows, context: null, server: null, at: new Date().toISOString(), sqlText: commands.join('\n'), tookMs: performance.now() - started });
}

async function askHistory({ room }: Registered, diagnostic: Extract<Diagnostic, { source: 'history' }>, question: Question, fresh: boolean): Promise<DiagnosticResult> {
  const started = performance.now();
  const of = diagnostics.get(`${room.name}.${diagnostic.of}`);
  if (!of) throw new Error(`${diagnostic.name} goes by a diagnostic that is not declared`);
  const ask = () => runDiagnostic(of, toQuestion(questionSchema(of.diagnostic).parse({ target: question.target, limit: '1000' })), { fresh });
  const unmet = unmetNeed(of.diagnostic.needs, await serverFacts(question.target));
  if (unmet) return unmet;
  const found = await readHistory(diagnostic, of, question.target, question.params, ask);
  if ('state' in found) return found;
  const rows = arranged(diagnostic, question, found.rows);
  checkShape(diagnostic.row, rows, diagnostic.name);
  return { ...measured(diagnostic, question, { rows, judged: rows, context: null, server: null, at: found.now.at, sqlText: found.now.sql, tookMs: performance.now() - started }), stats_since: found.from, lines: found.lines };
}

/** Search and order, for rows that no statement arranges. */
function arranged(diagnostic: Diagnostic, { q, sort }: Question, found: Row[]): Row[] {
  const wanted = q.toLowerCase();
  return found
    .filter((row) => !wanted || (diagnostic.search ?? []).some((column) => String(row[column]).toLowerCase().includes(wanted)))
    .toSorted(comparing(sort));
}

function comparing(sort: string): (a: Row, b: Row) => number {
  const column = columnOf(sort);
  const sign = sort.startsWith('-') ? -1 : 1;
  return (a, b) => {
    const [x, y] = [a[column] ?? null, b[column] ?? null];
    if (x === y) return 0;
    if (x === null) return 1;
    if (y === null) return -1;
    return x < y ? -sign : sign;
  };
}

type Facts = { rows: Row[]; judged: Row[]; context: Row | null; server: ServerFacts | null; at: string; sqlText: string | null; tookMs: number };

function measured(diagnostic: Diagnostic, question: Question, facts: Facts): Measured {
  const rows = question.judgeOnly ? [] : facts.rows.slice(0, question.limit);
  const judged = facts.judged.slice(0, diagnostic.source === 'sql' ? mostJudged : undefined);
  const context = facts.context as never;
  return {
    state: 'measured',
    rows,
    truncated: facts.rows.length > question.limit,
    findings: diagnostic.findings(judged as never, { params: question.params as never, server: facts.server, context }).map(maskFinding),
    more_findings: judged.length < facts.judged.length,
    sql: facts.sqlText,
    took_ms: Math.round(facts.tookMs * 100) / 100,
    at: facts.at,
    stats_since: facts.context ? (diagnostic.context?.since?.(context) ?? null) : null,
    context: facts.context,
  };
}

/** A row that is not what was declared is a defect of the declaration, found here rather than on a page. */
function checkShape(columns: Columns, rows: Row[], id: string): void {
  const shape = z.strictObject(Object.fromEntries(Object.entries(columns).map(([key, column]) => [key, column.schema])));
  const wrong = rows.slice(0, 5).map((row) => shape.safeParse(row)).find((parsed) => !parsed.success);
  if (wrong?.error) throw new Error(`${id} returned another shape than it declares: ${wrong.error.issues.map((issue) => issue.path.join('.')).join(', ')}`);
}

function unmeasured(code: Unmeasured['reason']['code'], says: string, remedySql?: string): Unmeasured {
  return { state: 'unmeasured', reason: { code, says }, remedy: remedySql ? { sql: remedySql } : null };
}

function explain(error: unknown, entry: Registered): Unmeasured {
  if (isUnavailable(error) || isRefusedCredentials(error)) return unmeasured('unreachable', 'The server cannot be reached, or refuses the monitoring role. It is tried again every second.');
  if (error instanceof AppError && error.code === 'database_busy') return unmeasured('busy', 'The console’s monitoring connections to this server are all in use.');
  if (sqlState(error)?.startsWith('53')) return unmeasured('busy', 'The server has no room for another connection.');
  if (isTimeout(error)) return unmeasured('timeout', `The server did not answer within ${timeLimitOf(entry.diagnostic) / 1000} s, or a lock was in the way.`);
  if (isPermissionDenied(error)) return unmeasured('privilege', 'The monitoring role may not read this.', 'GRANT pg_monitor TO <the monitoring role>;');
  log('error', 'diagnostic failed', { diagnostic: entry.id, sqlState: sqlState(error) ?? null, kind: error instanceof Error ? error.name : typeof error });
  return unmeasured('failed', `The question failed on this server${sqlState(error) ? ` (SQLSTATE ${sqlState(error)})` : ''}. The log has the details.`);
}

