import 'server-only';
import { setTimeout as sleep } from 'node:timers/promises';
import { lockModes } from '@/lib/kit/action';
import { isUnavailable, sqlState } from '@/lib/pg/errors';
import { render, sql } from '@/lib/pg/sql';
import { readImport } from '../exports/read-import';
import { writeExport } from '../exports/write-export';
import { Cancelled, GaveUp, type Session } from './job-session';
import type { ShownStep } from './preview';
import { named, seeing, type InTheWay } from './in-the-way';
import { rest } from './rest';
import type { Watch } from './watch';

/** Nobody queues behind a strong lock for longer than this. */
const lockTimeoutMs = 100;
/** A transaction that asks for strong locks and holds them is rolled back after this, where its step says no other: what waits for it has waited no longer. */
const holdMs = 150;
/** Between two tries others get their turn: from this on, at random, growing to ten times as much. */
const pauseMs = 200;
const mostTries = 60;
/** Autovacuum gives way to nobody who waits for so short a time, and ends by itself: while it is at work tries go on for half an hour or so. */
const mostBesideVacuum = 1000;

type Row = { moved?: unknown; left?: unknown; more?: unknown; refuses?: unknown };

/** Runs one step; a bounded one again and again while its lock is not to be had. @throws GaveUp, Cancelled, the driver's error */
export async function runStep(session: Session, step: ShownStep, watch: Watch): Promise<void> {
  if (step.repeats) await inBatches(session, step, watch);
  else await patiently(session, step, watch);
}

const isNothing = (row: Row | undefined): boolean => row === undefined || Object.values(row)[0] === false;

const lost = (error: unknown): boolean => ['55P03', '40P01', '40001'].includes(sqlState(error) ?? '');

/** Who is in the way costs a look for each: from the fifth try on until it is known, then now and then, and when a try may be the last. */
const looks = (tries: number, known: boolean): boolean => tries % 10 === 0 || (tries >= 5 && !known) || tries > mostTries - 5;

async function patiently(session: Session, step: ShownStep, watch: Watch): Promise<Row | undefined> {
  const { notices, backend } = session;
  let inTheWay: InTheWay[] = [];
  for (let tries = 1; ; tries += 1) {
    if (watch.cancelled()) throw new Cancelled();
    const [before, started] = [notices.length, performance.now()];
    try {
      const attempt = () => once(session, step, watch);
      const row = await (step.waits === 'bounded' && looks(tries, inTheWay.length > 0) ? seeing(watch.target, backend.pid, attempt, (found) => (inTheWay = found)) : attempt());
      for (const notice of notices.slice(before)) {
        const told = watch.tells ? watch.tells(notice) : notice;
        if (told !== null) watch.log(told);
      }
      if (step.otherwise !== undefined && isNothing(row)) throw new GaveUp(step.otherwise);
      return row;
    } catch (error) {
      if ((sqlState(error) === '57014' && watch.cancelled()) || (watch.terminated() && isUnavailable(error))) throw new Cancelled();
      const most = step.holdMs ?? holdMs;
      const tooLong = error instanceof TooLong || (sqlState(error) === '57014' && isStrong(step) && performance.now() - started >= most / 2);
      if (step.waits === 'patient' || !(lost(error) || tooLong)) throw error;
      if (tries >= mostTries && (tries >= mostBesideVacuum || !(await vacuuming(session)))) throw new GaveUp(tooLong ? `It would hold its locks for more than ${most} ms: ${tries} tries were rolled back after that time.` : `The lock was not to be had in ${tries} tries of ${lockTimeoutMs} ms each.${named(inTheWay)}`);
      if (tries === 1 || tries % 10 === 0) watch.log(tooLong ? `Try ${tries} was rolled back: it held its locks for more than ${most} ms.` : `The lock is taken by somebody else: try ${tries} gave way after ${lockTimeoutMs} ms.${named(inTheWay)}`);
      await sleep(pauseMs * (1 + Math.random() * Math.min(tries, 10)));
    }
  }
}

async function once(session: Session, step: ShownStep, watch: Watch): Promise<Row | undefined> {
  const withFiles = step.exports ? writeExport : step.imports ? readImport : null;
  if (!withFiles) return step.statements ? asOne(session, step, watch) : alone(session, step);
  await lockTimeout(session, step);
  await withFiles(session, step, watch);
  return undefined;
}

