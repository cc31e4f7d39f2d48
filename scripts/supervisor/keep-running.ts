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
  let cluster = first;
  let callOff = watchOver(first, graceSeconds);
  let stopping = false;

  const mend = async () => {
    for (let pauseMs = 500; !stopping; pauseMs = Math.min(pauseMs * 2, 30_000)) {
      await sleep(pauseMs);
      if (stopping) return;
      try {
        cluster = await restart();
        callOff = watchOver(cluster, graceSeconds);
        say('PostgreSQL runs again');
        if (stopping) await cluster.stop();
        else watch();
        return;
      } catch (error) {
        say(plainLine(error));
      }
    }
  };
  let mending: Promise<void> | undefined;
  const watch = () => {
    void cluster.ended.then(() => {
      if (stopping) return;
      callOff();
      say('PostgreSQL ended unexpectedly and is started again …');
      mending = mend();
    });
  };
  watch();
  return async () => {
    stopping = true;
    await mending;
    await cluster.stop();
    callOff();
  };
}
