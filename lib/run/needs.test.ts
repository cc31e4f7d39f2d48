import { describe, expect, it } from 'vitest';
import { chartColumns } from '@/lib/kit/diagnostic';
import { diagnostics } from './registry';
import { isOlder } from './needs';

describe('versions of extensions', () => {
  it.each([['1.9', '1.10', true], ['1.10', '1.9', false], ['1.10', '1.10', false], ['1.8', '1.8.1', true], ['2', '1.10', false]])('%s is older than %s: %s', (a, b, older) => {
    expect(isOlder(a, b)).toBe(older);
  });
});

describe('the registry keeps what each declaration promises', () => {
  it.each([...diagnostics.values()].map((entry) => [entry.id, entry] as const))('%s', (_, { room, diagnostic }) => {
    const columns = Object.keys(diagnostic.row);
    const mentioned = [...diagnostic.key, ...(diagnostic.search ?? []), ...(diagnostic.show ?? []), diagnostic.sort.replace(/^-/, ''), ...diagnostic.charts.flatMap(chartColumns)];
    for (const column of mentioned) expect(columns).toContain(column);
    for (const [key, column] of Object.entries(diagnostic.row)) {
      const suffix = { bytes: '_bytes', ms: '_ms', ratio: '_ratio' }[column.unit as string];
      if (suffix) expect(key, `a column of unit ${column.unit}`).toMatch(new RegExp(`${suffix}$`));
    }
    for (const code of Object.keys(diagnostic.codes)) expect(code).toMatch(new RegExp(`^${room.name}\\.[a-z_]+$`));
    for (const text of [diagnostic.title, diagnostic.why, diagnostic.how]) expect(text.length).toBeGreaterThan(5);
    expect(diagnostic.refreshSeconds).toBeGreaterThanOrEqual(1);
    for (const [key, { default: fallback, schema }] of Object.entries(diagnostic.params)) expect(schema.safeParse(fallback).success, `default of ${key}`).toBe(true);
  });

  it('has one diagnostic for an id, and no two findings with one meaning', () => {
    const codes = [...diagnostics.values()].flatMap(({ diagnostic }) => Object.keys(diagnostic.codes));
    expect(new Set(codes).size).toBe(codes.length);
  });
});
