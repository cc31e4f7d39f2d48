import type { TestServer } from '@/test/cluster';
import { inTurn } from './detail';
import { across, interleaved, ratio, type Work } from './measure';
import { ratioLine, type Line } from './report';
import { openStage, type Stage } from './stage';

const few = 12;
const many = 1200;

async function lookups({ browser, connect }: Stage): Promise<Work> {
  const client = await connect('app');
  // An id holds no time before 1970, and a hundred years of months begin earlier.
  const { rows } = await client.query<{ id: string }>(`select id from risk_assessments where created_at > '2000-01-01' order by random() limit 200`);
  return inTurn(rows.map(({ id }) => () => browser.get(`/api/assessments/${id}`)));
}

/** P17: the same rows over a year of partitions and over a hundred years of them. */
export async function partitions(server: TestServer, rows: number, samples: number): Promise<Line[]> {
  const [small, large] = [await openStage(server, 'bench_few', { rows, months: few }), await openStage(server, 'bench_many', { rows, months: many })];
  try {
    const candidates = {
      listFew: () => small.browser.get('/api/assessments'),
      listMany: () => large.browser.get('/api/assessments'),
      findFew: await lookups(small),
      findMany: await lookups(large),
    };
    const rounds = await interleaved(candidates, samples);
    const detail = (over: keyof typeof candidates, under: keyof typeof candidates) => `${across(rounds, over).toFixed(2)} ms over ${across(rounds, under).toFixed(2)} ms, ${rows.toLocaleString('en')} rows`;
    return [
      ratioLine('P17', `list: ${many} partitions / ${few}`, ratio(rounds, 'listMany', 'listFew'), { aim: 1.3, detail: detail('listMany', 'listFew') }),
      ratioLine('P17', `by id: ${many} partitions / ${few}`, ratio(rounds, 'findMany', 'findFew'), { aim: 1.3, detail: detail('findMany', 'findFew') }),
    ];
  } finally {
    await Promise.all([small.close(), large.close()]);
  }
}
