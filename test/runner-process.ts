import { kickRunner, runForever } from '@/lib/run/actions/runner';

/**
 * The part of a console that runs jobs, as a process of its own that a test may kill: `node --import tsx test/runner-process.ts` with
 * an IPC channel. It begins when it is told first, looks at once when it is told again, so that a spare one can stand ready, and dies with the process that forked it.
 */
process.once('message', () => void runForever());
process.on('message', kickRunner);
process.once('disconnect', () => process.exit());
process.send?.('ready');
