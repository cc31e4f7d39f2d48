import { writeCursor, type Cursor } from '@/lib/rooms/assessments/cursor';
import type { Sort } from '@/lib/rooms/assessments/schema';
import { median, summarize, timed, type Browser } from './measure';
import type { Line } from './report';
import type { Stage } from './stage';

const path = '/api/assessments';
const orders = ['-createdAt', 'createdAt', '-riskScore', 'businessName'] as const;

type Place = { key: string; id: string };

/** Rows from anywhere in the table, as cursors of an order name them. */
async function places({ connect }: Stage, sort: Sort, count: number): Promise<Place[]> {
  const key = {
    createdAt: `to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
    riskScore: 'risk_score::text',
    businessName: 'lower(business_name)',
  }[sort.replace('-', '') as 'createdAt'];
  const client = await connect('app');
  const { rows } = await client.query<Place>(`select ${key} as key, id from risk_assessments tablesample bernoulli (5) order by random() limit $1`, [count]);
  return rows;
}

const pageAt = (sort: Sort, direction: Cursor['direction'], { key, id }: Place) => `${path}?sort=${sort}&cursor=${writeCursor({ sort, direction, key, id })}`;

/** The page that a person comes to by turning `pages` pages. */
async function turned(browser: Browser, sort: Sort, pages: number): Promise<string> {
  let cursor = '';
  for (let page = 0; page < pages; page += 1) {
    const { nextCursor } = JSON.parse(await browser.get(`${path}?sort=${sort}&limit=200${cursor && `&cursor=${cursor}`}`)) as { nextCursor: string | null };
    if (nextCursor === null) break;
    cursor = nextCursor;
  }
  return `${path}?sort=${sort}&cursor=${cursor}`;
}

/** The last page: what lies before a place that no row is beyond. */
const lastPage = (sort: Sort): string => {
  const beyond: Record<string, string> = { '-createdAt': '2000-01-01T00:00:00.000Z', createdAt: '2199-01-01T00:00:00.000Z', '-riskScore': '0.00', businessName: '\u{10FFFF}' };
  const id = sort.startsWith('-') ? '00000000-0000-0000-0000-000000000000' : 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  return pageAt(sort, 'before', { key: beyond[sort] ?? '', id });
};

/**
 * P4: any page over the first, each time the least of five, in turn with the first page's: what the page costs, without what
 * the machine did meanwhile. The worst page counts.
 */
async function anyPage(stage: Stage, sort: Sort, jumps: number): Promise<Line> {
  const { browser } = stage;
  const first = `${path}?sort=${sort}`;
  const found = await places(stage, sort, jumps);
  const pages = [await turned(browser, sort, 50), lastPage(sort), ...found.map((place, n) => pageAt(sort, n % 2 === 0 ? 'after' : 'before', place))];
  // A connection plans a statement for its values five times before it settles on one plan: that is over before the first page counts.
  for (let n = 0; n < 200; n += 1) await browser.get(n % 2 === 0 ? first : (pages[2 + ((n >> 1) % jumps)] ?? first));
  const firsts: number[] = [];
  const others: number[] = [];
  for (const page of pages) {
    const tries: [first: number, other: number][] = [];
    for (let n = 0; n < 5; n += 1) tries.push([await timed(() => browser.get(first)), await timed(() => browser.get(page))]);
    firsts.push(Math.min(...tries.map(([ms]) => ms)));
    others.push(Math.min(...tries.map(([, ms]) => ms)));
  }
  const base = median(firsts);
  const { p50, p99, max } = summarize(others);
  const [deep = Number.NaN, last = Number.NaN] = others;
  return {
    id: 'P4', what: `${sort}: worst of ${pages.length} pages / first page`, value: max / base, unit: 'x', aim: 2,
    detail: `row 10,000 ${(deep / base).toFixed(2)}, last page ${(last / base).toFixed(2)}, jumps p50 ${(p50 / base).toFixed(2)} p99 ${(p99 / base).toFixed(2)}; first page ${base.toFixed(2)} ms`,
  };
}

export async function paging(stage: Stage): Promise<Line[]> {
  const lines: Line[] = [];
  for (const sort of orders) lines.push(await anyPage(stage, sort, sort === '-createdAt' ? 1000 : 200));
  return lines;
}