const lockTimeout = ({ client }: Session, { waits }: ShownStep) => client.query(`select set_config('lock_timeout', '${waits === 'bounded' ? lockTimeoutMs : 0}', false)`);

async function alone(session: Session, step: ShownStep): Promise<Row | undefined> {
  await lockTimeout(session, step);
  return (await session.client.query<Row>(step.sql)).rows[0];
}

/** Whether reads or writes of others wait for it. A batch’s row locks are short by its size, and its statement may not be cut off by a slow disk. */
const isStrong = ({ lock, statements, repeats }: ShownStep): boolean => lock !== null && statements !== undefined && repeats === undefined && lockModes.indexOf(lock) > lockModes.indexOf('SHARE UPDATE EXCLUSIVE');

const waiters = render(sql`
  select coalesce(max(extract(epoch from clock_timestamp() - l.waitstart) * 1000), 0)::float8 as waited_ms from pg_locks l where not l.granted and pg_backend_pid() = any (pg_blocking_pids(l.pid))`).text;

const vacuuming = async ({ client }: Session): Promise<boolean> =>
  (await client.query("select from pg_stat_activity where backend_type = 'autovacuum worker' and datname = current_database() limit 1")).rows.length > 0;

class TooLong extends Error {}

/**
 * The statements of a step as one transaction. What it may wait for all its locks together is as long as for one, and with strong locks its whole time is bounded: each
 * statement gets about what is left, and where that is nothing it is rolled back. Before it lets go of them it looks how long others have waited, which is when the longest
 * has waited longest.
 */
async function asOne({ client }: Session, step: ShownStep, watch: Watch): Promise<Row | undefined> {
  const [strong, most, started] = [isStrong(step), step.holdMs ?? holdMs, performance.now()];
  const passed = () => performance.now() - started;
  const left = (ms: number) => Math.max(1, Math.ceil(ms - passed()));
  let [waited, told] = [0, -Infinity];
  let row: Row | undefined;
  await client.query('begin');
  try {
    for (const statement of step.statements ?? []) {
      if (strong && passed() >= most) throw new TooLong();
      // A message for each statement would hold the locks for longer than the statements do.
      if (passed() - told > 30) await client.query(`select set_config('lock_timeout', '${left(lockTimeoutMs)}', true), set_config('statement_timeout', '${strong ? left(most) : 0}', true)`);
      told = passed() - told > 30 ? passed() : told;
      row = { ...row, ...(await client.query<Row>(statement)).rows[0] };
      if (typeof row.refuses === 'string') throw new GaveUp(row.refuses);
    }
    if (strong && passed() >= most) throw new TooLong();
    if (strong) waited = (await client.query<{ waited_ms: number }>(waiters)).rows[0]?.waited_ms ?? 0;
    await client.query('commit');
    return row;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  } finally {
    if (strong) watch.held(passed(), waited);
  }
}

/** What a batch should take: who waits for one of its rows waits no longer than that and what little is over. */
const [leastMs, mostMs] = [40, 100];

/** How much larger or smaller than planned a batch is to be, told to its SQL in a setting of the session. */
function paceAfter(pace: number, tookMs: number): number {
  if (tookMs > mostMs) return Math.max(0.1, (pace * mostMs) / tookMs / 1.5);
  return tookMs < leastMs ? Math.min(4, pace * 1.5) : pace;
}

async function inBatches(session: Session, step: ShownStep, watch: Watch): Promise<void> {
  const expected = step.repeats?.expected ?? null;
  let [total, passes, pace] = [0, 0, 1];
  watch.moved(0, expected);
  for (;;) {
    await session.client.query(`select set_config('riskdesk.pace', '${pace.toFixed(3)}', false)`);
    const started = performance.now();
    const row = await patiently(session, step, watch);
    pace = paceAfter(pace, performance.now() - started);
    total += Number(row?.moved ?? 0);
    watch.moved(total, expected);
    if (row?.more !== true) {
      const over = typeof row?.left === 'boolean' ? !row.left : Number(row?.moved ?? 0) === 0;
      if (over) return;
      passes += 1;
      if (passes === mostTries && row?.left === true) throw new GaveUp('Rows that remain are locked by other sessions, or new ones keep coming.');
      if (row?.left === true) await sleep(pauseMs * (1 + Math.random()));
    }
    await rest(session, watch, performance.now() - started);
  }
}
