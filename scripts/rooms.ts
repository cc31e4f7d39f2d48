import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes lib/rooms/index.ts from the folders: a room is a folder with room.ts, its diagnostics are the files named
 * <name>.diagnostic.ts. So a new diagnostic is one new file. A test says when the index is out of date.
 */
const base = join(import.meta.dirname, '../lib/rooms');
export const indexFile = join(base, 'index.ts');

const camel = (text: string) => text.replace(/-(\w)/g, (_, char: string) => char.toUpperCase());

function roomFolders(): string[] {
  return readdirSync(base, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(base, entry.name, 'room.ts')))
    .map((entry) => entry.name)
    .toSorted();
}

export function roomsIndex(): string {
  const imports: string[] = [];
  const entries: string[] = [];
  for (const folder of roomFolders()) {
    const files = readdirSync(join(base, folder)).filter((file) => file.endsWith('.diagnostic.ts')).toSorted();
    const room = `${camel(folder)}Room`;
    imports.push(`import { room as ${room} } from './${folder}/room';`);
    const names = files.map((file) => {
      const name = file.replace('.diagnostic.ts', '');
      const local = camel(`${folder}-${name}`);
      imports.push(`import { ${camel(name)} as ${local} } from './${folder}/${name}.diagnostic';`);
      return local;
    });
    entries.push(`  { room: ${room}, diagnostics: [${names.join(', ')}] },`);
  }
  return `// Written by \`npm run rooms\` from the folders beside it: do not edit.
import type { Diagnostic } from '@/lib/kit/diagnostic';
import type { Room } from '@/lib/kit/room';
${imports.join('\n')}

export const declared: { room: Room; diagnostics: Diagnostic[] }[] = [
${entries.join('\n')}
];
`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(indexFile, roomsIndex());
