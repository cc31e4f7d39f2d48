import { isPortFree } from '../ports';
import { PlainError } from '../plain-error';
import { announce } from './announce';
import { buildIfStale } from './build';
import { openAuthSecret } from './credentials';
import { checkSettings, usesOwnDatabase } from './environment';
import { chooseHome, type Home } from './home';
import { keepRunning } from './keep-running';
import { takeLock } from './lock';
import { clearOrphan, openOwnDatabase } from './own-database';
import { openPlace, type Place } from './paths';
import { prepare } from './prepare-child';
import { endOrphanServer, startServer, type Server } from './server';

/**
 * Brings the console up step by step and takes it down in the opposite order, from whatever step it had reached. The
 * quick refusals (settings, a second console, a busy port) come before anything slow.
 */
export class Supervisor {
  private readonly undo: (() => Promise<void> | void)[] = [];
  private readonly aborter = new AbortController();
  private readonly say = (line: string) => console.log(line);

  constructor(private readonly dev: boolean) {}

  requestStop(): void {
    if (this.aborter.signal.aborted) return;
    console.log('\nStopping …');
    this.aborter.abort();
  }

  /** @returns the exit code */
  async run(): Promise<number> {
    try {
      const server = await this.up();
      const stopped = await Promise.race([server.ended.then(() => false), this.asked()]);
      if (!stopped && !this.aborter.signal.aborted) throw new PlainError('The console ended unexpectedly.');
      return 0;
    } catch (error) {
      if (this.aborter.signal.aborted) return 0;
      throw error;
    } finally {
      await this.down();
    }
  }

  private asked(): Promise<true> {
    const { signal } = this.aborter;
    if (signal.aborted) return Promise.resolve(true);
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(true), { once: true }));
  }

  private mayGoOn(): void {
    this.aborter.signal.throwIfAborted();
  }

  private async up(): Promise<Server> {
    const { port } = checkSettings();
    const place = await openPlace();
    this.undo.push(await takeLock(place.lock, port));
    await endOrphanServer(place, this.say);
    const own = usesOwnDatabase();
    const home = own ? await chooseHome(place) : undefined;
    if (home) await clearOrphan(home, this.say);
    if (!(await isPortFree(port))) {
      throw new PlainError(`Port ${port} is in use by another program; choose another one: PORT=${port + 1} npm start`);
    }
    process.env.AUTH_SECRET = await openAuthSecret(place);
    process.env.RISKDESK_DATA_DIR = place.base;
    this.mayGoOn();
    if (home) await this.openDatabase(place, home);
    this.mayGoOn();
    await this.prepareAndBuild(place, own);
    this.mayGoOn();
    const server = await startServer(place, port, this.dev, {});
    this.undo.push(() => server.stop());
    await announce(place, port, own);
    return server;
  }

  private async openDatabase(place: Place, home: Home): Promise<void> {
    const { cluster, env, restart } = await openOwnDatabase(place, home, this.say);
    this.undo.push(keepRunning(cluster, restart, this.say));
    Object.assign(process.env, env);
  }

  /** Both take their time on two cores, and neither waits for the other; the first failure stops both. */
  private async prepareAndBuild(place: Place, own: boolean): Promise<void> {
    const failed = new AbortController();
    const signal = AbortSignal.any([this.aborter.signal, failed.signal]);
    const build = this.dev ? Promise.resolve(false) : buildIfStale(place.buildLog, this.say, signal);
    const prepared = prepare(place, own, signal);
    try {
      await Promise.all([build, prepared]);
    } catch (error) {
      failed.abort();
      await Promise.allSettled([build, prepared]);
      throw error;
    }
  }

  private async down(): Promise<void> {
    for (const step of this.undo.toReversed()) {
      try {
        await step();
      } catch (error) {
        console.error(error instanceof Error ? error.message : error);
      }
    }
  }
}
