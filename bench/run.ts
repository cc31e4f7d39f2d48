import { parseArgs } from 'node:util';
import { exitWith, PlainError } from '@/scripts/plain-error';
import type { TestServer } from '@/test/cluster';
import { actions } from './actions';
import { archive } from './archive';
import { batch } from './batch';
import { chart } from './chart';
import { detail } from './detail';
import { list } from './list';
import { outage } from './outage';
import { page } from './page';
import { paging } from './paging';
import { partitions } from './partitions';
import { print, type Line } from './report';
import { rooms } from './rooms';
import { slow } from './slow';
import { describeMachine, openServer, openStage, say, type Stage } from './stage';

type Setting = { server: TestServer; stage: Stage; rows: number; samples: number };

/** In this order: what writes comes after what reads, and nothing is left after the outage. */
const parts: Record<string, (setting: Setting) => Promise<Line[]>> = {
  list: async ({ stage, samples }) => [...(await list(stage, samples)), ...(await paging(stage))],
  detail: ({ stage, samples }) => detail(stage, samples),
  slow: ({ stage, samples }) => slow(stage, samples),
  page: ({ stage }) => page(stage),
  chart: ({ stage }) => chart(stage),
  batch: ({ stage }) => batch(stage),
  partitions: ({ server, rows, samples }) => partitions(server, Math.min(rows, 120_000), samples),
  rooms: ({ server }) => rooms(server),
  actions: ({ server, stage }) => actions(server, 'bench', stage),
  archive: ({ server, stage, rows }) => archive(server, 'bench', stage, rows),
  outage: ({ server, stage }) => outage(server, stage),
};

function wholeNumber(text: string, name: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new PlainError(`--${name} must be a whole number from 1.`);
  return number;
}

function options(): { rows: number; samples: number; chosen: string[] } {
  const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' }, samples: { type: 'string', default: '300' }, only: { type: 'string' } } });
  const only = values.only?.split(',') ?? Object.keys(parts);
  const unknown = only.find((name) => !(name in parts));
  if (unknown !== undefined) throw new PlainError(`--only takes some of: ${Object.keys(parts).join(', ')}`);
  return { rows: wholeNumber(values.rows, 'rows'), samples: wholeNumber(values.samples, 'samples'), chosen: Object.keys(parts).filter((name) => only.includes(name)) };
}

/** `npm run bench -- --rows 200000 --only list,detail --samples 300`: ratios inside one run; see README.md. */
async function main(): Promise<void> {
  const { rows, samples, chosen } = options();
  const server = await openServer();
  try {
    const stage = await openStage(server, 'bench', { rows, months: 14 });
    say(describeMachine());
    for (const name of chosen) {
      const started = performance.now();
      say(`\n${name}`);
      print((await parts[name]?.({ server, stage, rows, samples })) ?? []);
      say(`(${((performance.now() - started) / 1000).toFixed(0)} s)`);
    }
    await stage.close();
  } finally {
    await server.dispose();
  }
}

// The console and the server of the benchmark end with this process, whatever ends it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));
main().then(() => process.exit(0), exitWith);
