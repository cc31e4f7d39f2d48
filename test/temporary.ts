import { chmodSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../scripts/processes';

/** A directory of this process, open for passing through. Those of processes that were killed are swept by the next one. */
export function temporaryDirectory(prefix: string): string {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length).split('-')[0]) : 0;
    if (pid > 0 && !isAlive(pid)) sweep(join(tmpdir(), name));
  }
  const directory = realpathSync(mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`)));
  chmodSync(directory, 0o711);
  return directory;
}

function sweep(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch {
    // It is another user's.
  }
}
