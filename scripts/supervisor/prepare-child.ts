import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { PlainError, saidAlready } from '../plain-error';
import { exitOf } from '../processes';
import { root, type Place } from './paths';
import { isPrepared } from './prepared';

/** How `scripts/prepare.ts` says with its exit code what the supervisor is to do. */
export const prepareExit = { done: 0, failed: 1, unreachable: 3 } as const;

/**
 * Migrations, first administrator and demo data run in a process of their own: it takes its connections and its memory
 * along when it ends, and the supervisor stays small. It has said itself what went wrong.
 */
export async function prepare(place: Place, own: boolean, signal: AbortSignal): Promise<void> {
  if (own && (await isPrepared(place))) return;
  const flags = ['--conditions=react-server', '--import', 'tsx', join('scripts', 'prepare.ts')];
  const child = spawn(process.execPath, [...flags, ...(own ? ['--demo'] : [])], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: process.env.NODE_ENV ?? 'production' },
  });
  child.once('error', () => {});
  const end = () => child.kill('SIGTERM');
  signal.addEventListener('abort', end, { once: true });
  const code = await exitOf(child);
  signal.removeEventListener('abort', end);
  signal.throwIfAborted();
  if (code === prepareExit.unreachable) {
    console.log('The database cannot be reached yet: the console starts all the same and prepares it when it comes.');
  } else if (code !== prepareExit.done) {
    throw new PlainError(saidAlready);
  }
}
