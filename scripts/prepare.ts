import { plainLine } from './plain-error';
import { isRefusal, isUnreachable } from './supervisor/database-errors';
import { openPlace } from './supervisor/paths';
import { prepareExit } from './supervisor/prepare-child';
import { markPrepared } from './supervisor/prepared';

/** Migrates, ensures the first administrator, and fills an empty own database with demo data. */
async function main(): Promise<number> {
  const { migrate } = await import('@/lib/db/migrate');
  const { applied } = await migrate();
  if (applied > 0) console.log(`Applied ${applied} migration${applied === 1 ? '' : 's'}`);
  const { ensureFirstAdmin } = await import('@/lib/auth/users');
  const { database } = await import('@/lib/db/client');
  await ensureFirstAdmin(database());
  if (process.argv.includes('--demo')) {
    const { seedDemo } = await import('./seed/demo');
    const place = await openPlace();
    await seedDemo(place);
    await markPrepared(place);
  }
  return prepareExit.done;
}

process.once('disconnect', () => process.exit(prepareExit.failed));

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (isUnreachable(error)) process.exit(prepareExit.unreachable);
    console.error(isRefusal(error) ? `The database refuses the connection: ${plainLine(error)}` : plainLine(error));
    if (process.env.RISKDESK_DEBUG) console.error(error);
    process.exit(prepareExit.failed);
  },
);
