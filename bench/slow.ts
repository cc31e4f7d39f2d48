import { diagnostics } from '@/lib/run/registry';
import { questionSchema, toQuestion } from '@/lib/run/question';
import { statementOf } from '@/lib/run/statement';
import { serverFacts } from '@/lib/run/server';
import { monitorPool } from '@/lib/run/monitor';
import { render } from '@/lib/pg/sql';
import { across, interleaved, ratio } from './measure';
import { bare } from './recorded';
import { ratioLine, type Line } from './report';
import type { Stage } from './stage';

/** The list of slow statements, over its statement and over the empty route. Each request asks another question, because equal ones share an answer. */
export async function slow({ browser, connect, env }: Stage, samples: number): Promise<Line[]> {
  Object.assign(process.env, env);
  const entry = diagnostics.get('queries.slow');
  if (!entry) throw new Error('there is no queries.slow');
  const question = toQuestion(questionSchema(entry.diagnostic).parse({ min_mean_ms: '0' }));
  const statement = statementOf(entry, question, await serverFacts('main'));
  if (!statement) throw new Error('queries.slow has no statement for this server');
  await monitorPool('main').end();
  const sql = bare(await connect('monitor'), [render(statement)]);
  let n = 0;
  const ask = () => browser.get(`/api/queries/slow?min_mean_ms=${((n += 1) / 1e6).toFixed(6)}`);
  const rounds = await interleaved({ ping: () => browser.get('/api/ping'), slow: ask, sql }, Math.ceil(samples / 3), 100);
  const ms = (name: 'ping' | 'slow' | 'sql') => `${across(rounds, name).toFixed(2)} ms`;
  return [
    ratioLine('slow', 'queries.slow p50 / its statement by bare pg', ratio(rounds, 'slow', 'sql'), { detail: `${ms('slow')} over ${ms('sql')}` }),
    ratioLine('slow', 'queries.slow p50 / ping p50', ratio(rounds, 'slow', 'ping'), { detail: `over ${ms('ping')}` }),
  ];
}
