import { describe, expect, test } from 'vitest';
import { parseSql } from './parser';
import { relationsIn, shapeOf, type Condition, type FindRelation, type StatementShape } from './statement-shape';

const catalog: Record<string, string[]> = {
  'public.orders': ['id', 'customer_id', 'status', 'total', 'created_at', 'paid', 'email', 'note', 'Odd "name"', 'tags'],
  'public.customers': ['id', 'email', 'name', 'country', 'active'],
  'public.items': ['id', 'order_id', 'product_id', 'quantity'],
  'shop.orders': ['id', 'sku'],
};

/** public comes before shop in the search path. */
const find: FindRelation = ({ schema, name }) => {
  const key = [schema ?? 'public', schema ?? 'shop'].map((where) => `${where}.${name}`).find((one) => catalog[one]);
  return key === undefined ? null : { schema: key.split('.')[0] ?? '', name, columns: catalog[key] ?? [] };
};

async function shape(text: string): Promise<StatementShape> {
  const parsed = await parseSql(text);
  if ('error' in parsed || !parsed.statements[0]) throw new Error(`not parsed: ${text}`);
  return shapeOf(parsed.statements[0], find);
}

/** `alias.column test operand`, with ~ where the condition does not narrow, and [or.arm] within an OR. */
function told({ relations }: StatementShape): string[] {
  return relations.flatMap(({ alias, conditions }) => conditions.map((condition) => `${condition.narrows || condition.alternative ? '' : '~'}${alias}.${written(condition, relations)}`)).toSorted();
}

function written({ column, test: kind, value, wrapped, alternative }: Condition, relations: StatementShape['relations']): string {
  const around = wrapped ? `{${wrapped.kind} ${wrapped.text ?? '?'}}` : '';
  const other = value === null ? '' : { constant: () => ` ${'text' in value ? value.text : ''}`, parameter: () => ` $${'number' in value ? value.number : ''}`, list: () => ' list', subquery: () => ' query', expression: () => ' expression',
    column: () => (value.kind === 'column' ? ` ${relations[value.relation]?.alias}.${value.column}` : '') }[value.kind]();
  return `${column}${around} ${kind}${other}${alternative ? ` [${alternative.or}.${alternative.arm}]` : ''}`;
}

