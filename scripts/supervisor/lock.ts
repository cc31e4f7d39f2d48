import { randomBytes } from 'node:crypto';
import { link, rename, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { readJson } from '../files';
import { PlainError } from '../plain-error';
import { birthOf, isAlive } from '../processes';

const holderSchema = z.object({ pid: z.number().int().positive(), birth: z.string().optional(), port: z.number().optional() });

/** A process as a file remembers it: with its birth, because numbers are used again. */
export type Holder = z.infer<typeof holderSchema>;

export function holderOf(pid: number, port?: number): Holder {
  return { pid, birth: birthOf(pid), port };
}

/** The process that a file names, if it is still that one. */
export async function liveHolder(path: string): Promise<Holder | undefined> {
  const parsed = holderSchema.safeParse(await readJson(path));
  if (!parsed.success) return undefined;
  const { pid, birth } = parsed.data;
  return isAlive(pid) && (birth === undefined || birthOf(pid) === birth) ? parsed.data : undefined;
}

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * One supervisor per data directory. The lock appears complete, by a link, and a stale one is moved away before it is
 * judged for good: of two that start at once and both see it, only one moves it.
 */
export async function takeLock(path: string, port: number): Promise<() => Promise<void>> {
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, JSON.stringify(holderOf(process.pid, port)), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      if (await linked(draft, path)) return () => rm(path, { force: true });
      const holder = await liveHolder(path);
      if (holder) throw new PlainError(alreadyRunning(holder));
      await discardStale(path);
    }
    throw new PlainError(`Another start of this console is under way (${path}).`);
  } finally {
    await rm(draft, { force: true });
  }
}

async function discardStale(path: string): Promise<void> {
  const aside = `${path}.${randomBytes(4).toString('hex')}.stale`;
  await rename(path, aside).catch(() => {});
  const holder = await liveHolder(aside);
  if (holder) await linked(aside, path);
  await rm(aside, { force: true });
}

function alreadyRunning({ pid, port }: Holder): string {
  return `This console is running already (process ${pid}${port ? `, http://localhost:${port}` : ''}). Stop that one first, or choose another RISKDESK_DATA_DIR and PORT.`;
}
