import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes lib/rooms/index.ts from the folders: a room is a folder with room.ts, its diagnostics are the files named
 * <name>.diagnostic.ts, its actions those named <name>.action.ts. So a new one is one new file. A test says when the index is out of date.
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
    const room = `${camel(folder)}Room`;
    imports.push(`import { room as ${room} } from './${folder}/room';`);
    const namesOf = (kind: 'diagnostic' | 'action') =>
      readdirSync(join(base, folder)).filter((file) => file.endsWith(`.${kind}.ts`)).toSorted().map((file) => {
        const name = file.replace(`.${kind}.ts`, '');
        const local = camel(`${folder}-${name}${kind === 'action' ? '-action' : ''}`);
        imports.push(`import { ${camel(name)} as ${local} } from './${folder}/${name}.${kind}';`);
        return local;
      });
    entries.push(`  { room: ${room}, diagnostics: [${namesOf('diagnostic').join(', ')}], actions: [${namesOf('action').join(', ')}] },`);
  }
  return `// Written by \`npm run rooms\` from the folders beside it: do not edit.
import type { Action } from '@/lib/kit/action';
import type { Diagnostic } from '@/lib/kit/diagnostic';
import type { Room } from '@/lib/kit/room';
${imports.join('\n')}

export const declared: { room: Room; diagnostics: Diagnostic[]; actions: Action[] }[] = [
${entries.join('\n')}
];
`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(indexFile, roomsIndex());
