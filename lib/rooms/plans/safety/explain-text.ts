import { isTree, parseSql } from '@/lib/pg/parser';

export type How = { sql: string; analyze: boolean; generic: boolean; parameters: number; major: number };

/** What is sent, in this order; `deallocate` where a statement was prepared. */
export type Sent = { prepare: string[]; text: string; deallocate: string | null; /** Again by the simple protocol, whose answer counts. */ simply: boolean };

const prepared = 'riskdesk_explain';

/** EXPLAIN with the options of this server's major. The generic plan of parameters has an option of its own from 16 on; before, a prepared statement has one. */
export async function statementFor(how: How): Promise<Sent> {
  const options = ['FORMAT JSON', 'VERBOSE', 'SETTINGS', 'SUMMARY', ...(how.analyze ? ['ANALYZE', 'BUFFERS'] : []), ...(how.generic && how.major >= 16 ? ['GENERIC_PLAN'] : [])].join(', ');
  if (how.generic && how.major < 16) {
    const prepare = `PREPARE ${prepared} AS ${how.sql}`;
    await mustBeOne(prepare, 'PrepareStmt');
    const nulls = Array.from({ length: how.parameters }, () => 'NULL').join(', ');
    return { prepare: ["SELECT set_config('plan_cache_mode', 'force_generic_plan', true)", prepare], text: `EXPLAIN (${options}) EXECUTE ${prepared}(${nulls})`, deallocate: `DEALLOCATE ${prepared}`, simply: false };
  }
  const text = `EXPLAIN (${options}) ${how.sql}`;
  await mustBeOne(text, 'ExplainStmt');
  return { prepare: [], text, deallocate: null, simply: how.generic };
}

/** The whole is parsed once more: what stands before a statement must not change what it is. */
async function mustBeOne(text: string, kind: string): Promise<void> {
  const parsed = await parseSql(text);
  const [only, ...more] = 'error' in parsed ? [] : parsed.statements;
  if (more.length > 0 || !only || !isTree(only[kind])) throw new Error(`not one ${kind}`);
}
