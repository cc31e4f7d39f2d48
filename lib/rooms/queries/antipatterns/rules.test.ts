import { describe, expect, it } from 'vitest';
import { formatSql } from '@/lib/pg/format-sql';
import { parseSql, quoteName } from '@/lib/pg/parser';
import { remedyOf } from '@/lib/rooms/queries/antipatterns.diagnostic';
import { corpus, corpusFind, corpusTables } from './corpus';
import { antipatternsOf, rules, statementIn } from './rules';

const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').replaceAll('( ', '(').replaceAll(' )', ')').trim();

async function found({ sql, figures }: Pick<(typeof corpus)[number], 'sql' | 'figures'>) {
  const statement = await statementIn(sql);
  return statement ? antipatternsOf(statement, corpusFind, figures ?? null) : [];
}

describe('anti-patterns: a corpus of true ones and near misses', () => {
  it.each(corpus.map((one, at) => [`${at} ${one.sql.slice(0, 140)}`, one] as const))('%s', async (_, one) => {
    const all = await found(one);
    expect(all.map(({ rule }) => rule.name)).toEqual(one.finds);
    const [first] = all;
    if (one.rewrite !== undefined && first) expect(first.rewrite === null ? null : oneLine(first.rewrite)).toBe(one.rewrite);
  });

  it('has every rule in it, found and not found', () => {
    const named = new Set(corpus.flatMap(({ finds }) => finds));
    expect([...named].toSorted()).toEqual(rules.map(({ name }) => name).toSorted());
    expect(corpus.length).toBeGreaterThanOrEqual(100);
    expect(corpus.filter(({ finds }) => finds.length === 0).length).toBeGreaterThanOrEqual(50);
  });

  it('gives only rewrites that PostgreSQL’s grammar takes, and that no rule of the same name finds again', async () => {
    for (const one of corpus) {
      for (const { rule, rewrite } of await found(one)) {
        if (rewrite === null) continue;
        expect(await parseSql(rewrite), rewrite).toHaveProperty('statements.length', 1);
        const again = await found({ sql: rewrite });
        if (rule.name !== 'select_star' && rule.name !== 'order_random') expect(again.map((next) => next.rule.name), rewrite).not.toContain(rule.name);
      }
    }
  });

  it('tells the differences of NOT EXISTS where a NULL may be met, and none where none can be', async () => {
    const [differs] = await found({ sql: 'delete from orders where customer_id not in (select parent_id from customers)' });
    expect(differs?.note).toContain('Not the same where a NULL is met');
    const [same] = await found({ sql: 'select id from customers where id not in (select customer_id from orders)' });
    expect(same?.note).toBe('The same rows: neither column can be NULL.');
    const [within] = await found({ sql: 'delete from orders where customer_id not in (select parent_id from customers where parent_id is not null)' });
    expect(within).toMatchObject({ certainty: 'likely', note: 'The same rows: neither column can be NULL.', says: expect.not.stringContaining('NULL') });
    const [outside] = await found({ sql: 'select id from customers where parent_id not in (select customer_id from orders)' });
    expect(outside).toMatchObject({ note: expect.stringContaining('the column outside is NULL'), says: expect.not.stringContaining('NULL') });
  });

  it('keeps the mark of a list that pg_stat_statements has folded', async () => {
    const [one] = await found({ sql: 'select id from orders where status in ($1 /*, ... */) order by id limit $2 offset $3' });
    expect(oneLine(one?.rewrite ?? '')).toBe('SELECT id FROM orders WHERE status IN ($1 /*, ... */) AND id > $3 ORDER BY id LIMIT $2');
  });

  it('hostile names stay names, in the rewrite, in what helps and in the comment above', async () => {
    const odd = 'a\n"; drop table users; --\'\\';
    const [base] = corpusTables;
    if (!base) throw new Error('no table');
    const table = { ...base, name: odd, shown: `public.${quoteName(odd)}`, columns: [{ name: odd, type: 'text', notNull: true }], indexes: [{ name: odd, method: 'btree', unique: true, partial: false, columns: [odd], classes: ['text_ops'], expressions: null }] };
    const name = quoteName(odd);
    const texts = [`select * from ${name}`, `select ${name} from ${name} order by ${name} limit 3 offset $1`, `select 1 from ${name} where lower(${name}) = $1`, `select 1 from ${name} where ${name} ilike '%' || $1`, `select count(*) from ${name}`, `delete from ${name}`];
    for (const text of texts) {
      const statement = await statementIn(text);
      const all = statement ? await antipatternsOf(statement, () => table) : [];
      expect(all, text).toHaveLength(1);
      const remedy = remedyOf(all[0] ?? { rewrite: null, helps: null, note: null });
      const parsed = await parseSql(remedy && 'sql' in remedy ? remedy.sql : '');
      const kinds = 'statements' in parsed ? parsed.statements.map((one) => Object.keys(one)[0]) : ['error'];
      expect(kinds.filter((kind) => !['SelectStmt', 'IndexStmt', 'CreateExtensionStmt', 'TruncateStmt'].includes(String(kind))), text).toEqual([]);
    }
  });

  it('a layout changes nothing but white space', async () => {
    const bare = (text: string) => text.replaceAll(/\s+/g, '');
    for (const { sql } of corpus) expect(bare(await formatSql(sql))).toBe(bare(sql));
    const odd = `select 'a  b' as "x  y", E'\\'  ' -- why\n, $$ from $$ from t where a between 1 and 2 and b = 'é' and c in (select d from e where f = 1)`;
    const text = await formatSql(odd);
    expect(text).toContain("'a  b' as \"x  y\"");
    expect(text).toContain('-- why\n');
    expect(text).toContain('between 1 and 2\n');
    expect((await parseSql(text) as { statements: unknown[] }).statements).toHaveLength(1);
    expect(await formatSql("select 'cut")).toBe("select 'cut");
  });
});
