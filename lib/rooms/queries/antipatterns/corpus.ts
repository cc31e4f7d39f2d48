import { keyOf, type Column, type Index, type Table, type Written } from './catalog';

/** The catalog that the corpus is judged against. */
const column = (name: string, type: string, notNull = false): Column => ({ name, type, notNull });
const index = (name: string, columns: (string | null)[], more: Partial<Index> = {}): Index => ({ name, method: 'btree', unique: false, partial: false, columns, classes: columns.map(() => 'ops'), expressions: null, ...more });

const table = (name: string, rows: number | null, columns: Column[], indexes: Index[], more: Partial<Table> = {}): Table => ({
  oid: name, schema: 'public', name, shown: `public.${name}`, kind: 'r', rows, bytes: (rows ?? 0) * 100, columns, indexes, ...more,
});

const tables: Table[] = [
  table('orders', 2_000_000, [
    column('id', 'bigint', true), column('customer_id', 'bigint', true), column('status', 'text', true), column('note', 'text'), column('total', 'numeric'), column('code', 'character', true),
    column('created_at', 'timestamp without time zone', true), column('paid_at', 'timestamp with time zone'), column('ref', 'uuid'),
  ], [
    index('orders_pkey', ['id'], { unique: true }), index('orders_customer', ['customer_id']), index('orders_created', ['created_at']), index('orders_paid', ['paid_at']),
    index('orders_code', ['code']), index('orders_ref', ['ref']), index('orders_open', ['total'], { partial: true }),
  ]),
  table('customers', 500_000, [column('id', 'bigint', true), column('email', 'text', true), column('Name', 'text'), column('city', 'text'), column('parent_id', 'bigint')], [
    index('customers_pkey', ['id'], { unique: true }), index('customers_email', ['email'], { unique: true }), index('customers_name_trgm', ['Name'], { method: 'gin', classes: ['gin_trgm_ops'] }),
  ]),
  table('people', 50_000, [column('id', 'integer', true), column('email', 'text', true)], [index('people_pkey', ['id'], { unique: true }), index('people_email', ['email']), index('people_lower', [null], { expressions: 'lower(email)' })]),
  table('settings', 40, [column('id', 'integer', true), column('name', 'text', true), column('value', 'text')], [index('settings_pkey', ['id'], { unique: true })]),
  table('events', 9_000_000, [column('id', 'bigint', true), column('at', 'timestamp with time zone', true), column('kind', 'text')], [index('events_pkey', ['id', 'at'], { unique: true }), index('events_at', ['at'])], { kind: 'p' }),
  table('fresh', null, [column('id', 'integer', true), column('v', 'text')], [index('fresh_pkey', ['id'], { unique: true })]),
];

export const corpusTables: readonly Table[] = tables;

export const corpusFind = (name: Written): Table | null => {
  const wanted = keyOf({ ...name, schema: null });
  return name.schema !== null && name.schema !== 'public' ? null : (tables.find((one) => keyOf({ schema: null, name: one.name }) === wanted) ?? null);
};

/** A statement, the rules that find something in it, and how the first of them writes it, in one line. */
export type Case = {
  sql: string;
  finds: string[];
  rewrite?: string | null;
  figures?: { calls: number; rows: number };
  /** Values for its parameters, and for those of the rewrite where they are others: with them both return the same rows. */
  same?: unknown[];
  sameAfter?: unknown[];
};

const star = 'id, customer_id, status, note, total, code, created_at, paid_at, ref';
const numbersTo = (most: number) => Array.from({ length: most }, (_, at) => at + 1);
const list = (length: number, from = 1) => Array.from({ length }, (_, at) => `$${from + at}`).join(', ');

