import { describe, expect, it } from 'vitest';
import { format, formatBytes, formatMs, formatRelative } from './units';

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

  it('formats ratios, flags, scores and times', () => {
    expect(format(0.756, 'ratio')).toBe('75.6 %');
    expect(format(0.0042, 'ratio')).toBe('0.42 %');
    expect(format(false, 'flag')).toBe('no');
    expect(format(0.5, 'score')).toBe('0.50');
    expect(format('2026-03-01T12:00:00.123456Z', 'time')).toBe('1 Mar 2026, 12:00:00 UTC');
    expect(formatRelative('2026-03-01T12:00:00Z', Date.parse('2026-03-01T12:03:10Z'))).toBe('3 minutes ago');
  });
});
