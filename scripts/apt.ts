import { spawnSync } from 'node:child_process';
import { isRoot } from './postgres/account';
import { runProgram } from './processes';

/** Debian and its kin, as root. */
export function mayInstall(): boolean {
  return isRoot() && spawnSync('apt-get', ['--version']).status === 0;
}

/** @returns whether the package is there now */
export async function install(name: string): Promise<boolean> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [['update', '-qq'], ['install', '-y', '-qq', '--no-install-recommends', name]]) {
    const { code } = await runProgram('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], { env });
    if (code !== 0) return false;
  }
  return true;
}
