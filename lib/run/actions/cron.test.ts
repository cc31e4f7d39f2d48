import { expect, test } from 'vitest';
import { nextRun } from './cron';

function runs(cron: string, zone: string, after: string, n: number): string[] {
  const found: string[] = [];
  for (let at = after; found.length < n; found.push(at)) at = nextRun(cron, zone, at);
  return found;
}

test('R13: on the day that the clock is put forward, an hour that does not exist is the first moment behind it', () => {
  expect(runs('30 2 * * *', 'Europe/Berlin', '2027-03-27T00:00:00Z', 3)).toEqual(['2027-03-27T01:30:00.000Z', '2027-03-28T01:00:00.000Z', '2027-03-29T00:30:00.000Z']);
  expect(runs('0 0 * * *', 'America/Santiago', '2026-09-05T12:00:00Z', 2)).toEqual(['2026-09-06T04:00:00.000Z', '2026-09-07T03:00:00.000Z']);
});

test('R13: on the day that it is put back, an hour that comes twice counts once, and with a wildcard both times', () => {
  expect(runs('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual(['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z']);
  expect(runs('15 * * * *', 'Europe/Berlin', '2026-10-24T23:45:00Z', 3)).toEqual(['2026-10-25T00:15:00.000Z', '2026-10-25T01:15:00.000Z', '2026-10-25T02:15:00.000Z']);
});

test('over the end of a year, and every fourth year', () => {
  expect(runs('0 3 1 1 *', 'Asia/Kathmandu', '2026-12-31T20:00:00Z', 1)).toEqual(['2026-12-31T21:15:00.000Z']);
  expect(runs('0 0 29 2 *', 'UTC', '2026-11-25T00:00:00Z', 2)).toEqual(['2028-02-29T00:00:00.000Z', '2032-02-29T00:00:00.000Z']);
});

test.each([
  ['61 * * * *', 'UTC', 'cron'],
  ['* * * * * *', 'UTC', 'cron'],
  ['every day', 'UTC', 'cron'],
  ['0 0 30 2 *', 'UTC', 'cron'],
  ['0 0 * * *', 'Europe/Nowhere', 'timeZone'],
])('%s %s is refused, naming the field', (cron, zone, path) => {
  expect(() => nextRun(cron, zone, '2026-11-25T00:00:00Z')).toThrow(expect.objectContaining({ details: expect.objectContaining({ errors: [expect.objectContaining({ path })] }) }));
});
