import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
// Below the root, because the rules go by the path from there.
const planted = mkdtempSync(join(root, 'lib/rooms/planted-'));
const room = planted.slice(root.length + 1);
const files: string[] = [];

afterAll(() => {
  for (const file of files) rmSync(file, { force: true });
  rmSync(planted, { recursive: true, force: true });
});

/** What lint says of one file with this text. */
function lint(path: string, text: string): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${text}\n`);
  files.push(file);
  return spawnSync(join(root, 'node_modules/.bin/oxlint'), [file], { cwd: root, encoding: 'utf8' }).stdout;
}

describe('lint keeps the boundaries and says the way out', () => {
  it.each([
    ['a room that imports another room', `${room}/a.ts`, "import { room } from '@/lib/rooms/pool/room';\nexport const a = room;", 'A room imports no other room'],
    ['a room that imports React', `${room}/b.ts`, "import { useState } from 'react';\nexport const b = useState;", 'neither Next nor React'],
    ['a room that opens the database', `${room}/c.ts`, "import { database } from '@/lib/db/client';\nexport const c = database;", 'receives its database handle'],
    ['a room that reads the environment', `${room}/d.ts`, 'export const d = process.env.HOME;', 'process.env'],
    ['the kit that imports the engine', 'lib/kit/planted-boundary.ts', "import { rooms } from '@/lib/run/registry';\nexport const e = rooms;", 'The kit is the grammar'],
    ['lib that imports a page', 'lib/run/planted-boundary.ts', "import { endpoints } from '@/app/api/endpoints';\nexport const f = endpoints;", 'lib never imports app'],
    ['the browser that imports the server', 'components/planted-boundary.tsx', "import { database } from '@/lib/db/client';\nexport const g = database;", 'The browser gets values'],
    ['the browser that imports a declaration', 'components/planted-room.tsx', "import { slow } from '@/lib/rooms/queries/slow.diagnostic';\nexport const h = slow;", 'would ship SQL to the browser'],
  ])('refuses %s', (_, path, text, says) => {
    expect(lint(path, text)).toContain(says);
  });

  it('allows the type of the database handle in a room', () => {
    expect(lint(`${room}/ok.ts`, "import type { Database } from '@/lib/db/client';\nexport const ok = (db: Database) => db;")).toContain('0 errors');
  });
});
