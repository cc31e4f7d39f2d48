import { expect, test } from 'vitest';
import { lintCounts, playwrightCounts, summary, vitestCounts } from './counts';

const file = (status: string, ...states: string[]) => ({
  name: 'a.test.ts',
  status,
  message: 'boom',
  assertionResults: states.map((state, index) => ({ fullName: `test ${index}`, status: state, failureMessages: state === 'failed' ? ['no'] : [] })),
});

test.for([
  ['passed and skipped', [file('passed', 'passed', 'pending')], 0, '1 passed, 0 failed, 1 skipped'],
  ['failed', [file('failed', 'passed', 'failed')], 1, '1 passed, 1 failed'],
  ['a file that cannot be loaded', [file('passed', 'passed'), file('failed')], 1, '1 passed, 1 failed'],
  ['a hook that failed after its tests', [file('failed', 'passed')], 1, '1 passed, 1 failed'],
  ['nothing ran', [], 0, '0 passed, 1 failed'],
  ['only skipped ones', [file('passed', 'skipped')], 0, '0 passed, 1 failed, 1 skipped'],
  ['an error beside the tests', [file('passed', 'passed')], 1, '1 passed, 1 failed'],
] as const)('vitest: %s', ([, testResults, code, line]) => {
  expect(summary(vitestCounts({ testResults }, { code, output: '' }))).toBe(line);
});

const suite = (...states: string[]) => [
  { title: 'x.spec.ts', suites: [{ title: 'inner', specs: states.map((status) => ({ title: status, file: 'x.spec.ts', line: 3, tests: [{ status, results: [{ errors: [{ message: '\u001B[31mno\u001B[0m' }] }] }] })) }] },
];

test.for([
  ['all states', { suites: suite('expected', 'unexpected', 'flaky', 'skipped') }, 1, '1 passed, 2 failed, 1 skipped'],
  ['no spec', { suites: [] }, 0, '0 passed, 1 failed'],
  ['the setup failed', { suites: [], errors: [{ message: 'no browser' }] }, 1, '0 passed, 1 failed'],
  ['an error beside the tests', { suites: suite('expected') }, 1, '1 passed, 1 failed'],
] as const)('playwright: %s', ([, report, code, line]) => {
  expect(summary(playwrightCounts(report, { code, output: '' }))).toBe(line);
});

test('a runner that ran nothing is quoted', () => {
  expect(vitestCounts({ testResults: [] }, { code: 1, output: 'Error: no port' }).problems).toEqual([{ title: 'vitest', says: 'ran no test\nError: no port' }]);
});

test('messages come without colours', () => {
  expect(playwrightCounts({ suites: suite('unexpected') }, { code: 1, output: '' }).problems).toEqual([{ title: 'e2e/x.spec.ts:3 unexpected', says: 'no' }]);
});

test('lint: a warning fails, and so does looking at no file', () => {
  const warning = { message: 'unused', code: 'x(y)', filename: 'a.ts', labels: [{ span: { line: 4 } }] };
  expect(summary(lintCounts({ number_of_files: 9, diagnostics: [] }))).toBe('1 passed, 0 failed');
  expect(lintCounts({ number_of_files: 9, diagnostics: [warning] }).problems).toEqual([{ title: 'a.ts:4', says: 'unused x(y)' }]);
  expect(summary(lintCounts({ number_of_files: 0, diagnostics: [] }))).toBe('0 passed, 1 failed');
});
