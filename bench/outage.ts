import type { TestServer } from '@/test/cluster';
import { startConsole } from '@/test/server';
import { summarize, timed } from './measure';
import type { Line } from './report';
import type { Stage } from './stage';

const path = '/api/assessments';

/** Requests one after the other, `clients` at a time. */
async function ask({ browser }: Stage, clients: number, each: number): Promise<number[]> {
  const one = async () => {
    const ms: number[] = [];
    for (let n = 0; n < each; n += 1) ms.push(await timed(() => browser.send(path)));
    return ms;
  };
  return (await Promise.all(Array.from({ length: clients }, one))).flat();
}

/** P20: from the moment in which the database goes away. It comes last, because nothing is left after it. */
export async function outage(server: TestServer, stage: Stage): Promise<Line[]> {
  await ask(stage, 10, 80);
  const up = { alone: summarize(await ask(stage, 1, 500)), crowd: summarize(await ask(stage, 20, 50)) };
  await server.stop();
  const down = { alone: summarize(await ask(stage, 1, 1000)), crowd: summarize(await ask(stage, 20, 100)) };
  const ready = await timed(() => stage.browser.send('/api/health/ready'));
  const begun = performance.now();
  const late = await startConsole(stage.env);
  const start = performance.now() - begun;
  late.signal('SIGKILL');
  await late.ended;
  const line = (what: string, over: { p99: number; max: number }, under: { p50: number }): Line[] => [
    { id: 'P20', what: `${what}: p99 without the database / p50 with it`, value: over.p99 / under.p50, unit: 'x', aim: 10, detail: `${over.p99.toFixed(1)} ms (worst ${over.max.toFixed(0)} ms) over ${under.p50.toFixed(2)} ms` },
    { id: 'P20', what: `${what}: p99 without the database`, value: over.p99, unit: 'ms', aim: 50, detail: '' },
  ];
  return [
    ...line('list, one client', down.alone, up.alone),
    ...line('list, 20 clients', down.crowd, up.crowd),
    { id: 'P20', what: 'readiness without the database', value: ready, unit: 'ms', aim: 2000, detail: '' },
    { id: 'P20', what: 'console started without the database: answers after', value: start, unit: 'ms', aim: 2000, detail: '' },
  ];
}
