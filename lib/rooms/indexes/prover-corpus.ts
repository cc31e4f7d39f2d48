import { numbers } from '@/test/faults';

/** Which of two indexes is redundant. */
export type Truth = 'first' | 'second' | 'none';

export type Pair = { first: string; second: string; truth: Truth; /** Conditions that tell them apart, over those that the test makes from the keys. */ probes?: string[]; minMajor?: number; /** The planner's estimates see no difference: another access method or operator class, of which nothing is proved. */ unseen?: true };

const pair = (first: string, second: string, truth: Truth, more: Omit<Pair, 'first' | 'second' | 'truth'> = {}): Pair => ({ first, second, truth, ...more });

/**
 * Columns of the table that the corpus is about: id and id2 unique, a to c small, s text, v varchar, n never NULL. Only rows whose commit is on disk
 * become all-visible, which index-only scans need.
 */
export const corpusTable = `
  set synchronous_commit = on;
  create collation if not exists plain_c (provider = libc, locale = 'C');
  create table corpus (id int not null, id2 int not null, a int, b int, c int, n int not null, s text, v varchar(40), f bool, tags text[], more text[], j jsonb, p point, r int4range, ts timestamptz);
  insert into corpus select i, i, nullif(i % 71, 0), nullif(i * 7 % 67, 0), i * 13 % 59, i % 61, 'word ' || i % 73, 'word ' || i % 79, i % 50 = 0,
    array['t' || i % 83, 't' || i % 7], array['m' || i % 89], jsonb_build_object('k', i % 97), point(i % 101, i % 103), int4range(i, i + 5), timestamptz '2026-01-01' + i * interval '1 minute'
  from generate_series(1, 6000) i;
  vacuum analyze corpus`;

const keysAndOrder: Pair[] = [
  pair('(a)', '(a)', 'second'),
  pair('(a, b)', '(a, b)', 'second'),
  pair('(a)', '(a, b)', 'first'),
  pair('(a, b)', '(a)', 'second'),
  pair('(a, b)', '(a, b, c)', 'first'),
  pair('(a)', '(b)', 'none'),
  pair('(a, b)', '(b, a)', 'none'),
  pair('(b)', '(a, b)', 'none'),
  pair('(a, c)', '(a, b, c)', 'none'),
  pair('(a)', '(a desc)', 'second'),
  pair('(a desc)', '(a)', 'second'),
  pair('(a desc nulls last)', '(a)', 'none'),
  pair('(a nulls first)', '(a)', 'none'),
  pair('(a nulls first)', '(a desc nulls last)', 'second'),
  pair('(a desc nulls last)', '(a nulls first, b)', 'first'),
  pair('(a desc)', '(a, b)', 'first'),
  pair('(a desc)', '(a, b desc)', 'first'),
  pair('(a, b desc)', '(a, b)', 'none'),
  pair('(a, b desc)', '(a desc, b)', 'second'),
  pair('(a desc, b desc)', '(a, b)', 'second'),
  pair('(a desc, b desc)', '(a, b, c)', 'first'),
  pair('(a, b desc)', '(a, b, c)', 'none'),
  pair('(a, b nulls first)', '(a, b)', 'none'),
  pair('(n desc nulls last)', '(n)', 'none'),
  pair('(a) with (fillfactor = 50)', '(a)', 'second'),
];

const classesAndExpressions: Pair[] = [
  pair('(s text_pattern_ops)', '(s)', 'none', { unseen: true }),
  pair('(s text_pattern_ops)', '(s text_pattern_ops)', 'second'),
  pair('(v)', '(v text_ops)', 'second'),
  pair('(v varchar_ops)', '(v text_ops)', 'second'),
  pair('(s collate "C")', '(s)', 'none'),
  pair('(s collate "C")', '(s collate "C", a)', 'first'),
  pair('(s collate "C")', '(s collate plain_c)', 'none'),
  pair('(lower(s))', '(lower(s))', 'second'),
  pair('(lower(s))', '(lower(s), a)', 'first'),
  pair('(lower(s))', '(upper(s))', 'none'),
  pair('(lower(s))', '(s)', 'none'),
  pair('(lower(s) desc)', '(lower(s))', 'second'),
  pair('((a + b))', '((a + b))', 'second'),
  pair('((a + b))', '((b + a))', 'none'),
  pair('(a, lower(s))', '(a, lower(s), b)', 'first'),
  pair('(a)', '(a, lower(s))', 'first'),
  pair(`((j ->> 'k'))`, `((j ->> 'k'))`, 'second'),
  pair(`((j ->> 'k'))`, `((j ->> 'l'))`, 'none', { probes: [`j ->> 'l' = '1'`] }),
];

