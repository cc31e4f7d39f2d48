import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { install, mayInstall } from './apt';
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

/** For a machine without one where we may install. */
export async function installBrowser(say: (line: string) => void): Promise<string | undefined> {
  if (process.env.CHROMIUM_PATH || !mayInstall()) return undefined;
  say('Installing Chromium …');
  return (await install('chromium')) ? findBrowser() : undefined;
}

export const noBrowser = process.env.CHROMIUM_PATH
  ? 'CHROMIUM_PATH does not name a program that can be run.'
  : 'There is no Chromium, Chrome or Edge here. Install one, or name it in CHROMIUM_PATH.';

/** Nothing that calls home or differs from run to run; root needs the browser's own sandbox off. */
export const browserArguments = [
  '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  ...(isRoot() ? ['--no-sandbox'] : []),
];
