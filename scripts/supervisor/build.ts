import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readText } from '../files';
import { PlainError } from '../plain-error';
import { runProgram } from '../processes';
import { root } from './paths';

const stampFile = join(root, '.next', 'riskdesk-build');

// Nothing of these gets into the build. Whatever is not named here counts, so that a new folder is not forgotten.
const outside = new Set([
  'node_modules', 'scripts', 'test', 'e2e', 'bench', 'docs', 'test-results', 'playwright-report', 'next-env.d.ts',
  'Dockerfile', 'compose.yaml', 'vitest.config.ts', 'playwright.config.ts',
]);

async function sourceFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const found = await Promise.all(
    entries
      .filter(({ name }) => !name.startsWith('.') && !(directory === root && outside.has(name)))
      .map((entry) => (entry.isDirectory() ? sourceFiles(join(directory, entry.name)) : [join(directory, entry.name)])),
  );
  return found.flat().filter((path) => !/\.test\.tsx?$|\.md$|\.tsbuildinfo$/.test(path));
}

/** A hash of everything that a build depends on: the sources, the packages and the variables that it takes in. */
export async function sourceStamp(): Promise<string> {
  const hash = createHash('sha256');
  for (const path of (await sourceFiles(root)).toSorted()) {
    hash.update(`${relative(root, path)}\0`);
    await pipeline(createReadStream(path), async (chunks) => {
      for await (const chunk of chunks) hash.update(chunk);
    });
  }
  for (const [name, value] of Object.entries(process.env).toSorted()) {
    if (name.startsWith('NEXT_')) hash.update(`${name}=${value}\0`);
  }
  return hash.digest('hex');
}

export async function isBuilt(stamp: string): Promise<boolean> {
  return existsSync(join(root, '.next', 'BUILD_ID')) && (await readText(stampFile))?.trim() === stamp;
}

/** Builds when the sources have changed since the last build. @returns whether it had to */
export async function buildIfStale(logFile: string, say: (line: string) => void, signal?: AbortSignal): Promise<boolean> {
  const stamp = await sourceStamp();
  if (await isBuilt(stamp)) return false;
  say('Building the console …');
  const started = Date.now();
  await rm(stampFile, { force: true });
  const env = { ...process.env, NODE_ENV: 'production' as const, NEXT_TELEMETRY_DISABLED: '1' };
  const { code, output } = await runProgram(process.execPath, [nextCli, 'build'], { cwd: root, env, signal });
  signal?.throwIfAborted();
  await writeFile(logFile, output);
  if (code !== 0) throw new PlainError(`The build failed: ${buildFailure(output)} (all of it: ${logFile})`);
  await mkdir(join(root, '.next'), { recursive: true });
  await writeFile(stampFile, `${stamp}\n`);
  say(`Built in ${Math.round((Date.now() - started) / 1000)} s`);
  return true;
}

export const nextCli = join(root, 'node_modules', 'next', 'dist', 'bin', 'next');

function buildFailure(output: string): string {
  if (/ENOSPC|No space left/.test(output)) return 'the disk is full.';
  if (/EROFS|Read-only file system/.test(output)) return 'the disk is read-only.';
  const lines = output.split('\n').map((line) => line.trim()).filter(Boolean);
  return lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? 'next build said nothing.';
}
