import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { format, formatAmount, formatBytes, formatMs, formatRelative, parseAmount } from './units';

describe('units', () => {
  it.each([[0, '0 B'], [1023, '1023 B'], [1024, '1.00 kB'], [1536, '1.50 kB'], [10 * 1024, '10.0 kB'], [1_048_576, '1.00 MB'], [5e12, '4.55 TB'], [-2048, '-2.00 kB']])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([[0, '0 ms'], [0.123, '0.12 ms'], [5.55, '5.5 ms'], [340, '340 ms'], [2400, '2.4 s'], [59_000, '59 s'], [200_000, '3 min 20 s'], [18_720_000, '5 h 12 min'], [400_000_000, '5 days']])('%d ms are %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text);
  });

  it('shows an unknown value as unknown, not as zero', () => {
    expect(format(null, 'bytes')).toBe('–');
    expect(format(0, 'bytes')).toBe('0 B');
  });

  it('shows no digit that may be wrong', () => {
    expect(format(Number.MAX_SAFE_INTEGER, 'count')).toBe('9,007,199,254,740,991');
    expect(format(2 ** 63, 'count')).toBe('9.22e18');
  });

  it('formats ratios, flags, scores and times', () => {
    expect(format(0.756, 'ratio')).toBe('75.6 %');
    expect(format(0.0042, 'ratio')).toBe('0.42 %');
    expect(format(false, 'flag')).toBe('no');
    expect(format(0.5, 'score')).toBe('0.50');
    expect(format('2026-03-01T12:00:00.123456Z', 'time')).toBe('1 Mar 2026, 12:00:00 UTC');
    expect(formatRelative('2026-03-01T12:00:00Z', Date.parse('2026-03-01T12:03:10Z'))).toBe('3 minutes ago');
  });
});

describe('amounts that a person types', () => {
  it.each([
    ['100 MB', 'bytes', 104_857_600], ['1GiB', 'bytes', 1_073_741_824], ['1.5 gb', 'bytes', 1_610_612_736], ['8192', 'bytes', 8192], ['64 k', 'bytes', 65_536], ['12 B', 'bytes', 12],
    ['30s', 'ms', 30_000], ['1 h 30 min', 'ms', 5_400_000], ['1h30m', 'ms', 5_400_000], ['250', 'ms', 250], ['0.5 ms', 'ms', 0.5], ['2 days', 'ms', 172_800_000],
    ['75 %', 'ratio', 0.75], ['0.3', 'ratio', 0.3], ['12.5%', 'ratio', 0.125],
  ] as const)('%s of %s are %d', (text, unit, value) => expect(parseAmount(text, unit)).toBe(value));

  it.each([['', 'bytes'], ['many', 'bytes'], ['1 parsec', 'ms'], ['10 MB', 'ms'], ['-5 s', 'ms'], ['5 5', 'ms'], ['1e9', 'bytes'], ['30 s', 'ratio'], ['MB', 'bytes']] as const)('%j is no amount of %s', (text, unit) => expect(parseAmount(text, unit)).toBeNull());

  it.each([[67_108_864, 'bytes', '64 MB'], [1_610_612_736, 'bytes', '1.5 GB'], [0, 'bytes', '0 B'], [1000, 'bytes', '1000 B'], [60_000, 'ms', '1 min'], [86_400_000, 'ms', '1 day'], [90_000, 'ms', '90 s'], [0.5, 'ms', '0.5 ms'], [0.3, 'ratio', '30 %']] as const)('%d of %s are written %s', (value, unit, text) => expect(formatAmount(value, unit)).toBe(text));

  it('reads what it writes', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (value) => parseAmount(formatAmount(value, 'bytes'), 'bytes') === value));
    fc.assert(fc.property(fc.integer({ min: 0, max: 1e12 }), (value) => parseAmount(formatAmount(value, 'ms'), 'ms') === value));
    fc.assert(fc.property(fc.integer({ min: 0, max: 1000 }), (value) => parseAmount(formatAmount(value / 1000, 'ratio'), 'ratio') === value / 1000));
  });
});
