import { beforeAll, describe, expect, test } from 'vitest';
import type { Ask } from '@/lib/kit/diagnostic';
import { render } from '@/lib/pg/sql';
import { useDatabase } from '@/test/database';
import { byHand, corpusTable, generated, type Truth } from './prover-corpus';
import { probesOf } from './prover-probes';
import { redundant } from './prover';
import { indexFacts } from './redundant-facts';

const newest = await useDatabase();
const oldest = await useDatabase({ major: 14 });

/** What may not cost more without an index that is called redundant, and what has to without one that is not: an index of another width costs a little more. */
const isMuchDearer = (after: number, before: number): boolean => after > before * 2 + 12;
const isDearer = (after: number, before: number): boolean => after > before * 1.01;

describe.each([[18, newest], [14, oldest]] as const)('on PostgreSQL %i', (major, db) => {
  beforeAll(async () => {
    for (const statement of corpusTable.split(';')) await db.sql(statement);
    await db.sql(`set enable_seqscan = off`);
    await db.sql(`set enable_bitmapscan = on`);
  });

  const ask: Ask = async (statement) => {
    const { text, values } = render(statement);
    return db.sql(text, values);
  };

  const create = (definition: string, name: string) =>
    db.sql(definition.startsWith('constraint ')
      ? `alter table corpus add constraint ${name} ${definition.slice(11)}`
      : definition.startsWith('unique ') ? `create unique index ${name} on corpus ${definition.slice(7)}` : `create index ${name} on corpus ${definition}`);

  const cost = async (query: string): Promise<number> => {
    const [row] = await db.sql<{ 'QUERY PLAN': [{ Plan: { 'Total Cost': number } }] }>(`explain (format json) ${query}`);
    return row?.['QUERY PLAN'][0].Plan['Total Cost'] ?? Number.NaN;
  };
  const costs = async (queries: string[]) => {
    const found: number[] = [];
    for (const query of queries) found.push(await cost(query));
    return found;
  };

  /** What the prover says of two indexes, and which queries cost more without the one and without the other. */
  async function judged(first: string, second: string, extra: string[] = []) {
    await db.sql('begin');
    try {
      await create(first, 'one');
      await create(second, 'two');
      const facts = (await indexFacts(ask)).filter((candidate) => candidate.tableName === 'public.corpus');
      const dropped = redundant(facts).map(({ drop }) => drop.name.replace('public.', ''));
      const queries = await probesOf(facts, extra, (text) => db.sql(text));
      const before = await costs(queries);
      const dearer: Record<string, string[]> = {};
      const muchDearer: Record<string, string[]> = {};
      for (const name of ['one', 'two']) {
        await db.sql('savepoint without');
        const isConstraint = facts.some((candidate) => candidate.name === `public.${name}` && candidate.constraint !== null);
        await db.sql(isConstraint ? `alter table corpus drop constraint ${name}` : `drop index ${name}`);
        const after = await costs(queries);
        await db.sql('rollback to without');
        const which = { one: 'first', two: 'second' }[name] ?? '';
        dearer[which] = queries.filter((_, at) => isDearer(after[at] ?? 0, before[at] ?? 0));
        muchDearer[which] = queries.filter((_, at) => isMuchDearer(after[at] ?? 0, before[at] ?? 0));
      }
      return { said: (dropped.length > 1 ? 'both' : { one: 'first', two: 'second' }[dropped[0] ?? ''] ?? 'none') as Truth, dearer, muchDearer };
    } finally {
      await db.sql('rollback');
    }
  }

  const pairs = byHand.filter(({ minMajor = 14 }) => minMajor <= major);

  test(`${pairs.length} pairs of known truth: none wrong, none missed, and no query costs more without what is called redundant`, async () => {
    const wrong: unknown[] = [];
    for (const { first, second, truth, probes, unseen: isUnseen } of pairs) {
      const { said, dearer, muchDearer } = await judged(first, second, probes);
      const costly = truth === 'none' ? [] : muchDearer[truth];
      const enforced = /unique|constraint/.test(first + second);
      const unseen = truth === 'none' && !enforced && !isUnseen ? ['first', 'second'].filter((which) => dearer[which]?.length === 0) : [];
      if (said !== truth || costly?.length !== 0 || unseen.length > 0) wrong.push({ first, second, truth, said, costly, unseen });
    }
    expect(wrong).toEqual([]);
    expect(pairs.length).toBeGreaterThan(120);
  });

  test('generated pairs: the prover says what the planner shows', async () => {
    const wrong: unknown[] = [];
    const said: Record<string, number> = {};
    for (const { first, second } of generated(major === 18 ? 80 : 50, major)) {
      const { said: answer, dearer, muchDearer } = await judged(first, second);
      said[answer] = (said[answer] ?? 0) + 1;
      const isRight = answer === 'none' ? dearer.first?.length !== 0 && dearer.second?.length !== 0 : muchDearer[answer]?.length === 0;
      if (!isRight) wrong.push({ first, second, answer, dearer });
    }
    expect(wrong).toEqual([]);
    for (const answer of ['none', 'first', 'second']) expect(said[answer], answer).toBeGreaterThan(2);
  });
});

