import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { exitOf } from '../processes';
import { holderOf, liveHolder, takeLock } from './lock';

const directory = mkdtempSync(join(tmpdir(), 'lock-'));
const path = join(directory, 'supervisor.json');
afterEach(() => rmSync(path, { force: true }));

test('the second one is refused with the address of the first, and may when the first is done', async () => {
  const release = await takeLock(path, 3456);
  await expect(takeLock(path, 3457)).rejects.toThrow(`process ${process.pid}, http://localhost:3456`);
  await release();
  await (await takeLock(path, 3457))();
  expect(existsSync(path)).toBe(false);
});

async function numberOfTheDead(): Promise<number> {
  const child = spawn('true');
  await exitOf(child);
  return child.pid ?? 0;
}

const stale = {
  'of a process that is gone': JSON.stringify({ pid: await numberOfTheDead() }),
  'of a number that another process has now': JSON.stringify({ ...holderOf(process.pid), birth: 'earlier' }),
  'cut short by a full disk': '{"pid":',
  'that is empty': '',
};

test.for(Object.entries(stale))('a lock %s is taken over', async ([, text]) => {
  writeFileSync(path, text);
  const release = await takeLock(path, 3456);
  expect(await liveHolder(path)).toMatchObject({ pid: process.pid });
  await release();
  expect(readdirSync(directory)).toEqual([]);
});

test('of many that find a stale lock at once, one gets it', async () => {
  writeFileSync(path, '{}');
  const taken = await Promise.allSettled(Array.from({ length: 12 }, () => takeLock(path, 1)));
  expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await liveHolder(path)).toMatchObject({ pid: process.pid });
});
