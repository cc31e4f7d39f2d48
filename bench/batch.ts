import { createAssessments } from '@/lib/rooms/assessments/create';
import { batchSchema } from '@/lib/rooms/assessments/schema';
import { across, interleaved, ratio } from './measure';
import { recorded } from './recorded';
import { ratioLine, type Line } from './report';
import type { Stage } from './stage';

const size = 1000;

const item = (n: number) => ({
  businessName: `Batch ${n} of the benchmark`, businessAddress: `${n} High Street`, industry: 'Technology', country: 'DE', riskScore: (n % 101) / 100,
  factors: [1, 2, 3].map((k) => ({ category: 'financial', name: `Factor ${k}`, score: 0.4, weight: 0.2, description: 'Debt to equity over the last four quarters' })),
  predictions: [3, 6].map((horizonMonths) => ({ horizonMonths, predictedScore: 0.45, confidence: 0.8, modelUsed: 'gradient-boost-v3' })),
  complianceChecks: ['KYC', 'GDPR'].map((checkType) => ({ checkType, status: 'passed' })),
});

const rowsOf = 1 + 3 + 2 + 2;

/** 1,000 assessments with their children in one request, over the same statement sent by bare pg with values that were made before. */
export async function batch({ browser, connect }: Stage): Promise<Line[]> {
  const client = await connect('app');
  const body = JSON.stringify({ items: Array.from({ length: size }, (_, n) => item(n)) });
  const { items } = batchSchema.parse(JSON.parse(body));
  const { rows: [user] } = await client.query<{ id: string }>('select id from users limit 1');
  const api = async () => {
    const { status, text } = await browser.send('/api/assessments/batch', { method: 'POST', body });
    if (status !== 201) throw new Error(text.slice(0, 300));
  };
  // Made outside of what is timed; ids are new each time.
  const prepared: { text: string; values: unknown[] }[][] = [];
  for (let n = 0; n < 30; n += 1) {
    await client.query('begin');
    prepared.push(await recorded(client, (db) => createAssessments(db, items, user?.id ?? '', () => '')));
    await client.query('rollback');
  }
  const floor = async () => {
    await client.query('begin');
    for (const { text, values } of prepared.pop() ?? []) await client.query({ name: 'batch', text, values });
    await client.query('commit');
  };
  const rounds = await interleaved({ api, floor }, 5, 5);
  const perSecond = (name: 'api' | 'floor') => `${Math.round((size * rowsOf) / (across(rounds, name) / 1000)).toLocaleString('en')} rows/s`;
  return [ratioLine('batch', `batch of ${size} with children / its statement by bare pg`, ratio(rounds, 'api', 'floor'), { detail: `${across(rounds, 'api').toFixed(0)} ms, ${perSecond('api')} over ${perSecond('floor')}` })];
}
