import { listAssessments } from '@/lib/rooms/assessments/list';
import { listQuery, sorts } from '@/lib/rooms/assessments/schema';
import { across, interleaved, ratio, ratioOf, throughput, type Work } from './measure';
import { bare, recorded } from './recorded';
import { ratioLine, type Line } from './report';
import type { Stage } from './stage';

const path = '/api/assessments';
const ms = (value: number) => `${value.toFixed(2)} ms`;

/** P1, P2: the first page over the empty route, and over its own statement. */
export async function list(stage: Stage, samples: number): Promise<Line[]> {
  const { browser, connect } = stage;
  const client = await connect('app');
  const query = listQuery.parse({});
  await recorded(client, (db) => listAssessments(db, query));
  // The second time the months and the count are known, as they are for two seconds to a console in use.
  const statements = await recorded(client, (db) => listAssessments(db, query));
  const rounds = await interleaved({ ping: () => browser.get('/api/ping'), list: () => browser.get(path), sql: bare(client, statements) }, samples);
  const of = (name: 'ping' | 'list' | 'sql') => `${ms(across(rounds, name))} (p95 ${ms(across(rounds, name, 'p95'))})`;
  const { over, under } = await throughput(browser, [path, '/api/ping'], 50, 3000);
  const kept = ratioOf(over.map((value, round) => value / (under[round] ?? Number.NaN)));
  const perSecond = (values: number[]) => `${ratioOf(values).value.toFixed(0)}/s`;
  return [
    ratioLine('P1', 'list p50 / ping p50', ratio(rounds, 'list', 'ping'), { aim: 1.25, detail: `${of('list')} over ${of('ping')}` }),
    ratioLine('P1', 'list p95 / ping p95', ratio(rounds, 'list', 'ping', 'p95'), { detail: '' }),
    ratioLine('P1', 'list p50 / its statement by bare pg', ratio(rounds, 'list', 'sql'), { detail: `${of('sql')}, ${statements.length} statement` }),
    ratioLine('P2', 'list throughput / ping throughput, 50 clients', kept, { aim: 0.9, detail: `${perSecond(over)} over ${perSecond(under)}` }),
    ...(await filtered(stage)),
  ];
}

const filters = [
  'status=completed', 'status=pending', 'status=pending&status=failed', 'riskLevel=medium', 'riskLevel=critical', 'riskLevel=low&riskLevel=critical', 'industry=Technology', 'industry=Cryptocurrency',
  'industry=None', 'country=US', 'country=VG', 'country=AQ', 'minScore=0.5', 'minScore=0.95', 'maxScore=0.05', 'q=holding', 'q=99999', 'q=zzzz', 'q=q',
];

/** Every offered order with one filter, first pages: the slowest show where no index leads. Counting what matches is part of it. */
async function filtered({ browser }: Stage): Promise<Line[]> {
  const paths = sorts.flatMap((sort) => filters.map((filter) => `${path}?sort=${sort}&${filter}`));
  const candidates = Object.fromEntries([path, ...paths].map((one): [string, Work] => [one, () => browser.get(one)]));
  const rounds = await interleaved(candidates, 5, 3);
  const slowest = paths.map((one) => ({ one, value: ratio(rounds, one, path) })).toSorted((a, b) => b.value.value - a.value.value);
  return slowest.slice(0, 4).map(({ one, value }) => ratioLine('P3', `${one.slice(path.length + 1)} / first page`, value, { detail: `${ms(across(rounds, one))}; of ${paths.length} orders with one filter` }));
}
