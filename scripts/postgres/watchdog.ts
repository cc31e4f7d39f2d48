import { spawn } from 'node:child_process';
import { spawnAs } from './account';
import type { Cluster } from './cluster';

// Its standard input ends when whoever holds the other end is gone, by whatever signal. Then the console gets its time
// to drain, and only the very server that was watched is stopped, not a later one in the same directory.
const script = `cat >/dev/null
sleep "$3"
read -r pid <"$1/postmaster.pid" && test "$pid" = "$2" && kill -INT "$pid"`;

/** Stops the server in order after its supervisor was killed. @returns what calls the watch off */
export function watchOver(cluster: Cluster, graceSeconds: number): () => void {
  const args = ['-c', script, 'sh', cluster.dataDir, String(cluster.pid), String(graceSeconds)];
  const child = spawn('/bin/sh', args, { ...spawnAs(cluster.account), cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  child.once('error', () => {});
  child.unref();
  const input = child.stdin as typeof child.stdin & { unref?: () => void };
  input?.unref?.();
  input?.on('error', () => {});
  return () => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  };
}
