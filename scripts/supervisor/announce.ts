import { readText } from '../files';
import type { Place } from './paths';
import { rm } from 'node:fs/promises';

/** The file that says the accounts are new and have not been shown yet. */
export const unshownMark = (place: Pick<Place, 'accounts'>) => `${place.accounts}.new`;

/** The address, and the demo accounts: their passwords once, afterwards only where they are. */
export async function announce(place: Place, port: number, own: boolean): Promise<void> {
  const address = `http://localhost:${port}`;
  console.log(`\nRiskdesk is ready: ${address}`);
  const accounts = own ? await readText(place.accounts) : undefined;
  if (accounts) {
    const isNew = (await readText(unshownMark(place))) !== undefined;
    if (isNew) {
      console.log(`\n${accounts.trimEnd()}\n\nShown this once; kept in ${place.accounts}`);
      await rm(unshownMark(place), { force: true });
    } else {
      console.log(`Demo accounts: ${place.accounts}`);
    }
  }
  console.log('Stop with Ctrl-C.');
}
