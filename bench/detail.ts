import { findAssessment } from '@/lib/rooms/assessments/find';
import { across, interleaved, ratio, type Work } from './measure';
import { bare, recorded } from './recorded';
import { ratioLine, type Line } from './report';
import type { Stage } from './stage';

/** Any of the list in turn, so that no one row is hotter than in use. */
export function inTurn(works: Work[]): Work {
  let n = 0;
  return () => works[(n += 1) % works.length]?.() ?? Promise.resolve();
}

/** An assessment with its children, over the empty route and over its own statement. */
export async function detail({ browser, connect }: Stage, samples: number): Promise<Line[]> {
  const client = await connect('app');
  const { rows } = await client.query<{ id: string }>('select id from risk_assessments tablesample bernoulli (1) order by random() limit 200');
  const ids = rows.map(({ id }) => id);
  const [first = ''] = ids;
  await recorded(client, (db) => findAssessment(db, first));
  const floors: Work[] = [];
  for (const id of ids) floors.push(bare(client, await recorded(client, (db) => findAssessment(db, id))));
  const rounds = await interleaved({ ping: () => browser.get('/api/ping'), detail: inTurn(ids.map((id) => () => browser.get(`/api/assessments/${id}`))), sql: inTurn(floors) }, samples);
  const ms = (name: 'ping' | 'detail' | 'sql') => `${across(rounds, name).toFixed(2)} ms (p95 ${across(rounds, name, 'p95').toFixed(2)} ms)`;
  return [
    ratioLine('detail', 'detail p50 / ping p50', ratio(rounds, 'detail', 'ping'), { detail: `${ms('detail')} over ${ms('ping')}` }),
    ratioLine('detail', 'detail p50 / its statement by bare pg', ratio(rounds, 'detail', 'sql'), { detail: ms('sql') }),
  ];
}
