import { Cron } from 'croner';
import { expect, test } from 'vitest';
import { cronInWords } from './cron-words';

test.each([
  ['30 2 * * *', 'Every day at 02:30'], ['5 14 * * 0', 'Every Sunday at 14:05'], ['5 14 * * 7', 'Every Sunday at 14:05'], ['0 6 * * 1-5', 'Monday to Friday at 06:00'], ['30 2 1 * *', 'On day 1 of each month at 02:30'],
  ['15 * * * *', 'Every hour at 15 minutes past'], ['0 * * * *', 'Every hour, on the hour'], ['05 * * * *', 'Every hour at 5 minutes past'], ['*/10 * * * *', 'Every 10 minutes'], [' 30  2 * * * ', 'Every day at 02:30'],
])('%s: %s', (cron, says) => expect(cronInWords(cron)).toBe(says));

test.each(['', '* * * * *', '*/7 * * * *', '30 2 1 * 1', '30 2 * 3 *', '30 2,4 * * *', '30 */2 * * *', '99 2 * * *', '30 24 * * *', '30 2 0 * *', '30 2 * * 8', '30 2 * * 1-9', '30 2 * * 1,3', '30 2 * * MON', '@daily', '30 2 * * * *'])('%j is left as it is', (cron) => expect(cronInWords(cron)).toBeNull());

test('what is put into words is what the schedule does', () => {
  const next = (cron: string) => new Cron(cron, { timezone: 'UTC', paused: true, mode: '5-part' }).nextRuns(3, new Date('2026-01-01T00:00:00Z')).map((at) => at.toISOString().slice(0, 16));
  expect(next('0 6 * * 1-5')).toEqual(['2026-01-01T06:00', '2026-01-02T06:00', '2026-01-05T06:00']);
  expect(next('5 14 * * 7')).toEqual(['2026-01-04T14:05', '2026-01-11T14:05', '2026-01-18T14:05']);
  expect(next('*/10 * * * *')).toEqual(['2026-01-01T00:10', '2026-01-01T00:20', '2026-01-01T00:30']);
});
