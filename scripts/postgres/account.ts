import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { PlainError } from '../plain-error';

/** Whom the server runs as. Undefined: as this process, which is not root. */
export type Account = { name: string; uid: number; gid: number };

/** For `spawn`: Node gives up the supplementary groups of root too. */
export function spawnAs(account: Account | undefined): { uid?: number; gid?: number } {
  return account ? { uid: account.uid, gid: account.gid } : {};
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function accounts(): Account[] {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    return name && uid && gid && Number(uid) > 0 ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}

/**
 * PostgreSQL refuses to run as root. Data that is there already stays with its owner; otherwise an account that every
 * system has is used, because creating one would be a lasting change of someone's machine.
 */
export function serverAccount(dataDir: string): Account | undefined {
  if (!isRoot()) return undefined;
  const known = accounts();
  const owner = ownerOf(dataDir);
  const account = owner ? known.find(({ uid }) => uid === owner) : (known.find(({ name }) => name === 'postgres') ?? known.find(({ name }) => name === 'nobody'));
  if (account) return account;
  throw new PlainError('PostgreSQL does not run as root, and there is no account "postgres" or "nobody" to run it as. Start as an ordinary user, or set DB_HOST.');
}

function ownerOf(path: string): number | undefined {
  const uid = statSync(path, { throwIfNoEntry: false })?.uid;
  return uid === 0 ? undefined : uid;
}

/** Asked of the system under that account itself: modes, access lists and mount options all count. */
export function canReach(account: Account | undefined, path: string, test: '-x' | '-r' | '-w'): boolean {
  const { status } = spawnSync('/bin/sh', ['-c', `test ${test} "$1"`, 'sh', path], { ...spawnAs(account), cwd: '/', stdio: 'ignore' });
  return status === 0;
}
