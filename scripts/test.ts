import { oneFailed, summary, total, type Counts, type Problem } from './gate/counts';
import { longSteps, majorSteps, steps, type Step } from './gate/steps';
import { exitWith, plainLine, PlainError } from './plain-error';

/** `npm test -- --only unit,types` runs some of the steps. */
function chosen(argv: string[], all: Step[]): Step[] {
  const at = argv.findIndex((argument) => argument === '--only' || argument.startsWith('--only='));
  if (at < 0) return all;
  const value = argv[at]?.includes('=') ? argv[at].slice('--only='.length) : argv[at + 1];
  const names = (value ?? '').split(',').filter(Boolean);
  const unknown = names.find((name) => !all.some((step) => step.name === name));
  if (names.length === 0 || unknown) throw new PlainError(`--only takes some of: ${all.map(({ name }) => name).join(', ')}`);
  return all.filter(({ name }) => names.includes(name));
}

const manyRounds = '100';

/** `--faults` runs what has a long form, and that at length; `--majors` every diagnostic on servers of every kind and major. */
function wanted(argv: string[]): Step[] {
  if (argv.includes('--majors')) {
    process.env.TEST_MAJORS = 'all';
    return majorSteps;
  }
  if (!argv.includes('--faults')) return chosen(argv, steps);
  process.env.FAULT_ROUNDS ||= manyRounds;
  console.log(`FAULT_ROUNDS=${process.env.FAULT_ROUNDS}`);
  return chosen(argv, longSteps);
}

function show({ title, says }: Problem): void {
  console.log(`\n✗ ${title}`);
  for (const line of says.split('\n').slice(0, 30)) console.log(`    ${line}`);
}

async function runStep(step: Step, signal: AbortSignal): Promise<Counts> {
  const started = Date.now();
  process.stdout.write(`${step.name} … `);
  const counts = await step.run(signal).catch((error: unknown) => oneFailed(step.name, plainLine(error)));
  console.log(`${summary(counts)} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  counts.problems.forEach(show);
  return counts;
}

/** `npm test`: every step, each judged by what its runner wrote down, and one line at the end. */
async function main(): Promise<void> {
  const aborter = new AbortController();
  const stop = () => aborter.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  process.once('disconnect', stop);
  const all: Counts[] = [];
  for (const step of wanted(process.argv.slice(2))) {
    if (aborter.signal.aborted) all.push(oneFailed(step.name, 'was not run: the tests were stopped'));
    else all.push(await runStep(step, aborter.signal));
  }
  const counts = total(all);
  console.log(`\n${summary(counts)}`);
  process.exit(counts.failed > 0 ? 1 : 0);
}

main().catch(exitWith);
