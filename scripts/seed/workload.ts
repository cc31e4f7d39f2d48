import pg from 'pg';
import { ownSettings } from '@/lib/pg/connection';
import { Progress } from './progress';
import { Random } from './random';

type Assessment = { id: string; created_at: Date };
type Step = { weight: number; run: (client: pg.Client, sample: Assessment[], random: Random) => Promise<void> };

const times = async (count: number, work: (index: number) => Promise<unknown>) => {
  for (let index = 0; index < count; index += 1) await work(index);
};

const some = (sample: Assessment[], random: Random) => sample[random.between(0, sample.length - 1)];

/** By its key, as a good service does it: thousands of times and cheap. */
const lookups: Step = {
  weight: 4,
  run: (client, sample, random) =>
    times(2500, () => {
      const one = some(sample, random);
      return client.query('select business_name, risk_score, risk_level, status from risk_assessments where id = $1 and created_at = $2', [one?.id, one?.created_at]);
    }),
};

/** A list, and then one query for each of its rows. */
const nPlusOne: Step = {
  weight: 3,
  run: (client, sample) =>
    times(12, async (page) => {
      await client.query('select id, created_at, business_name from risk_assessments order by created_at desc, id desc limit 50');
      for (const { id, created_at } of sample.slice(page * 50, page * 50 + 50)) {
        await client.query('select category, name, score, weight from risk_factors where assessment_id = $1 and assessment_created_at = $2', [id, created_at]);
      }
    }),
};

/** Pages by OFFSET: each reads and throws away everything before it. */
const offsets: Step = {
  weight: 3,
  run: (client) =>
    times(40, (page) => client.query('select id, business_name, risk_score from risk_assessments order by business_address, id limit 50 offset $1', [page * 500])),
};

/** A search inside a text that no index covers. */
const addressSearch: Step = {
  weight: 3,
  run: async (client, _sample, random) => {
    await times(30, () =>
      client.query('select id, business_name, business_address from risk_assessments where business_address ilike $1 limit 20', [`%${random.pick(['Harbor', 'Lagos', 'straße 24', 'zzz', 'Road Town', 'Pune'])} %`]),
    );
  },
};

/** A report over every factor ever recorded, which a screen asks for again and again. */
const report: Step = {
  weight: 8,
  run: (client) =>
    times(12, () =>
      client.query(
        `select a.country, a.industry, f.category, count(*) as factors, avg(f.score * f.weight) as weighted,
                percentile_cont(0.9) within group (order by f.score) as p90
         from risk_factors f
         join risk_assessments a on a.id = f.assessment_id and a.created_at = f.assessment_created_at
         where a.status = $1
         group by a.country, a.industry, f.category order by weighted desc`,
        ['completed'],
      ),
    ),
};

/** A sort of wide rows beyond work_mem: it spills to disk. */
const spill: Step = {
  weight: 4,
  run: (client) => times(6, () => client.query('select f.assessment_id, f.name, f.description, f.score from risk_factors f order by f.description, f.name, f.assessment_id offset $1 limit 10', [1000])),
};

/** What the dashboard of a service counts every few seconds. */
const counts: Step = {
  weight: 2,
  run: (client) => times(60, () => client.query('select risk_level, status, count(*), avg(risk_score) from risk_assessments group by risk_level, status')),
};

const steps = [lookups, nPlusOne, offsets, addressSearch, report, spill, counts];

/** Queries as a service in front of this database sends them, the bad habits too: the diagnostics then have something true to say. */
export async function runWorkload(): Promise<void> {
  const { host, port, database, user, password } = ownSettings('app');
  const client = new pg.Client({ host, port, database, user, password, application_name: 'risk-service' });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows: sample } = await client.query<Assessment>('select id, created_at from risk_assessments order by created_at desc limit 2000');
    if (sample.length === 0) return;
    const progress = new Progress('Demo workload', steps.reduce((sum, { weight }) => sum + weight, 0));
    const random = new Random(7);
    let done = 0;
    for (const step of steps) {
      await step.run(client, sample, random);
      progress.at((done += step.weight));
    }
    progress.done();
  } finally {
    await client.end();
  }
}
