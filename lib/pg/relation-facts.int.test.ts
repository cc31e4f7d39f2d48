import { expect, test } from 'vitest';
import type { Ask } from '@/lib/kit/diagnostic';
import { useDatabase } from '@/test/database';
import { readRelations } from './relation-facts';
import { render } from './sql';

const newest = await useDatabase({ migrated: false });
const oldest = await useDatabase({ major: 14, migrated: false });

const planted = `
  create schema shop; create schema "Odd ""s""";
  create table thing (id int primary key, name varchar(20) not null, doc json, mood text, tags text[]);
  create index on thing (lower(name)) where mood is not null;
  create table shop.thing (sku text);
  create table shop."Odd ""t""" ("Odd ""c""" int);
  create view seen as select id from thing;
  create table months (at timestamptz not null, n int) partition by range (at);
  create table months_1 partition of months for values from ('2026-01-01') to ('2026-02-01');
  create table months_2 partition of months for values from ('2026-02-01') to ('2026-03-01') partition by hash (n);
  create table months_2a partition of months_2 for values with (modulus 1, remainder 0);
  create index months_n on months (n);
  insert into months select timestamptz '2026-01-01' + i * interval '1 hour', i from generate_series(1, 1000) i;
  analyze months; analyze thing`;

test.each([[18, newest], [14, oldest]] as const)('names are found by the search path, with columns, indexes and partitions, on PostgreSQL %i', async (_, db) => {
  const ask: Ask = async (statement) => {
    const { text, values } = render(statement);
    return db.sql(text, values);
  };
  for (const statement of planted.split(';')) await db.sql(statement);
  const name = (text: string, schema: string | null = null) => ({ schema, name: text });
  const found = await readRelations(ask, [name('thing'), name('months'), name('seen'), name('pg_class'), name('none'), name('Odd "t"', 'shop')], ['shop']);
  expect(found.find(name('thing'))).toMatchObject({ schema: 'public', shown: 'public.thing', kind: 'r', rows: 0, partition: false });
  expect(found.find(name('thing'), ['shop', 'public'])?.shown).toBe('shop.thing');
  expect(found.find(name('thing', 'shop'))?.columns).toMatchObject([{ name: 'sku', type: 'text', notNull: false, sortable: true }]);
  expect(found.find(name('Odd "t"', 'shop'))).toMatchObject({ shown: 'shop."Odd ""t"""', columns: [{ name: 'Odd "c"' }] });
  expect(found.find(name('none'))).toBeNull();
  expect(found.find(name('seen'))?.kind).toBe('v');
  expect(found.find(name('thing'))?.columns.map(({ name: column, sortable }) => [column, sortable])).toEqual([['id', true], ['name', true], ['doc', false], ['mood', true], ['tags', true]]);
  expect(found.find(name('thing'))?.indexes.map(({ keys, constraint, predicate }) => [keys[0]?.of, constraint, predicate]).toSorted()).toEqual([['id', 'p', null], ['lower(name::text)', null, '(mood IS NOT NULL)']]);
  const months = found.find(name('months'));
  expect(months).toMatchObject({ kind: 'p', rows: 1000, indexes: [{ name: 'public.months_n', partitioned: true, usable: true }] });
  expect(months?.leaves.map(({ shown }) => shown).toSorted()).toEqual(['public.months_1', 'public.months_2a']);
  expect(months?.pages).toBeGreaterThan(3);
  expect(found.finder(['shop'])(name('thing'))).toEqual({ schema: 'shop', name: 'thing', columns: ['sku'] });
});
