import 'server-only';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { from as copyFrom } from 'pg-copy-streams';
import type { ImportPlan } from '@/lib/kit/export';
import { sqlState } from '@/lib/pg/errors';
import { formatCount } from '@/lib/units';
import { Cancelled, GaveUp, type Session } from '../actions/job-session';
import type { ShownStep } from '../actions/preview';
import type { Watch } from '../actions/watch';
import { readBack } from './read-back';
import { placeOf } from './store';

type File = ImportPlan['tables'][number];

const unreadable = (error: unknown): string => {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'it is not there';
  return code?.startsWith('Z_') ? 'it cannot be unpacked' : `it cannot be read (${code ?? (error as Error).message})`;
};

/** @throws GaveUp naming the file, Cancelled */
async function verify(path: string, file: File, watch: Watch): Promise<void> {
  const wrong = await readBack(path, file, watch).catch((error: unknown) => {
    if (error instanceof Cancelled) throw error;
    return unreadable(error);
  });
  if (wrong !== null) throw new GaveUp(`${file.file} is not what was exported: ${wrong}.`);
}

async function fill({ client }: Session, statement: string, { path, file, watch }: { path: string; file: File; watch: Watch }): Promise<void> {
  let bytes = 0;
  const watched = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      watch.moved(Math.round((file.rows * bytes) / Math.max(file.csv_bytes, bytes)), file.rows);
      done(watch.cancelled() ? new Cancelled() : null, chunk);
    },
  });
  try {
    await pipeline(createReadStream(path), createGunzip(), watched, client.query(copyFrom(statement)));
  } catch (error) {
    // The server waits for more, and no other statement would ever have an answer.
    if (sqlState(error) === undefined) await client.end().catch(() => {});
    throw error;
  }
}

/** Runs a step with `imports`: every file is verified first, then one transaction does all of it or nothing. @throws GaveUp, Cancelled, the driver's errors */
export async function readImport(session: Session, step: ShownStep, watch: Watch): Promise<void> {
  const { id = '', tables = [] } = step.imports ?? {};
  const files = tables.map((file) => ({ file, path: join(placeOf(id), file.file), watch }));
  for (const { file, path } of files) {
    await verify(path, file, watch);
    watch.log(`${file.file}: ${formatCount(file.rows)} rows of ${file.schema}.${file.table}, as the manifest has them.`);
  }
  const { client } = session;
  const waiting = files.values();
  await client.query('begin');
  try {
    for (const statement of step.statements ?? []) {
      if (watch.cancelled()) throw new Cancelled();
      if (statement.startsWith('COPY ')) {
        const next = waiting.next().value;
        if (!next) throw new Error('a COPY of no file of the export');
        await fill(session, statement, next);
        continue;
      }
      const { rows: [row] } = await client.query<{ refuses?: unknown }>(statement);
      if (typeof row?.refuses === 'string') throw new GaveUp(row.refuses);
    }
    await client.query('commit');
    watch.log('What is in the database is what the manifest says: every number and checksum.');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}