const cases: [says: string, sql: string, conditions: string[]][] = [
  ['equality with a parameter', 'select * from orders where customer_id = $1', ['orders.customer_id equality $1']],
  ['a constant on the left is the same', 'select * from orders where 7 = customer_id', ['orders.customer_id equality 7']],
  ['the direction of a range turns with its sides', "select * from orders where $1 < created_at", ['orders.created_at range $1']],
  ['BETWEEN is two ranges', 'select id from orders where total between 5 and $1', ['orders.total range $1', 'orders.total range 5']],
  ['IN and = ANY', 'select id from orders where status in ($1, $2) and customer_id = any($3)', ['orders.customer_id any $3', 'orders.status any list']],
  ['NOT IN narrows nothing', 'select id from orders where status not in ($1, $2)', ['~orders.status other list']],
  ['<> narrows nothing', "select id from orders where status <> 'paid'", ['~orders.status other paid']],
  ['LIKE with a prefix', "select id from orders where email like 'abc%'", ['orders.email prefix abc%']],
  ['LIKE with a leading wildcard', "select id from orders where email like '%abc'", ['orders.email pattern %abc']],
  ['LIKE with a parameter', 'select id from orders where email like $1', ['orders.email pattern $1']],
  ['ILIKE', "select id from orders where email ilike 'abc%'", ['orders.email pattern abc%']],
  ['NOT LIKE', "select id from orders where email not like 'abc%'", ['~orders.email other abc%']],
  ['NULL tests', 'select id from orders where note is null and total is not null', ['orders.note null', 'orders.total not_null']],
  ['a boolean column and its negation', 'select id from orders where paid and not paid', ['orders.paid false', 'orders.paid true']],
  ['IS TRUE, IS FALSE', 'select id from customers where active is true or active is false', ['customers.active false [1.1]', 'customers.active true [1.0]']],
  ['an OR has arms', "select id from orders where status = 'a' or (customer_id = $1 and total > 5)", ['orders.customer_id equality $1 [1.1]', 'orders.status equality a [1.0]', 'orders.total range 5 [1.1]']],
  ['an OR in an arm is not followed', 'select id from orders where id = $1 or (customer_id = $2 and (total > 5 or paid))', ['orders.customer_id equality $2 [1.1]', 'orders.id equality $1 [1.0]', '~orders.paid true', '~orders.total range 5']],
  ['an AND beside an OR', 'select id from orders where customer_id = $1 and (status = $2 or total = $3)', ['orders.customer_id equality $1', 'orders.status equality $2 [1.0]', 'orders.total equality $3 [1.1]']],
  ['NOT of a comparison', 'select id from orders where not (customer_id = $1)', ['~orders.customer_id equality $1']],
  ['a function around a column', 'select id from orders where lower(email) = $1', ['orders.email{function lower(email)} equality $1']],
  ['a cast around a column', 'select id from orders where created_at::date = $1', ['orders.created_at{cast created_at::date} equality $1']],
  ['arithmetic around a column', 'select id from orders where total + 1 > $1', ['orders.total{operator (total + 1)} range $1']],
  ['a parameter in the expression cannot be indexed', 'select id from orders where date_trunc($1, created_at) = $2', ['orders.created_at{function ?} equality $2']],
  ['two columns in one expression', "select id from orders where coalesce(email, note) = 'x'", ['orders.email{function COALESCE(email, note)} equality x']],
  ['a collation around a column', `select id from orders where email collate "C" > 'x'`, ['orders.email{collation ?} range x']],
  ['two columns of one relation', 'select id from orders where total = id', ['~orders.total other orders.id']],
  ['odd names', 'select id from orders where upper("Odd ""name""") = $1', ['orders.Odd "name"{function upper("Odd ""name""")} equality $1']],
  ['AT TIME ZONE', "select id from orders where (created_at at time zone 'UTC')::date = $1", ["orders.created_at{cast (pg_catalog.timezone('UTC', created_at))::date} equality $1"]],
  ['an expression of now', "select id from orders where created_at > now() - interval '1 day'", ['orders.created_at range expression']],
  ['containment', 'select id from orders where tags @> $1', ['orders.tags contains $1']],
  ['a value in an array column', 'select id from orders where $1 = any(tags)', ['~orders.tags other $1']],
  ['a row of equalities', 'select id from orders where (customer_id, status) = ($1, $2)', ['orders.customer_id equality $1', 'orders.status equality $2']],
  ['a row comparison narrows by its first', 'select id from orders where (created_at, id) < ($1, $2)', ['orders.created_at range $1', '~orders.id range $2']],
  ['IS DISTINCT FROM', 'select id from orders where note is distinct from $1', ['~orders.note other $1']],
  ['CASE', "select id from orders where case when paid then 1 else 0 end = 1", ['orders.paid{other ?} equality 1']],

  ['a join, both sides', 'select o.id from orders o join customers c on c.id = o.customer_id', ['c.id equality o.customer_id', 'o.customer_id equality c.id']],
  ['a join in WHERE', 'select o.id from orders o, customers c where o.customer_id = c.id and c.country = $1', ['c.country equality $1', 'c.id equality o.customer_id', 'o.customer_id equality c.id']],
  ['a left join narrows its right side', 'select o.id from orders o left join items i on i.order_id = o.id and o.paid', ['i.order_id equality o.id', '~o.id equality i.order_id', '~o.paid true']],
  ['a right join narrows its left side', 'select i.id from orders o right join items i on i.order_id = o.id', ['~i.order_id equality o.id', 'o.id equality i.order_id']],
  ['a full join narrows none', 'select i.id from orders o full join items i on i.order_id = o.id', ['~i.order_id equality o.id', '~o.id equality i.order_id']],
  ['no row on the nullable side', 'select o.id from orders o left join items i on i.order_id = o.id where i.id is null', ['i.order_id equality o.id', '~i.id null', '~o.id equality i.order_id']],
  ['USING', 'select orders.total from orders join items using (id) where id = $1', ['items.id equality orders.id', 'orders.id equality $1', 'orders.id equality items.id']],
  ['NATURAL', 'select quantity from customers natural join items', ['customers.id equality items.id', 'items.id equality customers.id']],
  ['a self-join', 'select a.id from orders a join orders b on b.customer_id = a.id where b.paid', ['a.id equality b.customer_id', 'b.customer_id equality a.id', 'b.paid true']],
  ['unqualified columns of two relations', 'select quantity from orders, items where order_id = orders.id and country is null and status = $1', ['items.order_id equality orders.id', 'orders.id equality items.order_id', 'orders.status equality $1']],
  ['an ambiguous name is nobody’s', 'select 1 from orders, customers where email = $1', []],
  ['a join by an expression', 'select 1 from orders o join customers c on lower(c.email) = o.email', ['c.email{function lower(email)} equality o.email', 'o.email equality expression']],

  ['IN (SELECT …) joins', 'select id from orders where customer_id in (select id from customers where country = $1)', ['customers.country equality $1', 'orders.customer_id equality query']],
  ['NOT IN (SELECT …)', 'select id from orders where customer_id not in (select id from customers)', ['~orders.customer_id other query']],
  ['EXISTS joins both ways', 'select id from orders o where exists (select from items i where i.order_id = o.id and i.quantity > $1)', ['i.order_id equality o.id', 'i.quantity range $1', 'o.id equality i.order_id']],
  ['NOT EXISTS joins one way', 'select id from orders o where not exists (select from items i where i.order_id = o.id)', ['i.order_id equality o.id', '~o.id equality i.order_id']],
  ['a correlated query in the output', 'select (select count(*) from items i where i.order_id = o.id) from orders o', ['i.order_id equality o.id', '~o.id equality i.order_id']],
  ['a query in FROM is pulled up', 'select s.id from (select id, status from orders) s where s.status = $1', ['orders.status equality $1']],
  ['a query in FROM with LIMIT is not', 'select s.id from (select id, status from orders limit 5) s where s.status = $1', ['~orders.status equality $1']],
  ['an aggregate in FROM is not', 'select s.n from (select customer_id, count(*) as n from orders group by customer_id) s where s.n > 5', []],
  ['renamed output', 'select x from (select id, status from orders) s (x, y) where y = $1', ['orders.status equality $1']],
  ['a WITH query mentioned once', 'with s as (select id, status from orders) select id from s where status = $1', ['orders.status equality $1']],
  ['a WITH query mentioned twice', 'with s as (select id, status from orders) select 1 from s a, s b where a.status = $1', ['~orders.status equality $1']],
  ['MATERIALIZED', 'with s as materialized (select id, status from orders) select id from s where status = $1', ['~orders.status equality $1']],
  ['a WITH query hides a relation', 'with customers as (select id from orders) select 1 from customers where id = $1', ['orders.id equality $1']],
  ['a recursive query', 'with recursive t as (select id, total from orders where id = $1 union all select o.id, o.total from orders o join t on o.customer_id = t.id) select * from t', ['o.customer_id equality expression', 'orders.id equality $1']],
  ['UNION ALL, each arm its own', 'select id from orders where status = $1 union all select id from customers where email = $2', ['customers.email equality $2', 'orders.status equality $1']],
  ['LATERAL', 'select 1 from customers c, lateral (select id from orders o where o.customer_id = c.id order by created_at desc limit 1) l', ['c.id equality o.customer_id', 'o.customer_id equality c.id']],

  ['UPDATE', 'update orders set status = $1 where id = $2', ['orders.id equality $2']],
  ['UPDATE FROM', 'update orders o set status = c.name from customers c where c.id = o.customer_id and c.email = $1', ['c.email equality $1', 'c.id equality o.customer_id', 'o.customer_id equality c.id']],
  ['DELETE USING', 'delete from items using orders o where items.order_id = o.id and o.status = $1', ['items.order_id equality o.id', 'o.id equality items.order_id', 'o.status equality $1']],
  ['INSERT SELECT', 'insert into items (order_id) select id from orders where customer_id = $1', ['orders.customer_id equality $1']],
  ['MERGE', 'merge into orders o using customers c on o.customer_id = c.id when matched then update set note = c.name', ['c.id equality o.customer_id', 'o.customer_id equality c.id']],
  ['a data-modifying WITH', 'with gone as (delete from items where order_id = $1 returning id) select 1 from gone', ['items.order_id equality $1']],
  ['a schema that is written', 'select id from shop.orders where sku = $1 and status = 1', ['orders.sku equality $1']],
  ['a relation that is not known, alone', 'select a from nowhere where b = $1', ['nowhere.b equality $1']],
  ['a relation that is not known, with an alias', 'select 1 from nowhere n, orders where n.b = $1', ['n.b equality $1']],
];

