import { Supervisor } from './supervisor/supervisor';
import { exitWith } from './plain-error';

/** `npm start` and `npm run dev`: from a clone to a running console, and down again in order. */
async function main(): Promise<void> {
  const supervisor = new Supervisor(process.argv.includes('--dev'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => supervisor.requestStop());
  process.once('disconnect', () => supervisor.requestStop());
  // The terminal may be gone before we are, and the database must be stopped in order all the same.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  process.exit(await supervisor.run());
}

main().catch(exitWith);
