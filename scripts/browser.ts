import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isRoot } from './postgres/account';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'microsoft-edge', 'msedge'];
const places = [
  '/snap/bin/chromium',
  '/opt/google/chrome/chrome',
  '/opt/microsoft/msedge/msedge',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A browser of the Chromium family that is on the machine. CHROMIUM_PATH wins. */
export function findBrowser(): string | undefined {
  const { CHROMIUM_PATH, PATH = '' } = process.env;
  if (CHROMIUM_PATH) return isProgram(CHROMIUM_PATH) ? CHROMIUM_PATH : undefined;
  const onPath = PATH.split(delimiter).flatMap((directory) => names.map((name) => join(directory, name)));
  return [...onPath, ...places].find(isProgram);
}

/** For a machine without one where we may install: Debian and its kin, as root. */
export function installBrowser(say: (line: string) => void): string | undefined {
  if (process.env.CHROMIUM_PATH || !isRoot() || spawnSync('apt-get', ['--version']).status !== 0) return undefined;
  say('Installing Chromium …');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [['update', '-qq'], ['install', '-y', '-qq', '--no-install-recommends', 'chromium']]) {
    const { status } = spawnSync('apt-get', args, { env, stdio: 'ignore' });
    if (status !== 0) return undefined;
  }
  return findBrowser();
}

export const noBrowser = process.env.CHROMIUM_PATH
  ? 'CHROMIUM_PATH does not name a program that can be run.'
  : 'There is no Chromium, Chrome or Edge here. Install one, or name it in CHROMIUM_PATH.';

/** Nothing that calls home or differs from run to run; root needs the browser's own sandbox off. */
export const browserArguments = [
  '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  ...(isRoot() ? ['--no-sandbox'] : []),
];
