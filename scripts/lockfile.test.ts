import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

const entry = z.object({
  version: z.string().optional(),
  resolved: z.string().optional(),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
});
const { packages } = z.object({ packages: z.record(z.string(), entry) }).parse(JSON.parse(readFileSync('package-lock.json', 'utf8')));

/** As Node looks for a package: here, then in every folder above. */
function found(from: string, name: string): boolean {
  if (packages[`${from ? `${from}/` : ''}node_modules/${name}`]) return true;
  const above = from.lastIndexOf('node_modules/');
  return above >= 0 && found(from.slice(0, above).replace(/\/$/, ''), name);
}

test('the lockfile has the packages of every platform: npm ci refuses it otherwise', () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies }]) =>
    Object.keys(optionalDependencies).filter((name) => !found(path, name)).map((name) => `${path} wants ${name}`),
  );
  expect(missing).toEqual([]);
});

test('the lockfile names no registry: the one that is configured serves it', () => {
  expect(Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
});

// The first versions without a known way in; what each mends is in docs/decisions/2026-11-24-supply-chain.md.
const floors: [name: RegExp, floor: string][] = [
  [/^next$/, '16.4.1'],
  [/^(react|react-dom|react-server-dom-.*)$/, '19.3.1'],
  [/^drizzle-orm$/, '0.45.2'],
  [/^better-auth$/, '1.7.7'],
];

/** A pre-release counts as before the release that it leads to. */
function isBelow(version: string, floor: string): boolean {
  const parts = (text: string) => text.split(/[.-]/).slice(0, 3).map(Number);
  const have = parts(version);
  for (const [index, want] of parts(floor).entries()) {
    const got = have[index] ?? 0;
    if (got !== want) return !(got > want);
  }
  return version.includes('-');
}

describe('S2: supply chain', () => {
  const locked = Object.entries(packages).map(([path, { version = '' }]) => ({ name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length), path, version }));

  test.for(floors)('S2: no copy of %s is below %s', ([name, floor]) => {
    const copies = locked.filter((one) => name.test(one.name));
    expect(copies).not.toEqual([]);
    expect(copies.filter(({ version }) => isBelow(version, floor))).toEqual([]);
  });

  test.for([['16.4.0', true], ['16.3.9', true], ['9.9.9', true], ['16.4.1-canary.3', true], ['16.4.1', false], ['16.4.10', false], ['17.0.0-rc.1', false], ['', true]] as const)('S2: version %s below 16.4.1: %s', ([version, below]) => {
    expect(isBelow(version, '16.4.1')).toBe(below);
  });

  test('S2: no install script runs, and npm chooses no version younger than seven days', () => {
    const settings = readFileSync('.npmrc', 'utf8').split('\n');
    expect(settings).toContain('ignore-scripts=true');
    expect(settings).toContain('min-release-age=7');
  });
});
