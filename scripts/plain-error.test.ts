import { expect, test } from 'vitest';
import { plainLine, PlainError } from './plain-error';
import { failureIn } from './postgres/failure';
import { isRefusal, isUnreachable } from './supervisor/database-errors';

const coded = (code: string, extra: object = {}) => Object.assign(new Error('long message\nat somewhere'), { code, ...extra });

test.for([
  [new PlainError('say this'), 'say this'],
  [coded('ENOSPC', { path: '/data/x' }), '/data/x: the disk is full.'],
  [coded('EROFS'), 'The disk is read-only.'],
  [coded('EWHATEVER'), 'long message'],
  ['text', 'text'],
] as const)('one line: %s', ([error, line]) => {
  expect(plainLine(error)).toBe(line);
});

test.for([
  ['initdb: error: could not create directory "/x/base": No space left on device\ninitdb: removing', 'the disk is full.'],
  ['2026-01-01 UTC [1] LOG:  starting\n2026-01-01 UTC [1] FATAL:  could not load library "x.so"\n2026 [1] LOG:  database system is shut down', 'could not load library "x.so"'],
  ['', 'it said nothing.'],
] as const)('why the server failed: %s', ([output, says]) => {
  expect(failureIn(output)).toBe(says);
});

test('a database that is away is waited for, one that refuses is not', () => {
  expect(isUnreachable(new Error('wrapped', { cause: coded('ECONNREFUSED') }))).toBe(true);
  expect(isUnreachable(new AggregateError([coded('ECONNREFUSED')]))).toBe(true);
  expect(isUnreachable(coded('57P03'))).toBe(true);
  expect(isUnreachable(coded('28P01'))).toBe(false);
  expect(isRefusal(new Error('wrapped', { cause: coded('28P01') }))).toBe(true);
  expect(isRefusal(Object.assign(new Error('SASL authentication failed'), { code: '08P01' }))).toBe(true);
});
