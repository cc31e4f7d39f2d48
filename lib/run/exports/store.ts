import 'server-only';
import { constants, createReadStream } from 'node:fs';
import { access, mkdir, open, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { readEnv } from '@/lib/env';
import { manifestSchema, type ExportFacts, type ExportManifest, type KeptExport } from '@/lib/kit/export';
import { log } from '../log';

// An export is a directory with the id of the job that made it; until it is complete its name has an ending. No part of a path is anybody's text.
const whole = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
const ending = '.part';

/** Null without a directory that outlives the console: in a container that has none, an export would be gone with it. */
function exportDirectory(): string | null {
  const { EXPORT_DIR, RISKDESK_DATA_DIR } = readEnv();
  if (EXPORT_DIR !== undefined) return resolve(EXPORT_DIR);
  return RISKDESK_DATA_DIR === undefined ? null : resolve(RISKDESK_DATA_DIR, 'exports');
}

export function placeOf(id: string): string {
  const directory = exportDirectory();
  if (directory === null || !whole.test(id)) throw new Error('no place of an export');
  return join(directory, id);
}

export const manifestName = 'manifest.json';
export const fileName = (index: number): string => `${index + 1}.csv.gz`;

/** What a file or a directory holds is on disk before anything is done on the strength of it. */
export async function onDisk(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The directory of an export that has begun, empty. */
export async function beginExport(id: string): Promise<string> {
  const part = placeOf(id) + ending;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true, mode: 0o700 });
  return part;
}

/** From now on the export is seen. */
export async function revealExport(manifest: ExportManifest): Promise<void> {
  const place = placeOf(manifest.id);
  const said = join(place + ending, manifestName);
  await writeFile(said, `${JSON.stringify(manifest, null, 2)}\n`, { flag: 'wx', mode: 0o600 });
  await onDisk(said);
  await onDisk(place + ending);
  await rename(place + ending, place);
  await onDisk(dirname(place));
}

/** Removes what a job has begun to write. What cannot be removed now is tried again when a console starts. */
export async function discardUnfinished(id: string): Promise<void> {
  if (exportDirectory() === null) return;
  await rm(placeOf(id) + ending, { recursive: true, force: true }).catch((error: NodeJS.ErrnoException) => log('warn', 'an unfinished export cannot be removed', { export: id, code: error.code ?? null }));
}

async function names(): Promise<string[]> {
  const directory = exportDirectory();
  return directory === null ? [] : readdir(directory).catch(() => []);
}

/** Jobs of which something unfinished lies there. */
export const unfinished = async (): Promise<string[]> => (await names()).flatMap((name) => (name.endsWith(ending) && whole.test(name.slice(0, -ending.length)) ? [name.slice(0, -ending.length)] : []));

/** Manifests never change. */
const known = new Map<string, ExportManifest>();

async function manifestOf(id: string): Promise<ExportManifest | null> {
  const there = known.get(id);
  if (there) return there;
  try {
    const manifest = manifestSchema.parse(JSON.parse(await readFile(join(placeOf(id), manifestName), 'utf8')));
    known.set(id, manifest);
    return manifest;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') log('warn', 'the manifest of an export cannot be read', { export: id, kind: error instanceof Error ? error.name : typeof error });
    return null;
  }
}

async function kept(id: string): Promise<KeptExport | null> {
  const manifest = await manifestOf(id);
  if (!manifest) return null;
  const damaged: string[] = [];
  for (const { file, bytes } of manifest.tables) if ((await stat(join(placeOf(id), file)).catch(() => null))?.size !== bytes) damaged.push(file);
  return { ...manifest, damaged };
}

/** The exports of a target that lie in this console’s directory. */
export async function listExports(target: string): Promise<KeptExport[]> {
  const found: KeptExport[] = [];
  for (const id of (await names()).filter((name) => whole.test(name))) {
    const one = await kept(id);
    if (one?.target === target) found.push(one);
  }
  return found;
}

export const findExport = async (id: string): Promise<KeptExport | null> => (exportDirectory() !== null && whole.test(id) ? kept(id) : null);

/** A file of an export, by the manifest alone. @throws ENOENT where it is gone */
export async function openExported(id: string, file: string): Promise<{ stream: ReadableStream; bytes: number }> {
  const path = join(placeOf(id), file);
  const { size } = await stat(path);
  return { stream: Readable.toWeb(createReadStream(path)) as ReadableStream, bytes: size };
}

/** How much room there is for an export; null where none can be made. */
async function freeBytes(place = exportDirectory()): Promise<number | null> {
  if (place === null) return null;
  try {
    await access(place, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = await statfs(place);
    return bavail * bsize;
  } catch (error) {
    // It is made with the first export, in the nearest directory that is there.
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(place) !== place ? freeBytes(dirname(place)) : null;
  }
}

/** What an action may know; without a job before there is one. */
export const exportFacts = (target: string, job: string | null): ExportFacts => ({
  free: () => freeBytes(),
  made: async () => job !== null && (await findExport(job)) !== null,
  find: async (id) => {
    const found = await findExport(id);
    return found?.target === target ? found : null;
  },
  list: () => listExports(target),
});
