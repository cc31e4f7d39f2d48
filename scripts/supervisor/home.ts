import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, chmod, constants, mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readText, writePrivate } from '../files';
import { PlainError } from '../plain-error';
import { canReach, serverAccount, type Account } from '../postgres/account';
import type { Place } from './paths';

/** Where the server keeps its data, and who it runs as. */
export type Home = { directory: string; dataDir: string; account: Account | undefined; outside: boolean };

/** A server of an unprivileged account cannot pass a private home such as /root, so its data cannot be below it. */
export async function chooseHome(place: Place): Promise<Home> {
  const kept = await keptHome(place);
  if (kept) return outsideHome(kept);
  const inside = join(place.base, 'postgres');
  const account = serverAccount(inside);
  if (!account && existsSync(inside)) await refuseForeign(inside);
  if (canReach(account, place.base, '-x')) return { directory: place.base, dataDir: inside, account, outside: false };
  if (existsSync(inside)) throw new PlainError(`PostgreSQL runs as ${account?.name} and can no longer reach its data in ${inside}. Give it access to the directories above, or move the data.`);
  const directory = await createOutside(place);
  await writePrivate(place.home, `${directory}\n`);
  return outsideHome(directory);
}

/** The choice is kept: a home that becomes readable later must not lead to a second, empty database. */
async function keptHome(place: Place): Promise<string | undefined> {
  const directory = (await readText(place.home))?.trim();
  if (!directory) return undefined;
  if (!existsSync(directory)) throw new PlainError(`The database of this console was in ${directory}, which is gone. To begin anew, remove ${place.base}.`);
  const owner = (await readText(join(directory, 'owner')))?.trim();
  if (owner === place.base) return directory;
  // A clone that was moved takes its data along; one that was copied beside the original must not share it.
  const originalStillThere = owner !== undefined && (await readText(join(owner, basename(place.home))))?.trim() === directory;
  if (originalStillThere) throw new PlainError(`${place.base} is a copy of ${owner}, whose database is in ${directory}. To give this copy its own, remove ${place.base}.`);
  await writePrivate(join(directory, 'owner'), `${place.base}\n`);
  return directory;
}

function outsideHome(directory: string): Home {
  const dataDir = join(directory, 'postgres');
  return { directory, dataDir, account: serverAccount(dataDir), outside: true };
}

async function createOutside(place: Place): Promise<string> {
  const name = `${createHash('sha256').update(place.base).digest('hex').slice(0, 12)}-${randomBytes(3).toString('hex')}`;
  for (const above of ['/var/lib', '/opt', '/srv']) {
    const directory = join(above, 'riskdesk', name);
    const made = await mkdir(directory, { recursive: true, mode: 0o755 }).then(() => true, () => false);
    if (!made) continue;
    await chmod(dirname(directory), 0o755);
    await chmod(directory, 0o755);
    if (!canReach(serverAccount(directory), directory, '-x')) continue;
    await writePrivate(join(directory, 'owner'), `${place.base}\n`);
    return directory;
  }
  throw new PlainError(`PostgreSQL does not run as root, and its account cannot reach ${place.base}; no directory could be made for it in /var/lib, /opt or /srv. Start as an ordinary user, or set DB_HOST.`);
}

async function refuseForeign(dataDir: string): Promise<void> {
  const mine = await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK).then(() => true, () => false);
  if (!mine) throw new PlainError(`The data in ${dataDir} belongs to another account. Start as the user who started before, or choose another RISKDESK_DATA_DIR.`);
}

