import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Diagnostic } from '@/lib/kit/diagnostic';
import { useDatabase } from './database';

const db = await useDatabase();
const { monitorRows, closeMonitors } = await import('@/lib/run/monitor');
const { serverFacts } = await import('@/lib/run/server');
const { questionSchema, toQuestion } = await import('@/lib/run/question');
const { statementOf } = await import('@/lib/run/statement');

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(root, 'lib/rooms/planted-'));

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await closeMonitors();
});

test('the diagnostic that CONTRIBUTING shows is complete: one file, and it finds what it is about', async () => {
  const text = /```ts\n(import \{ col \}[\s\S]*?)```/.exec(readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8'))?.[1] ?? '';
  const file = join(folder, 'idle.diagnostic.ts');
  writeFileSync(file, text);
  const { idle } = (await import(/* @vite-ignore */ file)) as { idle: Diagnostic };
  const client = await db.connect('app');
  await client.query('begin');
  await client.query('select 42 as planted');
  const question = toQuestion(questionSchema(idle).parse({ min_ms: '0', q: 'planted' }));
  const statement = statementOf({ id: 'locks.idle', diagnostic: idle }, question, await serverFacts('main'));
  if (!statement) throw new Error('no SQL for this server');
  const rows = await monitorRows('main', statement);
  expect(rows).toEqual([{ pid: expect.any(Number), usr: 'riskdesk_app', idle_ms: expect.any(Number), query: 'select 42 as planted' }]);
  expect(idle.findings(rows as never, { params: question.params as never, server: null, context: null })).toMatchObject([{ code: 'locks.idle', severity: 'warning' }]);
  await client.query('rollback');
});
