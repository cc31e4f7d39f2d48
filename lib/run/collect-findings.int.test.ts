import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { useDatabase } from '@/test/database';

const db = await useDatabase();
const real = new URL(db.url('monitor'));
const lateMs = 40;

/** Between the console and the server, on a long way: what the server says arrives late. */
const sockets = new Set<Socket>();
const far = createServer((client) => {
  const server = connect(Number(real.port), real.hostname);
  for (const socket of [client, server]) sockets.add(socket.on('error', () => {}).on('close', () => [client, server].forEach((one) => one.destroy())));
  client.on('data', (data) => server.write(data));
  server.on('data', (data) => setTimeout(() => client.write(data), lateMs));
});
await new Promise<void>((resolve) => far.listen(0, '127.0.0.1', resolve));
const there = new URL(real);
there.port = String((far.address() as AddressInfo).port);
process.env.TARGETS = `far=${there.href}`;

const { closeMonitors } = await import('./monitor');
const { collectFindings } = await import('./collect-findings');
const { ask } = await import('@/test/ask');
afterAll(async () => {
  await closeMonitors();
  for (const socket of sockets) socket.destroy();
  far.close();
});

test('the overview of a server far away asks one question after the other, none gives up for another, and a panel is answered meanwhile', { timeout: 60_000 }, async () => {
  const dba = { userId: 'x', email: 'x', name: 'x', role: 'dba', via: { kind: 'session', sessionId: 'x' } } as const;
  const overview = collectFindings(dba, 'far', true);
  expect(await ask('locks.blocking', { target: 'far' })).toMatchObject({ state: 'measured' });
  expect((await overview).unmeasured.filter(({ reason }) => reason.code === 'busy')).toEqual([]);
});
