import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson, writePrivate } from '../files';
import { root, type Place } from './paths';

const markSchema = z.object({ migrations: z.string() });

async function migrationStamp(): Promise<string> {
  const directory = join(root, 'drizzle', 'migrations');
  const hash = createHash('sha256');
  for (const name of (await readdir(directory)).filter((file) => file.endsWith('.sql')).toSorted()) {
    hash.update(`${name}\0`).update(await readFile(join(directory, name)));
  }
  return hash.digest('hex');
}

/** Whether the own database has had its demo data; it is given them once, and what people delete stays deleted. */
export async function isSeeded(place: Place): Promise<boolean> {
  return markSchema.safeParse(await readJson(place.prepared)).success;
}

/** Whether nothing is left to prepare: then a start saves itself the process for it (the console ensures partitions itself). */
export async function isPrepared(place: Place): Promise<boolean> {
  const mark = markSchema.safeParse(await readJson(place.prepared));
  return mark.success && mark.data.migrations === (await migrationStamp());
}

export async function markPrepared(place: Place): Promise<void> {
  await writePrivate(place.prepared, `${JSON.stringify({ migrations: await migrationStamp(), at: new Date().toISOString() })}\n`);
}