test.each(cases)('%s: %s', async (_, sql, conditions) => {
  expect(told(await shape(sql))).toEqual(conditions.toSorted());
});

test('the corpus is large enough to mean something', () => expect(cases.length).toBeGreaterThan(65));

describe('what is read', () => {
  test.each([
    ['select id, total from orders where status = $1', ['id', 'status', 'total']],
    ['select count(*) from orders where status = $1', ['status']],
    ['select * from orders where status = $1', 'all'],
    ['select o.* from orders o', 'all'],
    ['select o from orders o', 'all'],
    ['select id from orders order by created_at', ['created_at', 'id']],
    ['select sum(total) as created_at from orders group by status order by created_at', ['status', 'total']],
    ['update orders set total = total + 1 where id = $1 returning status', ['id', 'status', 'total']],
  ] as const)('%s', async (sql, reads) => {
    const found = (await shape(sql)).relations[0]?.reads;
    expect(found === 'all' ? found : found?.toSorted()).toEqual(reads);
  });
});

describe('order, groups, limits', () => {
  const keysOf = (keys: StatementShape['queries'][number]['order']) => keys.map((key) => key && `${key.wrapped?.text ?? key.column}${key.descending ? ' desc' : ''}${key.nullsFirst ? ' nulls first' : ''}`);

  test.each([
    ['select id from orders order by created_at desc, id', ['created_at desc nulls first', 'id']],
    ['select id from orders order by created_at desc nulls last', ['created_at desc']],
    ['select id, total as t from orders order by t, 1', ['total', 'id']],
    ['select id from orders order by lower(email)', ['lower(email)']],
    ['select id from orders order by random()', [null]],
    ['select count(*) as id from orders order by id', [null]],
    ['select s.total from (select total from orders) s order by s.total', ['total']],
  ])('%s', async (sql, keys) => {
    expect(keysOf((await shape(sql)).queries[0]?.order ?? [])).toEqual(keys);
  });

  test('GROUP BY takes a column before an output of the same name', async () => {
    const { queries } = await shape('select lower(status) as status, count(*) from orders group by status having count(*) > 1');
    expect(keysOf(queries[0]?.group ?? [])).toEqual(['status']);
    expect(queries[0]).toMatchObject({ aggregates: true, windows: false, distinct: false, limit: null });
  });

  test('DISTINCT, DISTINCT ON, LIMIT, OFFSET, windows', async () => {
    expect((await shape('select distinct status from orders limit $1 offset 20')).queries[0]).toMatchObject({ distinct: 'output', limit: { kind: 'parameter', number: 1 }, offset: { kind: 'constant', text: '20' } });
    expect(keysOf(((await shape('select distinct on (customer_id) id from orders order by customer_id, created_at desc')).queries[0]?.distinct || []) as never)).toEqual(['customer_id']);
    expect((await shape('select row_number() over (order by id) from orders')).queries[0]).toMatchObject({ windows: true, aggregates: false });
  });

  test('star, WHERE, kinds, parents, parameters', async () => {
    const { queries, parameters } = await shape('select * from orders where id in (select order_id from items where quantity > $3)');
    expect(queries).toMatchObject([{ parent: null, kind: 'select', star: true, where: true, correlated: false }, { parent: 0, kind: 'select', star: false, where: true, correlated: false }]);
    expect(parameters).toBe(3);
    expect((await shape('select count(*) from orders')).queries[0]).toMatchObject({ star: false, where: false });
    expect((await shape('select 1 from orders o where exists (select from items where order_id = o.id)')).queries[1]).toMatchObject({ correlated: true });
  });

  test('the columns that a statement writes', async () => {
    expect((await shape('update orders set status = $1, total = 2 where id = 3')).relations[0]).toMatchObject({ role: 'written', sets: ['status', 'total'] });
    expect((await shape('insert into items (order_id, quantity) values (1, 2)')).relations[0]).toMatchObject({ role: 'written', sets: ['order_id', 'quantity'] });
  });
});

