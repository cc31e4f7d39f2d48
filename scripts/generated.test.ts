import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { docsFolder, roomDocs } from './docs';
import { indexFile, roomsIndex } from './rooms';

test('lib/rooms/index.ts is what `npm run rooms` writes', () => {
  expect(readFileSync(indexFile, 'utf8')).toBe(roomsIndex());
});

test('docs/rooms is what `npm run docs` writes', async () => {
  const kept = readdirSync(docsFolder).map((name) => [name, readFileSync(join(docsFolder, name), 'utf8')] as const);
  expect(new Map(kept)).toEqual(await roomDocs());
});
