import { spawn, type ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { writePrivate } from '../files';
import { PlainError } from '../plain-error';
import { endProcess, exitOf } from '../processes';
import { nextCli } from './build';
import { holderOf, liveHolder } from './lock';
import { root, type Place } from './paths';

/** How long requests that are under way may take when the console stops. */
const drainMs = 10_000;

export type Server = { ended: Promise<number>; stop(): Promise<void> };

/** A console whose supervisor was killed may still hold the port; only the process that we noted is touched. */
export async function endOrphanServer(place: Place, say: (line: string) => void): Promise<void> {
  const orphan = await liveHolder(place.server);
  if (orphan) {
    await endProcess(orphan.pid, 'SIGTERM', drainMs);
    say('Stopped the console that an earlier start had left behind');
  }
  await rm(place.server, { force: true });
}

/** Next in a session of its own, so that Ctrl-C reaches it through us and it drains before the database stops. */
export async function startServer(place: Place, port: number, dev: boolean, env: Record<string, string>): Promise<Server> {
  const watch = pathToFileURL(join(root, 'scripts', 'supervisor', 'watch-parent.mjs')).href;
  const child = spawn(process.execPath, ['--import', watch, nextCli, dev ? 'dev' : 'start', '-p', String(port)], {
    cwd: root,
    detached: true,
    stdio: ['ignore', dev ? 'inherit' : 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, ...env, NODE_ENV: dev ? 'development' : 'production', PORT: String(port), NEXT_TELEMETRY_DISABLED: '1', RISKDESK_SUPERVISOR: String(process.pid) },
  });
  child.once('error', () => {});
  // Next's own greeting would come before ours and name addresses that may not be reachable; afterwards it may speak.
  let greeted = false;
  child.stdout?.on('data', (chunk: Buffer) => greeted && process.stdout.write(chunk));
  const server = { ended: exitOf(child), stop: () => stopServer(child, place) };
  if (child.pid !== undefined) await writePrivate(place.server, JSON.stringify(holderOf(child.pid, port)));
  await answering(child, port, dev ? 180_000 : 60_000, server);
  greeted = true;
  return server;
}

async function stopServer(child: ChildProcess, place: Place): Promise<void> {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) await endProcess(child.pid, 'SIGTERM', drainMs);
  await rm(place.server, { force: true });
}

async function answering(child: ChildProcess, port: number, patienceMs: number, server: Server): Promise<void> {
  const until = Date.now() + patienceMs;
  while (child.exitCode === null && child.signalCode === null) {
    if (await isLive(port)) return;
    if (Date.now() > until) {
      await server.stop();
      throw new PlainError(`The console did not answer on port ${port} within ${patienceMs / 1000} s.`);
    }
    await sleep(50);
  }
  throw new PlainError('The console ended while it was starting; its own message is above.');
}

async function isLive(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/api/health/live`, { signal: AbortSignal.timeout(5000), redirect: 'manual' });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}
