import type { Database } from '@/lib/db/client';
import { and, inlineNumber, join, keyword, sql, type SQL } from '@/lib/pg/sql';
import { allOf, rowsOf, tablesOf } from './archived';
import { conditions, inSpan, spanOf } from './conditions';
import { countMatching } from './count';
import { readCursor, writeCursor, type Cursor } from './cursor';
import { isoTime, itemColumns } from './json';
import { fewMonths, monthStarts, widening, type Span } from './months';
import type { ListQuery } from './schema';
import { inRange, scoreRanges } from './score';

/** What an order goes by: the expression that its index has, the same as text for the cursor, and the cursor's text as that value. */
const orders: Record<string, { by: SQL; text: SQL; value: (key: string) => SQL }> = {
  createdAt: { by: sql`a.created_at`, text: isoTime(sql`a.created_at`), value: (key) => sql`${key}::timestamptz` },
  riskScore: { by: sql`a.risk_score`, text: sql`a.risk_score::text`, value: (key) => sql`${key}::numeric` },
  businessName: { by: sql`lower(a.business_name) collate "C"`, text: sql`lower(a.business_name)`, value: (key) => sql`${key}::text collate "C"` },
};

function orderOf(sort: ListQuery['sort']) {
  const order = orders[sort.replace('-', '')];
  if (!order) throw new Error(`no order ${sort}`);
  return order;
}

type PageRow = { items: string; found: number; first_key: string | null; first_id: string | null; last_key: string | null; last_id: string | null };

/** Which way the page is read: a page before its cursor is read backwards and turned round. */
const readsDescending = ({ sort }: ListQuery, cursor: Cursor | null): boolean => sort.startsWith('-') !== (cursor?.direction === 'before');

function beyond({ sort }: ListQuery, cursor: Cursor | null, descending: boolean): SQL[] {
  const order = orderOf(sort);
  return cursor ? [sql`(${order.by}, a.id) ${keyword(descending ? '<' : '>')} (${order.value(cursor.key)}, ${cursor.id}::uuid)`] : [];
}

/** One page as one row: its items as JSON text in the list's order, and the two ends for the cursors. `parts` are conditions no two of which hold for one row. */
function pageStatement(query: ListQuery, cursor: Cursor | null, { parts, tables }: { parts: SQL[]; tables: SQL[] }): SQL {
  const order = orderOf(query.sort);
  const backwards = cursor?.direction === 'before';
  const direction = keyword(readsDescending(query, cursor) ? 'desc' : 'asc');
  const first = sql`order by ${order.by} ${direction}, a.id ${direction} limit ${inlineNumber(query.limit + 1)}`;
  const found = parts.flatMap((where) => tables.map((table) => sql`${rowsOf(table, tables)} where ${where} ${first}`));
  const rows = found.length === 1 ? found[0] : sql`select * from (${join(found.map((part) => sql`(${part})`), sql` union all `)}) a ${first}`;
  const shown = sql`filter (where p.n <= ${inlineNumber(query.limit)})`;
  const ends = (column: SQL, end: 'first' | 'last') => {
    const outward = keyword((end === 'first') === backwards ? 'desc' : 'asc');
    return sql`(array_agg(${column} order by p.n ${outward}) ${shown})[1]`;
  };
  return sql`
    select coalesce(string_agg(p.item, ',' order by p.n ${keyword(backwards ? 'desc' : 'asc')}) ${shown}, '') as items, count(*)::int as found,
      ${ends(sql`p.key`, 'first')} as first_key, ${ends(sql`p.id`, 'first')} as first_id,
      ${ends(sql`p.key`, 'last')} as last_key, ${ends(sql`p.id`, 'last')} as last_id
    from (
      select row_number() over (order by ${order.by} ${direction}, a.id ${direction}) as n,
        row_to_json(item)::text as item, ${order.text} as key, a.id::text as id
      from (${rows}) a, lateral (select ${itemColumns}) item
    ) p`;
}

/** No row of the page lies on the other side of the cursor. */
function narrowed({ from, to }: Span, cursor: Cursor | null, descending: boolean): Span {
  if (!cursor) return { from, to };
  const justAfter = new Date(Date.parse(cursor.key) + 1).toISOString();
  if (descending) return { from, to: to !== null && to < justAfter ? to : justAfter };
  return { from: from !== null && from > cursor.key ? from : cursor.key, to };
}

/** Where a page is looked for, as attempts of which each contains the one before. In order of time it is looked for where it begins, before the whole of the time line is asked. */
function attempts(query: ListQuery, cursor: Cursor | null, months: string[]): SQL[][] {
  const descending = readsDescending(query, cursor);
  const span = spanOf(query);
  if (query.sort.endsWith('createdAt')) {
    const bounds = narrowed(span, cursor, descending);
    const spans = months.length > fewMonths ? widening(months, { ...bounds, descending }) : [bounds];
    return spans.map((part) => [and([...conditions(query), ...inSpan(part), ...beyond(query, cursor, descending)])]);
  }
  if (!query.sort.endsWith('riskScore')) return [[and([...conditions(query), ...inSpan(span), ...beyond(query, cursor, descending)])]];
  const others = [...conditions({ ...query, riskLevel: undefined, minScore: undefined, maxScore: undefined }), ...inSpan(span)];
  return [scoreRanges(query).flatMap((range) => {
    const inside = inRange(range, cursor, descending);
    return inside ? [and([...others, inside])] : [];
  })];
}

async function findPage(db: Database, query: ListQuery, { cursor, tables }: { cursor: Cursor | null; tables: SQL[] }): Promise<PageRow> {
  const months = await monthStarts(db);
  // One plan for all values is right only where the values do not matter: a filter's may fit most rows or none.
  const planEachTime = months.length > fewMonths || conditions(query).length > 0 || spanOf(query).from !== null || spanOf(query).to !== null;
  let page: PageRow | undefined;
  for (const parts of attempts(query, cursor, months)) {
    [page] = await db.rows<PageRow>(pageStatement(query, cursor, { parts: parts.length > 0 ? parts : [sql`false`], tables }), { planEachTime });
    if (page && page.found > query.limit) break;
  }
  if (!page) throw new Error('an aggregate returned no row');
  return page;
}

/** A page of the list as JSON text (`listSchema`), in either direction from a cursor. @throws AppError invalid for a cursor that is none */
export async function listAssessments(db: Database, query: ListQuery): Promise<string> {
  const { sort, limit } = query;
  const cursor = query.cursor === undefined ? null : readCursor(query.cursor, sort);
  const tables = await tablesOf(db, query.include);
  const [page, total] = await Promise.all([findPage(db, query, { cursor, tables }), countMatching(db, query, allOf(tables))]);
  const more = page.found > limit;
  const backwards = cursor?.direction === 'before';
  const link = (direction: Cursor['direction'], key: string | null, id: string | null) => (key === null || id === null ? null : writeCursor({ sort, direction, key, id }));
  const next = backwards || more ? link('after', page.last_key, page.last_id) : null;
  const previous = (backwards ? more : cursor !== null) ? link('before', page.first_key, page.first_id) : null;
  return `{"items":[${page.items}],"nextCursor":${JSON.stringify(next)},"prevCursor":${JSON.stringify(previous)},"total":${JSON.stringify(total)}}`;
}
