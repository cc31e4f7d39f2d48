/** Tables whose rows are what the cases say of them: few of some values, many of others. */
export const adviceTables = `
  create extension if not exists pg_stat_statements;
  create table orders (id int primary key, customer_id int not null, status text not null, total numeric not null, created_at timestamptz not null, day timestamp not null, paid boolean not null, email text not null, note text,
    code varchar(20) not null, region int not null, tags text[] not null, doc json, updates int not null default 0);
  insert into orders select i, i * 7 % 5000, case when i % 100 = 0 then 'open' else 'closed' end, i * 13 % 9973, timestamptz '2026-01-01' + i * interval '1 minute', timestamp '2026-01-01' + i * interval '1 minute', i % 200 <> 0, 'Person' || i || '@example.org',
    case when i % 100 = 0 then 'note ' || i end, 'c' || i * 31 % 20011, i % 3, array['t' || i % 83], '{}', 0 from generate_series(1, 40000) i;
  create table customers (id int primary key, email text not null, country text not null, name text not null);
  insert into customers select i, 'c' || i || '@example.org', 'country ' || i % 50, repeat('x', 60) from generate_series(0, 4999) i;
  create table items (id int primary key, order_id int not null, product_id int not null, quantity int not null, filler text not null default repeat('y', 40));
  insert into items select i, i / 2, i * 17 % 997, i % 9 from generate_series(1, 80000) i;
  create table tiny (id int primary key, name text not null);
  insert into tiny select i, 'n' || i from generate_series(1, 300) i;
  create table readings (at timestamptz not null, sensor int not null, value int not null) partition by range (at);
  create table readings_1 partition of readings for values from ('2026-01-01') to ('2026-02-01');
  create table readings_2 partition of readings for values from ('2026-02-01') to ('2026-03-01');
  create table readings_3 partition of readings default;
  insert into readings select timestamptz '2026-01-01' + i * interval '2 minutes', i * 7 % 3001, i % 100 from generate_series(1, 60000) i;
  create schema "Odd ""s""";
  create table "Odd ""s""".";T; --" ("Col ""x""" int not null, "select" int not null, filler text not null default repeat('z', 60));
  insert into "Odd ""s""".";T; --" select i * 7 % 6007, i % 5 from generate_series(1, 20000) i;
  create view open_orders as select * from orders where status = 'open'`;

export type AdviceCase = {
  says: string;
  /** What is there before, and gone after. */
  indexes?: string[];
  statements: string[];
  /** Keys of the advice in any order; none where nothing helps or everything is there. Alternatives that are as good are separated by ' | '. */
  advice: string[];
  /** Trigram and other advice that nothing here can prove. */
  unproved?: string[];
};

const one = (says: string, statement: string, advice: string[], more: Partial<AdviceCase> = {}): AdviceCase => ({ says, statements: [statement], advice, ...more });

