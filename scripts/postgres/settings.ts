import { totalmem } from 'node:os';
import type { Settings } from './cluster';

const MiB = 1024 * 1024;

/** A quarter of the memory up to 256 MB: the server shares the machine with the console and whatever else runs there. */
function sharedBuffers(): number {
  return Math.max(32, Math.min(256, Math.floor(totalmem() / MiB / 8)));
}

/** What the console's own server runs with: everything that its diagnostics read is switched on. */
export function consoleSettings(major: number): Settings {
  return {
    shared_preload_libraries: 'pg_stat_statements',
    shared_buffers: `${sharedBuffers()}MB`,
    effective_cache_size: `${Math.max(128, Math.floor(totalmem() / MiB / 2))}MB`,
    maintenance_work_mem: '128MB',
    random_page_cost: '1.1',
    track_io_timing: 'on',
    client_connection_check_interval: clientCheck(major),
    password_encryption: 'scram-sha-256',
    log_lock_waits: 'on',
    log_line_prefix: '%m [%p] %q%u@%d/%a ',
    log_timezone: 'UTC',
    timezone: 'UTC',
    lc_messages: 'C',
  };
}

/** A worker that died holds its lock until the server looks whether the client is there; before 15 only Linux can. */
function clientCheck(major: number): string {
  return process.platform === 'linux' || major >= 15 ? '1s' : '0';
}
