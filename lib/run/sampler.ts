import 'server-only';
import { transaction } from '@/lib/db/client';
import { inRoute } from '@/lib/db/route';
import { sqlState } from '@/lib/pg/errors';
import { array, sql } from '@/lib/pg/sql';
import { log } from './log';
import { targetNames } from './monitor';
import { diagnostics, type Registered } from './registry';
import { questionSchema, toQuestion } from './question';
import { runDiagnostic } from './run-diagnostic';
import { sampleOf } from './samples';

/** As many rows as one answer can have. */
const mostRows = '1000';

/** Keeps one sample, unless another console is doing so or has done so. What could not be measured leaves a gap. */
export async function takeSample(entry: Registered, target: string): Promise<boolean> {
  const { id, diagnostic } = entry;
  const { sample } = diagnostic;
  if (!sample) return false;
  return transaction(async (tx) => {
    const [due] = await tx.rows<{ due: boolean }>(sql`
      select pg_try_advisory_xact_lock(hashtextextended(${`riskdesk.samples ${target} ${id}`}, 0)) and not exists (
        select from riskdesk.samples where target = ${target} and diagnostic = ${id} and at > now() - make_interval(mins => ${sample.everyMinutes}) * 0.99) as due`);
    if (!due?.due) return false;
    const result = await runDiagnostic(entry, toQuestion(questionSchema(diagnostic).parse({ target, limit: mostRows })));
    if (result.state === 'unmeasured') return false;
    const { since, rows } = sampleOf(entry, result);
    const stored = Object.fromEntries([...rows].map(([key, values]) => [key, sample.values.map((column) => values[column] ?? null)]));
    // The console's own clock orders the samples of all targets; theirs may differ, or jump.
    await tx.rows(sql`
      insert into riskdesk.samples (target, diagnostic, at, since, columns, rows)
      values (${target}, ${id}, now(), ${since}::timestamptz, ${array(sample.values)}::text[], ${JSON.stringify(stored)}::jsonb)`);
    await tx.rows(sql`delete from riskdesk.samples where target = ${target} and diagnostic = ${id} and at < now() - make_interval(days => ${sample.keepDays})`);
    return true;
  });
}

const tickMs = 60_000;

/** Takes what is due, one after the other: keeping history may never be what a server is busy with. */
async function sampleAll(): Promise<void> {
  for (const target of targetNames()) {
    for (const entry of diagnostics.values()) {
      if (!entry.diagnostic.sample) continue;
      await inRoute('job', 'samples', () => takeSample(entry, target)).catch((error: unknown) => log('warn', 'a sample could not be kept', { diagnostic: entry.id, target, sqlState: sqlState(error) ?? null }));
    }
  }
}

export async function sampleForever(): Promise<void> {
  for (;;) {
    await sampleAll();
    await new Promise((resolve) => setTimeout(resolve, tickMs).unref());
  }
}
