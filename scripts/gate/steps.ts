import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findBrowser, installBrowser, noBrowser } from '../browser';
import { readJson } from '../files';
import { plainLine, PlainError } from '../plain-error';
import { runProgram, type Finished } from '../processes';
import { buildIfStale } from '../supervisor/build';
import { root } from '../supervisor/paths';
import { lintCounts, oneFailed, onePassed, playwrightCounts, tail, vitestCounts, type Counts } from './counts';

export type Step = { name: string; run(signal: AbortSignal): Promise<Counts> };

const results = join(root, 'test-results');
const tool = (...path: string[]) => join(root, 'node_modules', ...path);

function run(args: string[], signal: AbortSignal, env: Record<string, string> = {}): Promise<Finished> {
  return runProgram(process.execPath, args, { cwd: root, signal, killSignal: 'SIGTERM', env: { ...process.env, NO_COLOR: undefined, FORCE_COLOR: '0', ...env } });
}

async function lint(signal: AbortSignal): Promise<Counts> {
  const { output } = await run([tool('oxlint', 'bin', 'oxlint'), '--format', 'json', '.'], signal);
  try {
    return lintCounts(JSON.parse(output.slice(output.indexOf('{'))));
  } catch {
    return oneFailed('oxlint', tail(output));
  }
}

async function types(signal: AbortSignal): Promise<Counts> {
  const generated = await run([tool('next', 'dist', 'bin', 'next'), 'typegen'], signal);
  if (generated.code !== 0) return oneFailed('next typegen', tail(generated.output));
  const { code, output } = await run([tool('typescript', 'bin', 'tsc'), '--noEmit', '--pretty', 'false'], signal);
  return code === 0 ? onePassed : oneFailed('tsc', tail(output));
}

/** What the runner wrote down, whatever it said on the way. */
async function reported(title: string, file: string, ran: Finished, count: (report: unknown, ran: Finished) => Counts): Promise<Counts> {
  try {
    return count(await readJson(file), ran);
  } catch {
    return oneFailed(title, tail(ran.output));
  }
}

type Files = () => Promise<string[]>;

const allFiles: Files = async () => [];

function vitest(project: 'unit' | 'integration', files = allFiles) {
  return async (signal: AbortSignal): Promise<Counts> => {
    const file = join(results, `${project}.json`);
    await freshFile(file);
    const args = [tool('vitest', 'vitest.mjs'), 'run', '--project', project, '--reporter=json', `--outputFile=${file}`, ...(await files())];
    return reported(`vitest ${project}`, file, await run(args, signal, { NODE_ENV: 'test' }), vitestCounts);
  };
}

async function freshFile(file: string): Promise<void> {
  await mkdir(results, { recursive: true });
  await rm(file, { force: true });
}

async function build(signal: AbortSignal): Promise<Counts> {
  try {
    await mkdir(results, { recursive: true });
    await buildIfStale(join(results, 'build.log'), () => {}, signal);
    return onePassed;
  } catch (error) {
    return oneFailed('next build', plainLine(error));
  }
}

function endToEnd(files = allFiles) {
  return async (signal: AbortSignal): Promise<Counts> => {
    const browser = findBrowser() ?? (await installBrowser(console.log));
    if (!browser) return oneFailed('playwright', noBrowser);
    const file = join(results, 'e2e.json');
    await freshFile(file);
    const ran = await run([tool('@playwright', 'test', 'cli.js'), 'test', ...(await files())], signal, { PLAYWRIGHT_JSON_OUTPUT_FILE: file, CHROMIUM_PATH: browser });
    return reported('playwright', file, ran, playwrightCounts);
  };
}

/** The tests with a long form are those that ask test/faults how often to try. */
const withLongForm = (ending: string, folders: string[]): Files => async () => {
  const found: string[] = [];
  for (const folder of folders) {
    for (const name of await readdir(join(root, folder), { recursive: true })) {
      const path = `${folder}/${name}`;
      if (path.endsWith(ending) && /from '[^']*\btest\/faults'/.test(await readFile(join(root, path), 'utf8'))) found.push(path);
    }
  }
  if (found.length === 0) throw new PlainError(`No ${ending} has a long form`);
  return found;
};

/** In this order: what answers fastest first, and the browser against the build that was just made. */
export const steps: Step[] = [
  { name: 'lint', run: lint },
  { name: 'types', run: types },
  { name: 'unit', run: vitest('unit') },
  { name: 'integration', run: vitest('integration') },
  { name: 'build', run: build },
  { name: 'e2e', run: endToEnd() },
];

/** `npm run test:faults`: the same tests, each with as many rounds as FAULT_ROUNDS says. */
export const longSteps: Step[] = [
  { name: 'integration', run: vitest('integration', withLongForm('.int.test.ts', ['app', 'lib', 'test'])) },
  { name: 'build', run: build },
  { name: 'e2e', run: endToEnd(withLongForm('.spec.ts', ['e2e'])) },
];

/** `npm run test:majors`: the tests that walk the diagnostics, on servers of every supported major. */
export const majorSteps: Step[] = [{ name: 'integration', run: vitest('integration', async () => ['lib/run/diagnostics.int.test.ts', 'lib/run/servers.int.test.ts']) }];
