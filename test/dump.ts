import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { promisify } from 'node:util';

const installed = '/usr/lib/postgresql';

/** A pg_dump that takes a server of this major, of a system's packages or PG_DUMP; null where there is none. */
function dumper(major: number): string | null {
  const named = process.env.PG_DUMP;
  if (named) return named;
  const versions = existsSync(installed) ? readdirSync(installed).map(Number).filter((version) => version >= major) : [];
  return versions.map((version) => `${installed}/${version}/bin/pg_dump`).find((path) => existsSync(path)) ?? null;
}

/** pg_dump's statements that make a table (named as a pattern of pg_dump), without data, in an order of their own; null where no pg_dump takes this server. */
export async function dumpOf(server: { url: (use: 'superuser') => string }, major: number, table: string): Promise<string[] | null> {
  const program = dumper(major);
  if (!program) return null;
  const { stdout } = await promisify(execFile)(program, ['--schema-only', '-t', table, '-d', server.url('superuser')], { maxBuffer: 1 << 24 });
  return stdout.split('\n').map((line) => line.trimEnd()).filter((line) => line !== '' && !/^(--|\\|SET |SELECT pg_catalog)/.test(line)).join('\n').split(/;\n|;$/).map((text) => text.trim()).filter(Boolean).toSorted();
}