export const corpus: Case[] = [
  // SELECT * of a whole table
  { sql: 'select * from orders', finds: ['select_star'], rewrite: `SELECT ${star} FROM orders`, same: [] },
  { sql: 'select o.* from public.orders o', finds: ['select_star'], rewrite: `SELECT ${star.split(', ').map((name) => `o.${name}`).join(', ')} FROM public.orders AS o`, same: [] },
  { sql: 'select * from customers', finds: ['select_star'], rewrite: 'SELECT id, email, "Name", city, parent_id FROM customers', same: [] },
  { sql: 'select * from settings', finds: [] },
  { sql: 'select * from fresh', finds: [] },
  { sql: 'select * from unheard_of', finds: [] },
  { sql: 'select * from orders limit $1', finds: [] },
  { sql: 'select * from orders where customer_id = $1', finds: [] },
  { sql: 'select id, status from orders', finds: [] },
  { sql: 'select * from orders', finds: [], figures: { calls: 100, rows: 5000 } },
  { sql: 'with orders as (select 1) select * from orders', finds: [] },
  { sql: 'select * from other.orders', finds: [] },
  { sql: 'select * from orders for update', finds: [] },
  // Whole tables in order
  { sql: 'select id, status from orders order by created_at desc', finds: ['missing_limit'], rewrite: 'SELECT id, status FROM orders WHERE (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT 1000' },
  { sql: 'select * from orders order by id', finds: ['missing_limit'], rewrite: 'SELECT * FROM orders WHERE id > $1 ORDER BY id LIMIT 1000' },
  { sql: 'select id from orders order by note', finds: ['missing_limit'], rewrite: null },
  { sql: 'select id from orders order by created_at limit $1', finds: [] },
  { sql: 'select status, count(*) from orders group by status order by 1', finds: [] },
  { sql: 'select id, name from settings order by name', finds: [] },
  { sql: 'select sum(total) over (order by id) from orders order by id', finds: [] },
  // OFFSET
  { sql: 'select id, status from orders where customer_id = $1 order by created_at desc, id desc limit $2 offset $3', finds: ['offset'], rewrite: 'SELECT id, status FROM orders WHERE customer_id = $1 AND (created_at, id) < ($3, $4) ORDER BY created_at DESC, id DESC LIMIT $2' },
  { sql: 'select o.id from orders o order by o.created_at limit 50 offset $1', finds: ['offset'], rewrite: 'SELECT o.id FROM orders AS o WHERE (o.created_at, o.id) > ($1, $2) ORDER BY o.created_at, o.id LIMIT 50' },
  { sql: 'select id from orders where status = $1 or note = $2 order by id limit 10 offset $3', finds: ['offset'], rewrite: 'SELECT id FROM orders WHERE (status = $1 OR note = $2) AND id > $3 ORDER BY id LIMIT 10' },
  { sql: 'select id from orders order by created_at asc, id desc limit 10 offset $1', finds: ['offset'], rewrite: null },
  { sql: 'select id from orders order by paid_at limit 10 offset $1', finds: ['offset'], rewrite: null },
  { sql: 'select created_at as id, id as created_at from orders order by created_at limit 10 offset $1', finds: ['offset'], rewrite: null },
  { sql: 'select id from orders order by id limit 10 offset 20', finds: [] },
  { sql: 'select id from orders order by id limit 10 offset 0', finds: [] },
  { sql: 'select id from settings order by id limit 10 offset $1', finds: [] },
  { sql: 'select id from orders order by id limit 10', finds: [] },
  // Wildcards
  { sql: "select id from customers where city like '%ham'", finds: ['leading_wildcard'], rewrite: null },
  { sql: "select id from customers where city ilike '%' || $1 || '%'", finds: ['leading_wildcard'] },
  { sql: "select id from customers where city like '_am%'", finds: ['leading_wildcard'] },
  { sql: "select id from customers where city like 'Ham%'", finds: [] },
  { sql: 'select id from customers where city like $1', finds: [] },
  { sql: 'select id from customers where city ilike $1', finds: ['ilike'] },
  { sql: `select id from customers where "Name" ilike '%' || $1`, finds: [] },
  { sql: "select id from customers where city not like '%ham'", finds: [] },
  { sql: "select id from customers where city like '%ham' and email = $1", finds: [] },
  { sql: "select id from settings where name like '%x'", finds: [] },
  { sql: "select o.id from orders o join customers c on c.id = o.customer_id where c.city like '%ham'", finds: [] },
  { sql: "select id from customers where city like '%'", finds: [] },
  // Functions and casts over indexed columns
  { sql: 'select id from customers where lower(email) = $1', finds: ['function_on_column'], rewrite: null },
  { sql: 'select id from people where lower(email) = $1', finds: [] },
  { sql: 'select id from customers where lower(city) = $1', finds: [] },
  { sql: 'select id from customers where email = lower($1)', finds: [] },
  { sql: 'select id from orders where date(created_at) = $1', finds: ['function_on_column'], rewrite: 'SELECT id FROM orders WHERE created_at >= CAST($1 AS date) AND created_at < (CAST($1 AS date) + 1)', same: ['2026-01-05'] },
  { sql: 'select id from orders where created_at::date = current_date', finds: ['function_on_column'], rewrite: 'SELECT id FROM orders WHERE created_at >= CURRENT_DATE AND created_at < (CURRENT_DATE + 1)', same: [] },
  { sql: "select id from orders where created_at::date > '2026-01-31' and status = $1", finds: ['function_on_column'], rewrite: "SELECT id FROM orders WHERE created_at >= ('2026-01-31'::date + 1) AND status = $1", same: ['open'] },
  { sql: 'select id from orders where $1 >= date(created_at)', finds: ['function_on_column'], rewrite: 'SELECT id FROM orders WHERE created_at < (CAST($1 AS date) + 1)', same: ['2026-01-05'] },
  { sql: 'select id from orders where date(paid_at) < $1', finds: ['function_on_column'], rewrite: 'SELECT id FROM orders WHERE paid_at < CAST($1 AS date)', same: ['2026-01-05'] },
  { sql: 'select id from orders where date(created_at) = $1::timestamp', finds: ['function_on_column'], rewrite: null },
  { sql: 'select id from orders where date(created_at) = $1 and customer_id = $2', finds: [] },
  { sql: 'select id from orders where date(created_at) = $1 or status = $2', finds: [] },
  { sql: 'select id from orders where customer_id + $1 = $2', finds: ['function_on_column'], rewrite: null },
  { sql: 'select id from orders where ref::text = $1', finds: ['function_on_column'], rewrite: null },
  { sql: 'select id from orders where coalesce(total, $1) = $2', finds: [] },
  { sql: 'select id from orders where created_at > $1 - $2', finds: [] },
  { sql: 'select id from settings where lower(name) = $1', finds: [] },
  { sql: 'select date(created_at), count(*) from orders group by 1', finds: [] },
  // Casts of the column by the value's type
  { sql: 'select status from orders where id = 42.0', finds: ['implicit_cast'], rewrite: 'SELECT status FROM orders WHERE id = 42', same: [] },
  { sql: 'select status from orders where id = $1::numeric', finds: ['implicit_cast'], rewrite: null },
  { sql: 'select status from orders where id = 42.5', finds: ['implicit_cast'], rewrite: null },
  { sql: 'select id from orders where code = $1::text', finds: ['implicit_cast'], rewrite: null },
  { sql: 'select status from orders where id = $1::integer', finds: [] },
  { sql: 'select status from orders where total = 42.0', finds: [] },
  { sql: 'select id from customers where email = $1::varchar', finds: [] },
  { sql: 'select status from orders where id = $1::numeric and customer_id = $2', finds: [] },
  // NOT IN
  { sql: 'select id from customers where id not in (select customer_id from orders)', finds: ['not_in'], rewrite: 'SELECT id FROM customers WHERE NOT (EXISTS (SELECT 1 FROM orders WHERE customer_id = customers.id))', same: [] },
  { sql: 'select c.id from customers c where c.city = $1 and c.id not in (select p.parent_id from customers p where p.city = $2)', finds: ['not_in'], rewrite: 'SELECT c.id FROM customers AS c WHERE c.city = $1 AND NOT (EXISTS (SELECT 1 FROM customers AS p WHERE (p.city = $2 AND p.parent_id = c.id)))' },
  { sql: 'delete from orders where customer_id not in (select parent_id from customers)', finds: ['not_in'], rewrite: 'DELETE FROM orders WHERE NOT (EXISTS (SELECT 1 FROM customers WHERE parent_id = orders.customer_id))' },
  { sql: 'select id from customers where id not in (select parent_id from customers)', finds: ['not_in'], rewrite: null },
  { sql: 'select id from customers where id not in (select max(customer_id) from orders group by status)', finds: ['not_in'], rewrite: null },
  { sql: 'select id from customers where id not in (select id from settings)', finds: [] },
  { sql: 'select o.id from orders o where o.customer_id not in (select parent_id from customers where parent_id is not null)', finds: ['not_in'], rewrite: 'SELECT o.id FROM orders AS o WHERE NOT (EXISTS (SELECT 1 FROM customers WHERE parent_id IS NOT NULL AND parent_id = o.customer_id))', same: [] },
  { sql: 'select id from people where email not in (select value from settings where value is not null)', finds: [] },
  { sql: 'select id from people where email not in (select s.value from settings s where value like $1)', finds: [] },
  { sql: 'select id from people where email not in (select value from settings where value is not null or id = $1)', finds: ['not_in'] },
  { sql: 'select id from people where email not in (select value from settings where value is not null group by rollup (value))', finds: ['not_in'] },
  { sql: 'select id from people where email not in (select s.value from settings s left join settings p on p.value is not null)', finds: ['not_in'] },
  { sql: 'select id from people where email not in (select a from unheard_of where a is not null)', finds: [] },
  { sql: 'select id from customers where id not in ($1, $2)', finds: [] },
  { sql: 'select id from customers where id in (select customer_id from orders)', finds: [] },
  { sql: 'select id from customers c where not exists (select from orders o where o.customer_id = c.id)', finds: [] },
  // Long lists
  { sql: `select status from orders where id in (${list(120)}) and code = $121`, finds: ['long_in'], rewrite: 'SELECT status FROM orders WHERE id = ANY ($1) AND code = $2', same: [...numbersTo(120), 'c1'], sameAfter: [numbersTo(120), 'c1'] },
  { sql: `select status from orders where id not in (${list(100)})`, finds: ['long_in'], rewrite: 'SELECT status FROM orders WHERE id <> ALL ($1)', same: numbersTo(100), sameAfter: [numbersTo(100)] },
  { sql: `select status from orders where id in (${list(20)})`, finds: [] },
  { sql: 'select status from orders where id in ($1 /*, ... */)', finds: [] },
  // OR
  { sql: 'select o.id, c.email from orders o join customers c on c.id = o.customer_id where o.ref = $1 or c.email = $2', finds: ['or_columns'], rewrite: 'SELECT o.id, c.email FROM orders AS o JOIN customers AS c ON c.id = o.customer_id WHERE o.ref = $1 UNION ALL SELECT o.id, c.email FROM orders AS o JOIN customers AS c ON c.id = o.customer_id WHERE c.email = $2 AND o.ref = $1 IS NOT TRUE', same: ['00000000-0000-0000-0000-000000000001', 'e7'] },
  { sql: 'select count(*) from orders o join customers c on c.id = o.customer_id where o.ref = $1 or c.email = $2', finds: ['or_columns'], rewrite: null },
  { sql: 'select id from orders where customer_id = $1 or status = $2', finds: ['or_columns'], rewrite: null },
  { sql: 'select id from orders where customer_id = $1 or ref = $2', finds: [] },
  { sql: 'select id from orders where status = $1 or note = $2', finds: [] },
  { sql: 'select id from orders where customer_id = $1 or customer_id = $2', finds: [] },
  { sql: 'select id from orders where customer_id = $1 and (status = $2 or ref = $3)', finds: [] },
  { sql: 'select id from orders where ($1::bigint is null or customer_id = $1)', finds: ['optional_filter'], rewrite: null },
  { sql: 'select id from orders where ref = $2 and ($1::bigint is null or customer_id = $1)', finds: [] },
  { sql: 'select id from orders where (paid_at is null or customer_id = $1)', finds: [] },
  // count(*)
  { sql: 'select count(*) from orders', finds: ['count_whole'], rewrite: null },
  { sql: 'select count(*) as n from events', finds: ['count_whole'] },
  { sql: 'select count(*) from people', finds: [] },
  { sql: 'select count(*) from orders where status = $1', finds: [] },
  { sql: 'select count(*) from (select from orders limit 1001) s', finds: [] },
  { sql: 'select status, count(*) from orders group by status', finds: [] },
  // Random
  { sql: 'select id from orders order by random() limit 5', finds: ['order_random'], rewrite: 'SELECT id FROM orders TABLESAMPLE system (1) ORDER BY random() LIMIT 5' },
  { sql: 'select id from orders where status = $1 order by random() limit 5', finds: ['order_random'], rewrite: null },
  { sql: 'select id from orders where customer_id = $1 order by random() limit 5', finds: [] },
  { sql: 'select id from settings order by random() limit 5', finds: [] },
  { sql: 'select id from orders where total > random() limit 5', finds: [] },
  // DISTINCT
  { sql: 'select distinct id, status from orders where status = $1', finds: ['distinct_needless'], rewrite: 'SELECT id, status FROM orders WHERE status = $1', same: ['open'] },
  { sql: 'select distinct status from orders', finds: [] },
  { sql: 'select distinct on (customer_id) id, customer_id from orders order by customer_id, id', finds: [] },
  { sql: 'select distinct c.id, c.city from customers c join orders o on o.customer_id = c.id where o.status = $1 and c.city = $2', finds: ['distinct_join'], rewrite: 'SELECT c.id, c.city FROM customers AS c WHERE c.city = $2 AND EXISTS (SELECT 1 FROM orders AS o WHERE (o.status = $1 AND o.customer_id = c.id))', same: ['open', 'x1'] },
  { sql: 'select distinct c.city from customers c join orders o on o.customer_id = c.id', finds: ['distinct_join'], rewrite: 'SELECT DISTINCT c.city FROM customers AS c WHERE EXISTS (SELECT 1 FROM orders AS o WHERE o.customer_id = c.id)', same: [] },
  { sql: 'select distinct c.city, o.status from customers c join orders o on o.customer_id = c.id', finds: [] },
  { sql: 'select distinct c.city from customers c left join orders o on o.customer_id = c.id', finds: [] },
  { sql: 'select distinct count(*) from customers c join orders o on o.customer_id = c.id group by c.city', finds: [] },
  // Joins without a condition
  { sql: 'select o.id from orders o, customers c where o.status = $1', finds: ['cross_join'] },
  { sql: 'select o.id from orders o, customers c where c.id = o.customer_id', finds: [] },
  { sql: 'select o.id from orders o, customers c where c.id = $1 and o.status = $2', finds: [] },
  { sql: 'select o.id from orders o cross join customers c', finds: [] },
  { sql: 'select o.id from orders o, settings s where o.status = $1', finds: [] },
  // Writes of everything
  { sql: 'delete from orders', finds: ['write_all'] },
  { sql: 'update orders set status = $1', finds: ['write_all'] },
  { sql: 'update orders set status = $1', finds: [], figures: { calls: 10, rows: 40 } },
  { sql: 'delete from settings', finds: [] },
  { sql: 'delete from orders where id = $1', finds: [] },
  { sql: 'delete from orders o using customers c where c.id = o.customer_id and c.city = $1', finds: [] },
  { sql: 'update orders set status = $1 where id in (select id from orders where status = $2 limit 1000)', finds: [] },
  // Nothing at all
  { sql: 'insert into orders (id, status) values ($1, $2)', finds: [] },
  { sql: 'select 1', finds: [] },
  { sql: 'select o.id, c.email from orders o join customers c using (id)', finds: [] },
  { sql: 'vacuum orders', finds: [] },
];