const stored: Pair[] = [
  pair('(a) include (b)', '(a)', 'second'),
  pair('(a)', '(a) include (b)', 'first'),
  pair('(a) include (b)', '(a, b)', 'first'),
  pair('(a) include (b)', '(a) include (c)', 'none'),
  pair('(a) include (b)', '(a) include (c, b)', 'first'),
  pair('(a) include (c, b)', '(a) include (b, c)', 'second'),
  pair('(a) include (b)', '(a, c) include (b)', 'first'),
  pair('(a) include (b)', '(a, c)', 'none'),
  pair('(a, b)', '(a) include (b)', 'second'),
  pair('(a desc) include (b)', '(a) include (b)', 'second'),
  pair('(a) include (a)', '(a)', 'first'),
];

const partial: Pair[] = [
  pair('(a) where b > 5', '(a) where b > 5', 'second'),
  pair('(a) where b > 5', '(a, c) where b > 5', 'first'),
  pair('(a) where b > 60', '(a) where b < 5', 'none'),
  pair('(a) where b > 5 and c > 5', '(a) where c > 5 and b > 5', 'second'),
  pair('(a) where f', '(a)', 'none'),
  pair('(a)', '(a) where f', 'none'),
  pair('(a) where f', '(a) where not f', 'none'),
  pair('(a) where a is not null', '(a)', 'first'),
  pair('(a)', '(a) where a is not null', 'second'),
  pair('(a) where a > 40', '(a)', 'first'),
  pair('(a) where a > 40', '(a, b)', 'first'),
  pair('(a desc) where a > 40', '(a)', 'first'),
  pair('(a) where a > 40', '(a) where a > 20', 'first'),
  pair('(a) where a > 20', '(a) where a > 40', 'second'),
  pair('(a) where a = 40', '(a) where a > 20', 'first'),
  pair('(a) where a >= 20 and a < 40', '(a) where a > 10', 'first'),
  pair('(a) where a > 40', '(a) where a is not null', 'first'),
  pair('(a) where a is null', '(a)', 'first'),
  pair('(a) where a is null', '(a) where a is not null', 'none'),
  pair('(a) where a <> 40', '(a)', 'none'),
  pair('(b) where a > 66', '(b)', 'none'),
  pair('(a, b) where b > 64', '(a, b)', 'none'),
  pair(`(s) where s > 'word 5'`, '(s)', 'first'),
  pair(`(s collate "C") where s > 'word 5'`, '(s collate "C")', 'none'),
  pair(`(v) where v = 'word 5'`, '(v)', 'first'),
  pair(`(a) where s = 'x AND y'`, `(a) where s = 'x'`, 'none'),
  pair(`(a) where s = 'it''s (a' and b > 5`, `(a) where b > 5 and s = 'it''s (a'`, 'second'),
  pair('(a) where f and b > 5', '(a) where f and b > 5 and c > 1', 'none'),
  pair('(a) where a > 10 or b > 65', '(a)', 'none'),
];

const uniqueness: Pair[] = [
  pair('unique (id)', '(id)', 'second'),
  pair('(id)', 'unique (id)', 'first'),
  pair('unique (id)', 'unique (id)', 'second'),
  pair('unique (id)', 'unique (id, a)', 'none'),
  pair('unique (id)', '(id, a)', 'none'),
  pair('(id)', 'unique (id, a)', 'first'),
  pair('unique (id, a)', '(id)', 'second'),
  pair('unique (id, a)', '(id, a)', 'second'),
  pair('unique (id, a)', 'unique (a, id)', 'none'),
  pair('unique (id) include (a)', '(id) include (a)', 'second'),
  pair('unique (id) include (a)', 'unique (id)', 'second'),
  pair('unique (id desc)', 'unique (id)', 'second'),
  pair('unique (id) where a > 5', 'unique (id)', 'none'),
  pair('unique (id2) where id2 is not null', 'unique (id2)', 'first'),
  pair('unique (id2) where id2 is not null', '(id2)', 'none'),
  pair('unique (id2) nulls not distinct', 'unique (id2)', 'second', { minMajor: 15 }),
  pair('unique (id2)', 'unique (id2) nulls not distinct', 'first', { minMajor: 15 }),
];

const constraints: Pair[] = [
  pair('constraint primary key (id)', '(id)', 'second'),
  pair('constraint primary key (id)', 'unique (id)', 'second'),
  pair('unique (id)', 'constraint primary key (id)', 'first'),
  pair('(id)', 'constraint unique (id)', 'first'),
  pair('unique (id)', 'constraint unique (id)', 'first'),
  pair('constraint unique (id)', 'constraint primary key (id)', 'first'),
  pair('constraint unique (id)', 'constraint unique (id)', 'second'),
  pair('constraint unique (id)', 'constraint unique (id, a)', 'none'),
  pair('constraint unique (id) deferrable', 'unique (id)', 'none'),
  pair('constraint unique (id) deferrable', '(id)', 'second'),
  pair('constraint unique (id) include (a)', '(id) include (a)', 'second'),
  pair('constraint exclude using btree (id with =)', '(id)', 'second'),
  pair('constraint exclude using btree (id with =)', 'unique (id)', 'none'),
];