test('names that the catalog has to be asked for', async () => {
  const parsed = await parseSql('with s as (select 1 from shop.orders) update customers c set name = $1 from items, s where exists (select from "Odd ""x""")');
  if ('error' in parsed || !parsed.statements[0]) throw new Error('not parsed');
  expect(relationsIn(parsed.statements[0]).map(({ schema, name }) => `${schema ?? ''}.${name}`).toSorted()).toEqual(['.Odd "x"', '.customers', '.items', '.s', 'shop.orders']);
});

test('any statement of the grammar is read without an error', async () => {
  for (const sql of ['select', 'values (1), (2)', 'table orders', 'select 1', 'create table x (a int)', 'vacuum', 'select * from generate_series(1, 3) g', 'select * from json_table(\'[]\', \'$[*]\' columns (a int)) t', 'call p(1)', 'select (o).id from orders o', 'select * from orders tablesample system (1)', 'select * from (values (1, 2)) v (a, b) where a = 1', 'select * from orders for update', 'explain select 1', 'insert into orders default values', 'select * from rows from (now(), now()) as r(a, b)', 'select xmlelement(name a)', 'select grouping(status) from orders group by rollup (status, total)', 'with a as (select 1), b as (select * from a) select * from b, (select * from a) c']) {
    await shape(sql);
  }
});
