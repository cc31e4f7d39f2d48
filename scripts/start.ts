import { Supervisor } from './supervisor/supervisor';
import { exitWith } from './plain-error';

/** `npm start` and `npm run dev`: from a clone to a running console, and down again in order. */
async function main(): Promise<void> {
  const dev = process.argv.includes('--dev');
  const supervisor = new Supervisor(dev);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => supervisor.requestStop());
  process.once('disconnect', () => supervisor.requestStop());
  process.exit(await supervisor.run());
}

main().catch(exitWith);
