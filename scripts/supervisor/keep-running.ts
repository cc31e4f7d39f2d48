import { setTimeout as sleep } from 'node:timers/promises';
import { plainLine } from '../plain-error';
import type { Cluster } from '../postgres/cluster';
import { watchOver } from '../postgres/watchdog';

/** How long the console gets to drain when the supervisor is killed, before its database stops too. */
const graceSeconds = 3;

/**
 * Brings the own server back when it ends by itself (out of memory, killed): the console lives through that and says
 * 503 meanwhile. @returns what stops the server for good
 */
export function keepRunning(first: Cluster, restart: () => Promise<Cluster>, say: (line: string) => void): () => Promise<void> {
  const stopping = new AbortController();
  const keep = async (): Promise<void> => {
    for (let cluster: Cluster | undefined = first; cluster; ) {
      const callOff = watchOver(cluster, graceSeconds);
      await Promise.race([cluster.ended, aborted(stopping.signal)]);
      if (stopping.signal.aborted) await cluster.stop();
      callOff();
      if (stopping.signal.aborted) return;
      say('PostgreSQL ended unexpectedly and is started again …');
      cluster = await untilRestarted(restart, say, stopping.signal);
    }
  };
  const done = keep();
  return () => {
    stopping.abort();
    return done;
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

async function untilRestarted(restart: () => Promise<Cluster>, say: (line: string) => void, signal: AbortSignal): Promise<Cluster | undefined> {
  for (let pauseMs = 500; !signal.aborted; pauseMs = Math.min(pauseMs * 2, 30_000)) {
    await Promise.race([sleep(pauseMs, undefined, { ref: false }), aborted(signal)]);
    if (signal.aborted) return undefined;
    try {
      const cluster = await restart();
      say('PostgreSQL runs again');
      return cluster;
    } catch (error) {
      say(plainLine(error));
    }
  }
  return undefined;
}
