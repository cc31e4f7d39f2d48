import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

const sources = ['lib', 'app', 'components', 'proxy.ts'].flatMap((top) =>
  top.endsWith('.ts') ? [top] : readdirSync(join(root, top), { recursive: true, encoding: 'utf8' }).map((file) => `${top}/${file}`).filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file)),
);

/** A regular expression after something that cannot be divided: `(`, `,`, `=`, `:`, `[`, `!`, `&`, `|`, `?`, `{`, `}`, `;`, `=>` or `return`. */
const literal = /(?<=(?:[(,=:[!&|?{};]|=>|return)\s*)\/(?![*/])((?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+)\/([dgimsuvy]*)/g;

/** Text of a page can look like one. */
function compiles(source: string, flags: string): boolean {
  try {
    return Boolean(new RegExp(source, flags));
  } catch {
    return false;
  }
}

const patterns = sources.flatMap((file) => {
  const text = readFileSync(join(root, file), 'utf8').replaceAll(/^\s*(\*|\/\/).*$/gm, '');
  return [...text.matchAll(literal)].map((match) => ({ file, source: match[1] ?? '', flags: match[2] ?? '' })).filter(({ source, flags }) => compiles(source, flags));
});

const length = 100_000;

/** What the pattern itself speaks of; the worker makes long runs of each, with an end that does not fit. */
function adversaries(source: string): string[] {
  const pieces = new Set(['a', 'A', '0', ' ', '\t', '\n', '-', '.', '/', '\\', '_', "'", '"', '%', '=', '+', 'e', 'Z', '😀', ...source.replaceAll(/[\\()[\]{}?*+|^$]/g, '')]);
  const words = [...source.matchAll(/[a-z]{2,}/gi)].map(([one]) => one);
  const units = [...new Set([...pieces, ...words, 'a ', ' a', '0a', 'a0', 'aA', '0.', '-0', '\\a', ' \n', '/*', '*/', 'password ', ', '])];
  return units;
}

const program = `
  const { parentPort, workerData } = require('node:worker_threads');
  const inputsOf = (unit) => {
    const long = unit.repeat(Math.ceil(${length} / unit.length)).slice(0, ${length});
    return [long + '\\0', 'x' + long + '!', long];
  };
  const worst = workerData.map(({ source, flags, units }) => {
    const expression = new RegExp(source, flags);
    let most = 0;
    for (const input of units.flatMap(inputsOf)) {
      const started = performance.now();
      expression.lastIndex = 0;
      if (flags.includes('g')) input.replace(expression, ''); else expression.test(input);
      most = Math.max(most, performance.now() - started);
      parentPort.postMessage({ at: source });
    }
    return { source, ms: most };
  });
  parentPort.postMessage({ worst });`;

const inputsPerUnit = 3;

type Message = { at?: string; worst?: { source: string; ms: number }[] };

/** Runs them elsewhere, because one that backtracks could not be stopped here. Rejects naming the pattern that made no progress. */
function run(work: { source: string; flags: string; units: string[] }[]): Promise<{ source: string; ms: number }[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(program, { eval: true, workerData: work });
    let done = 0;
    const order = work.flatMap(({ source, units }) => units.flatMap(() => Array<string>(inputsPerUnit).fill(source)));
    const stuck = () => {
      void worker.terminate();
      reject(new Error(`more than linear time: /${order[done] ?? '?'}/`));
    };
    let timer = setTimeout(stuck, 5000);
    worker.on('message', ({ worst }: Message) => {
      clearTimeout(timer);
      done += 1;
      if (worst) resolve(worst);
      else timer = setTimeout(stuck, 5000);
    });
    worker.on('error', reject);
  });
}

test('S19: no regular expression of the product takes more than linear time on 100 kB that are meant to hurt', async () => {
  expect(patterns.length).toBeGreaterThan(20);
  const unique = [...new Map(patterns.map((pattern) => [`${pattern.source}/${pattern.flags}`, pattern])).values()];
  const worst = await run(unique.map(({ source, flags }) => ({ source, flags, units: adversaries(source) })));
  const [slowest] = worst.toSorted((a, b) => b.ms - a.ms);
  process.stdout.write(`S19: ${unique.length} patterns, slowest ${slowest?.ms.toFixed(1)} ms: /${slowest?.source}/\n`);
}, 120_000);

test('S19: the same check finds one that backtracks', async () => {
  await expect(run([{ source: '^(a+)+$', flags: '', units: adversaries('^(a+)+$') }])).rejects.toThrow('more than linear time: /^(a+)+$/');
}, 60_000);
