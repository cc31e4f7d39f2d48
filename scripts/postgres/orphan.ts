import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { commandLine, endProcess, isAlive, processesIn, signal, waitGone } from '../processes';

/** The process id in a pid file, if that process is indeed the server of this data directory. */
export function runningPostmaster(dataDir: string): number | undefined {
  let pid: number;
  try {
    pid = Number.parseInt(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8'), 10);
  } catch {
    return undefined;
  }
  if (!(pid > 1) || !isAlive(pid)) return undefined;
  const ours = commandLine(pid).includes(dataDir) || processesIn(dataDir).includes(pid);
  return ours ? pid : undefined;
}

/** A start that was killed left its server behind: it is stopped in order, since its data is whole. */
export async function stopOrphan(dataDir: string): Promise<boolean> {
  const pid = runningPostmaster(dataDir);
  if (pid === undefined) {
    await endLeftovers(dataDir);
    return false;
  }
  signal(pid, 'SIGINT');
  if (!(await waitGone(pid, 20_000))) await endProcess(pid, 'SIGQUIT', 5000);
  await endLeftovers(dataDir);
  return true;
}

/**
 * Backends outlive a postmaster that was killed until they next look, and the next server refuses to start beside them
 * (25 s were measured). Its pid file stays too; with the number in use by another program it would stop the start.
 */
export async function endLeftovers(dataDir: string): Promise<void> {
  const pids = processesIn(dataDir);
  for (const pid of pids) signal(pid, 'SIGQUIT');
  await Promise.all(pids.map((pid) => endProcess(pid, 'SIGQUIT', 2000)));
  if (runningPostmaster(dataDir) === undefined) await rm(join(dataDir, 'postmaster.pid'), { force: true });
}
