import type { Refusal } from '@/lib/kit/action';
import type { Remedy } from '@/lib/kit/finding';
import { parseSql, tokensOf } from '@/lib/pg/parser';

/** What a remedy runs: its own SQL, or what the preview of its action shows; nothing where a guard refuses it. */
export async function statementsOf(remedy: Remedy, target = 'main'): Promise<{ statements: string[]; guards: Refusal[]; inverse: Remedy | null }> {
  if ('sql' in remedy) return { statements: [remedy.sql], guards: [], inverse: null };
  const { actions } = await import('@/lib/run/actions/registry');
  const { prepare } = await import('@/lib/run/actions/preview');
  const entry = actions.get(remedy.action);
  if (!entry) throw new Error(`there is no action ${remedy.action}`);
  const { plan, guards, inverse } = await prepare(entry, target, Object.fromEntries(Object.entries(remedy.params).map(([key, value]) => [key, String(value)])));
  return { statements: plan.flatMap(({ sql, statements }) => statements ?? [sql]), guards, inverse };
}

/** Runs the SQL of a remedy as psql would, a statement at a time: what is CONCURRENTLY stands in no transaction. */
export async function runEach(client: { query: (text: string) => Promise<unknown> }, remedy: Remedy | null): Promise<void> {
  if (!remedy || !('sql' in remedy)) throw new Error('it has no SQL');
  // Loads the parser.
  await parseSql('select 1');
  const text = Buffer.from(remedy.sql);
  let from = 0;
  for (const { end } of tokensOf(remedy.sql).filter((token) => token.text === ';')) {
    await client.query(text.subarray(from, end).toString());
    from = end;
  }
}
