import type { Database } from '@/lib/db/client';
import { and, inlineNumber, keyword, sql, type SQL } from '@/lib/pg/sql';
import { conditions, inSpan, spanOf } from './conditions';
import { countMatching } from './count';
import { readCursor, writeCursor, type Cursor } from './cursor';
import { isoTime, itemFields } from './json';
import { fewMonths, monthStarts, widening, type Span } from './months';
import type { ListQuery, Sort } from './schema';

/** What an order goes by: the expression that its index has, the same as text for the cursor, and the cursor's text as that value. */
const orders: Record<string, { by: SQL; text: SQL; value: (key: string) => SQL }> = {
  createdAt: { by: sql`a.created_at`, text: isoTime(sql`a.created_at`), value: (key) => sql`${key}::timestamptz` },
  riskScore: { by: sql`a.risk_score`, text: sql`a.risk_score::text`, value: (key) => sql`${key}::numeric` },
  businessName: { by: sql`lower(a.business_name) collate "C"`, text: sql`lower(a.business_name)`, value: (key) => sql`${key}::text collate "C"` },
};

const orderOf = (sort: Sort) => orders[sort.replace('-', '')] ?? orders['createdAt'];

type PageRow = { items: string; found: number; first_key: string | null; first_id: string | null; last_key: string | null; last_id: string | null };

/** One page as one row: its items as JSON text in the list's order, and the two ends for the cursors. */
function pageStatement({ sort, limit }: ListQuery, cursor: Cursor | null, where: SQL[]): SQL {
  const order = orderOf(sort);
  if (!order) throw new Error(`no order ${sort}`);
  const backwards = cursor?.direction === 'before';
  const descending = sort.startsWith('-') !== backwards;
  const direction = keyword(descending ? 'desc' : 'asc');
  const beyond = cursor ? [sql`(${order.by}, a.id) ${keyword(descending ? '<' : '>')} (${order.value(cursor.key)}, ${cursor.id}::uuid)`] : [];
  const shown = sql`filter (where p.n <= ${inlineNumber(limit)})`;
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
        json_build_object(${itemFields})::text as item, ${order.text} as key, a.id::text as id
      from risk_assessments a where ${and([...where, ...beyond])}
      order by ${order.by} ${direction}, a.id ${direction} limit ${inlineNumber(limit + 1)}
    ) p`;
}

/** In order of time a page is looked for where it begins, before the whole of the time line is asked. */
async function spansFor(db: Database, query: ListQuery, cursor: Cursor | null): Promise<{ spans: Span[]; many: boolean }> {
  const span = spanOf(query);
  const starts = await monthStarts(db);
  const many = starts.length > fewMonths;
  if (!many || !query.sort.endsWith('createdAt')) return { spans: [span], many };
  const descending = query.sort.startsWith('-') !== (cursor?.direction === 'before');
  return { spans: widening(starts, { ...narrowed(span, cursor, descending), descending }), many };
}

/** No row of the page lies on the other side of the cursor. */
function narrowed({ from, to }: Span, cursor: Cursor | null, descending: boolean): Span {
  if (!cursor) return { from, to };
  const justAfter = new Date(Date.parse(cursor.key) + 1).toISOString();
  if (descending) return { from, to: to !== null && to < justAfter ? to : justAfter };
  return { from: from !== null && from > cursor.key ? from : cursor.key, to };
}

async function findPage(db: Database, query: ListQuery, cursor: Cursor | null): Promise<PageRow> {
  const { spans, many } = await spansFor(db, query, cursor);
  const where = conditions(query);
  let page: PageRow | undefined;
  for (const span of spans) {
    [page] = await db.rows<PageRow>(pageStatement(query, cursor, [...where, ...inSpan(span)]), { planEachTime: many });
    if (page && page.found > query.limit) break;
  }
  if (!page) throw new Error('an aggregate returned no row');
  return page;
}

/** A page of the list as JSON text (`listSchema`), in either direction from a cursor. @throws AppError invalid for a cursor that is none */
export async function listAssessments(db: Database, query: ListQuery): Promise<string> {
  const { sort, limit } = query;
  const cursor = query.cursor === undefined ? null : readCursor(query.cursor, sort);
  const [page, total] = await Promise.all([findPage(db, query, cursor), countMatching(db, query)]);
  const more = page.found > limit;
  const backwards = cursor?.direction === 'before';
  const link = (direction: Cursor['direction'], key: string | null, id: string | null) => (key === null || id === null ? null : writeCursor({ sort, direction, key, id }));
  const next = backwards || more ? link('after', page.last_key, page.last_id) : null;
  const previous = (backwards ? more : cursor !== null) ? link('before', page.first_key, page.first_id) : null;
  return `{"items":[${page.items}],"nextCursor":${JSON.stringify(next)},"prevCursor":${JSON.stringify(previous)},"total":${JSON.stringify(total)}}`;
}