const methods: Pair[] = [
  pair('using hash (a)', '(a)', 'none', { unseen: true }),
  pair('using hash (a)', 'using hash (a)', 'second'),
  pair('using hash (a)', 'using hash (b)', 'none'),
  pair('using gin (tags)', 'using gin (tags)', 'second', { probes: [`tags @> '{t1}'`] }),
  pair('using gin (tags)', 'using gin (more, tags)', 'first', { probes: [`tags @> '{t1}'`] }),
  pair('using gin (tags, more)', 'using gin (more, tags)', 'second', { probes: [`tags @> '{t1}'`, `more @> '{m1}'`, `tags @> '{t1}' and more @> '{m1}'`] }),
  pair('using gin (tags)', 'using gin (more)', 'none', { probes: [`tags @> '{t1}'`, `more @> '{m1}'`] }),
  pair('using gin (j)', 'using gin (j jsonb_path_ops)', 'none', { probes: [`j ? 'k1'`, `j @> '{"k":1}'`] }),
  pair('using gin (j jsonb_path_ops)', 'using gin (j jsonb_path_ops) with (fastupdate = off)', 'second', { probes: [`j @> '{"k":1}'`] }),
  pair('using gist (p)', 'using gist (p)', 'second', { probes: [`p <@ box '((1,1),(2,2))'`] }),
  pair('using gist (r)', 'using gist (p)', 'none', { probes: [`p <@ box '((1,1),(2,2))'`, 'r @> 5'] }),
  pair('using gist (r)', 'using spgist (r)', 'none', { unseen: true }),
  pair('using gist (p) include (a)', 'using gist (p) include (b, a)', 'first', { probes: [`p <@ box '((1,1),(2,2))'`] }),
  pair('using gist (s gist_trgm_ops)', 'using gist (s gist_trgm_ops (siglen = 64))', 'none', { unseen: true }),
  pair('using gin (s gin_trgm_ops)', 'using gist (s gist_trgm_ops)', 'none', { unseen: true }),
  pair('using brin (ts)', 'using brin (ts)', 'second', { probes: [`ts < '2026-01-01 02:00Z'`] }),
  pair('using brin (ts) with (pages_per_range = 4)', 'using brin (ts)', 'none', { unseen: true }),
  pair('using brin (ts) with (pages_per_range = 128)', 'using brin (ts)', 'second', { probes: [`ts < '2026-01-01 02:00Z'`] }),
  pair('using brin (ts)', 'using brin (id, ts)', 'first', { probes: [`ts < '2026-01-01 02:00Z'`] }),
  pair('using brin (ts)', '(ts)', 'none', { unseen: true }),
  pair('using spgist (r)', 'using spgist (r)', 'second', { probes: ['r @> 5'] }),
];

export const byHand: Pair[] = [...keysAndOrder, ...classesAndExpressions, ...stored, ...partial, ...uniqueness, ...constraints, ...methods];

/** `index ::= ( key {, key} ) [ include ( column ) ] [ where condition ]`, `key ::= column [desc] [nulls first|last]`. */
export function generated(count: number, seed: number): { first: string; second: string }[] {
  const next = numbers(seed);
  const pick = <T>(list: readonly T[]): T => list[next(list.length)] as T;
  const index = (columns: string[], order: () => string): string => {
    const keys = columns.slice(0, 1 + next(columns.length));
    const rest = columns.slice(keys.length);
    const include = rest.length > 0 && next(3) === 0 ? ` include (${pick(rest)})` : '';
    const where = pick(['', '', '', ` where ${keys[0]} > 30`, ` where ${keys[0]} is not null`, ` where ${keys[0]} > 50`, ' where n > 58', ' where a > 50']);
    return `(${keys.map((key) => `${key}${order()}`).join(', ')})${include}${where}`;
  };
  return Array.from({ length: count }, () => {
    const columns = pick([['a', 'b', 'c'], ['a', 'c', 'b'], ['b', 'a', 'c']]);
    const orders = pick([['', ''], ['', ' desc'], ['', ' nulls first'], [' desc', ' desc nulls last']]);
    const one = pick(orders);
    const other = pick(orders);
    const mixed = next(4) === 0;
    return { first: index(columns, () => (mixed ? pick(orders) : one)), second: index(pick([columns, columns, columns.toReversed()]), () => other) };
  });
}
