import { z } from 'zod';
import { randomPassword, readJson, readText, writePrivate } from '../files';
import { PlainError } from '../plain-error';
import { isPortFree, freePort } from '../ports';
import type { Place } from './paths';

const credentialsSchema = z.object({
  port: z.number().int().optional(),
  passwords: z.object({ postgres: z.string(), maintenance: z.string(), app: z.string(), monitor: z.string() }),
});

export type Credentials = z.infer<typeof credentialsSchema> & { port: number };

/** The own server's passwords, made once, and its port: the one of last time where that is free. */
export async function openCredentials(place: Place): Promise<Credentials> {
  const kept = credentialsSchema.safeParse(await readJson(place.credentials));
  const passwords = kept.success
    ? kept.data.passwords
    : { postgres: randomPassword(), maintenance: randomPassword(), app: randomPassword(), monitor: randomPassword() };
  const before = kept.success ? kept.data.port : undefined;
  const port = before !== undefined && (await isPortFree(before, '127.0.0.1')) ? before : await freePort();
  const credentials = { port, passwords };
  if (port !== before) await writePrivate(place.credentials, `${JSON.stringify(credentials, null, 2)}\n`);
  return credentials;
}

/** Of a database that is running. @throws PlainError when this place has none of its own */
export async function readCredentials(place: Place): Promise<Credentials> {
  const kept = credentialsSchema.safeParse(await readJson(place.credentials));
  const port = kept.data?.port;
  if (!kept.success || port === undefined) throw new PlainError(`There is no database of this console's own in ${place.base}; npm start creates it.`);
  return { port, passwords: kept.data.passwords };
}

/** Signs the sessions: made once, so that a restart signs nobody out. A secret of one's own wins. */
export async function openAuthSecret(place: Place): Promise<string> {
  if (process.env.AUTH_SECRET) return process.env.AUTH_SECRET;
  const kept = (await readText(place.authSecret))?.trim();
  if (kept && kept.length >= 32) return kept;
  const secret = randomPassword() + randomPassword();
  await writePrivate(place.authSecret, `${secret}\n`);
  return secret;
}