export const adviceCases: AdviceCase[] = [
  one('equality', 'select * from orders where customer_id = 17', ['orders (customer_id)']),
  one('equality, the index is there', 'select * from orders where customer_id = 17', [], { indexes: ['create index on orders (customer_id)'] }),
  one('equality, a longer index is there', 'select * from orders where customer_id = 17', [], { indexes: ['create index on orders (customer_id, created_at)'] }),
  one('equality, a hash index is there', 'select * from orders where customer_id = 17', [], { indexes: ['create index on orders using hash (customer_id)'] }),
  one('equality, the index has it second', 'select * from orders where customer_id = 17', ['orders (customer_id)'], { indexes: ['create index on orders (created_at, customer_id)'] }),
  one('equality by the primary key', 'select * from orders where id = 17', []),
  one('two equalities, of which one finds as much', 'select * from orders where customer_id = 17 and region = 2', ['orders (customer_id)']),
  one('two equalities, the two keys are there in the other order', "select * from orders where region = 2 and customer_id = 17", [], { indexes: ['create index on orders (region, customer_id)'] }),
  one('a rare value, but the plan does not know it', "select * from orders where status = 'open'", []),
  one('an unselective value', 'select * from orders where region = 1', []),
  one('inequality', "select * from orders where status <> 'closed'", []),
  one('a range of nearly all rows is not known to a generic plan', "select sum(total) from orders where created_at > '2026-01-01 00:00:00+00'", [], { unproved: ['orders (created_at)'] }),
  one('BETWEEN', "select * from orders where created_at between '2026-01-02' and '2026-01-03'", ['orders (created_at)']),
  one('equality and a range', "select * from items where product_id = 7 and order_id between 5 and 10", ['items (product_id, order_id)']),
  one('IN', 'select * from orders where customer_id in (1, 2, 3)', ['orders (customer_id)']),
  one('= ANY', "select * from orders where customer_id = any ('{1,2,3}'::int[])", ['orders (customer_id)']),
  one('IS NULL of many', 'select * from orders where note is null', []),
  one('IS NOT NULL of few', 'select * from orders where note is not null', ['orders (note)']),
  one('a boolean of few', 'select * from orders where not paid', ['orders (paid)']),
  one('a boolean of many', 'select * from orders where paid', []),
  one('a boolean of few, and its partial index is there', 'select * from orders where not paid', [], { indexes: ['create index on orders (id) where not paid'] }),
  one('a function around the column', "select * from orders where lower(email) = 'person17@example.org'", ['orders (lower(email))']),
  one('a function around the column, its index is there', "select * from orders where lower(email) = 'person17@example.org'", [], { indexes: ['create index on orders (lower(email))'] }),
  one('a function around a varchar, its index is there', "select * from orders where upper(code) = 'C17'", [], { indexes: ['create index on orders (upper(code))'] }),
  one('an index on the column does not serve its expression', "select * from orders where lower(email) = 'person17@example.org'", ['orders (lower(email))'], { indexes: ['create index on orders (email)'] }),
  one('a cast that is not immutable', "select * from orders where created_at::date = '2026-01-05'", []),
  one('a cast that is immutable', "select * from orders where day::date = '2026-01-05'", ['orders ((day::date))']),
  one('arithmetic around the column', 'select * from orders where customer_id + 1 = 18', []),
  one('order with limit', 'select * from orders order by total limit 10', ['orders (total)']),
  one('order with limit, descending', 'select * from orders order by total desc limit 10', ['orders (total)']),
  one('order with limit, the index read backwards is there', 'select * from orders order by total desc limit 10', [], { indexes: ['create index on orders (total)'] }),
  one('order with limit, NULLS LAST is another order', 'select * from orders order by total desc nulls last limit 10', ['orders (total DESC NULLS LAST)'], { indexes: ['create index on orders (total)'] }),
  one('equality, then order with limit', 'select * from orders where region = 2 order by total limit 10', ['orders (region, total)']),
  one('mixed directions', 'select * from orders order by region, total desc limit 10', ['orders (region, total DESC)']),
  one('order without limit reads all anyway', 'select * from orders order by doc::text, total', []),
  one('max', 'select max(total) from orders', ['orders (total)']),
  one('max of a group of rows', 'select max(total) from orders where customer_id = 17', ['orders (customer_id)']),
  one('a join of few rows', "select i.quantity from orders o join items i on i.order_id = o.id where o.id = 17", ['items (order_id)']),
  one('a join of few rows, the index is there', "select i.quantity from orders o join items i on i.order_id = o.id where o.id = 17", [], { indexes: ['create index on items (order_id)'] }),
  one('a join from an unindexed start', "select i.quantity from customers c join orders o on o.customer_id = c.id join items i on i.order_id = o.id where c.email = 'c7@example.org'", ['items (order_id)', 'orders (customer_id)']),
  one('a left join', 'select o.id, i.quantity from orders o left join items i on i.order_id = o.id where o.id = 17', ['items (order_id)']),
  one('EXISTS', 'select id from orders o where id < 20 and exists (select from items i where i.order_id = o.id and i.quantity = 3)', ['items (order_id) | items (quantity, order_id) | items (quantity)']),
  one('a correlated query in the output', 'select o.id, (select count(*) from items i where i.order_id = o.id) from orders o where o.id = 17', ['items (order_id)']),
  one('IN (SELECT …)', "select * from items where order_id in (select id from orders where id = 17)", ['items (order_id)']),
  one('OR of two columns', "select * from orders where customer_id = 17 or code = 'c17'", ['orders (code)', 'orders (customer_id)']),
  one('OR of which one is there', "select * from orders where customer_id = 17 or code = 'c17'", ['orders (code)'], { indexes: ['create index on orders (customer_id)'] }),
  one('OR of which one cannot be indexed', "select * from orders where customer_id = 17 or created_at::date = '2026-01-05'", []),
  one('UPDATE', 'update orders set updates = updates + 1 where customer_id = 17', ['orders (customer_id)']),
  one('DELETE', 'delete from items where order_id = -17', ['items (order_id)']),
  one('a small table', "select * from tiny where name = 'n7'", []),
  one('a partitioned table: one index for all partitions', 'select * from readings where sensor = 17', ['readings (sensor)']),
  one('a partitioned table, the index is there', 'select * from readings where sensor = 17', [], { indexes: ['create index on readings (sensor)'] }),
  one('one partition asked by its name', 'select * from readings_1 where sensor = 17', ['readings_1 (sensor)']),
  one('a query in FROM', 'select * from (select id, customer_id from orders) s where s.customer_id = 17', ['orders (customer_id)']),
  one('a WITH query', 'with s as (select id, customer_id from orders) select * from s where customer_id = 17', ['orders (customer_id)']),
  one('a prefix is a parameter when captured', "select * from orders where code like 'c17%'", [], { unproved: ['orders USING gin (code)'] }),
  one('a leading wildcard', "select * from orders where email like '%17@example.org'", [], { unproved: ['orders USING gin (email)'] }),
  one('containment', "select * from orders where tags @> array['t7']", [], { unproved: ['orders USING gin (tags)'] }),
  one('containment, the index is there', "select * from orders where tags @> array['t7']", [], { indexes: ['create index on orders using gin (tags)'] }),
  one('a type without an order', "select * from orders where doc::text = 'x'", ['orders ((doc::text))']),
  one('odd names', `select * from "Odd ""s""".";T; --" where "Col ""x""" = 17`, [`"Odd ""s""".";T; --" ("Col ""x""")`]),
  one('a view is not looked into', 'select * from open_orders where customer_id = 17', []),
  { says: 'one index for two statements', statements: ['select * from orders where customer_id = 17', 'select * from orders where customer_id = 17 order by created_at desc limit 5'], advice: ['orders (customer_id)'] },
  { says: 'two statements that share no key', statements: ['select * from orders where customer_id = 17', "select * from orders where code = 'c17'"], advice: ['orders (code)', 'orders (customer_id)'] },
  { says: 'an index that two statements share, in the order that both can use', statements: ["select count(*) from items where product_id = 7 and quantity = 3", 'select count(*) from items where product_id = 8'], advice: ['items (product_id) | items (product_id, quantity)'] },
  { says: 'nothing was captured that reads a table', statements: ['select 1', 'select now()'], advice: [] },
];
