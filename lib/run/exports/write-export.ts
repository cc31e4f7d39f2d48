import 'server-only';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { to as copyTo } from 'pg-copy-streams';
import type { ExportedFile, ExportTable } from '@/lib/kit/export';
import { sqlState } from '@/lib/pg/errors';
import { formatBytes, formatCount } from '@/lib/units';
import { Cancelled, GaveUp, type Session } from '../actions/job-session';
import type { ShownStep } from '../actions/preview';
import type { Watch } from '../actions/watch';
import { counting, readBack } from './read-back';
import { beginExport, discardUnfinished, fileName, onDisk, revealExport } from './store';

type Said = { rows?: unknown; checksum?: unknown };
type Written = Omit<ExportedFile, 'rows' | 'checksum'>;
type Copied = { made_at: string; server_version: string; files: { written: Written; rows: number; checksum: string }[] };

/** Runs a step with `exports` from its snapshot to an export that has been read back. What is not complete in the end is removed. @throws GaveUp, Cancelled, the driver's and the disk's errors */
export async function writeExport(session: Session, step: ShownStep, watch: Watch): Promise<void> {
  const { database = '', tables = [] } = step.exports ?? {};
  const place = await beginExport(watch.job);
  try {
    const { made_at, server_version, files } = await inOneSnapshot(session, step, (statement, index) => written(session, statement, tables[index], join(place, fileName(index)), index));
    const read: ExportedFile[] = [];
    for (const { written: file, rows, checksum } of files) {
      if ((await readBack(join(place, file.file), { ...file, rows, checksum }, watch)) !== null) throw new GaveUp('What was written is not the same when it is read back, by number or checksum.');
      watch.log(`${file.schema}.${file.table}: ${formatCount(rows)} rows in ${formatBytes(file.bytes)}, read back: the same number and checksum as the server’s.`);
      read.push({ ...file, rows, checksum });
    }
    // Whoever has lost the job reveals nothing.
    if (watch.cancelled()) throw new Cancelled();
    await revealExport({ format: 1, id: watch.job, target: watch.target, database, server_version, made_at, verified_at: new Date().toISOString(), tables: read });
  } catch (error) {
    await discardUnfinished(watch.job);
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC') throw new GaveUp('The directory of the exports is full.');
    // A path of ours, with an error that says where.
    if (syscall !== undefined && 'path' in (error as object)) throw new GaveUp(`The export could not be written or read back (${code}).`);
    throw error;
  }
}

type Write = (statement: string, index: number) => Promise<Written>;

async function inOneSnapshot({ client }: Session, step: ShownStep, write: Write): Promise<Copied> {
  const files: Copied['files'] = [];
  let said: Said = {};
  await client.query('begin');
  try {
    for (const statement of step.statements ?? []) {
      if (!statement.startsWith('COPY ')) {
        said = (await client.query<Said>(statement)).rows[0] ?? {};
        continue;
      }
      const { rows, checksum } = said;
      files.push({ written: await write(statement, files.length), rows: Number(rows), checksum: String(checksum) });
    }
    const { rows: [now] } = await client.query<{ made_at: string; server_version: string }>(`select to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as made_at, current_setting('server_version') as server_version`);
    await client.query('commit');
    return { made_at: now?.made_at ?? '', server_version: now?.server_version ?? '', files };
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

async function written({ client }: Session, statement: string, table: ExportTable | undefined, path: string, index: number): Promise<Written> {
  if (!table) throw new Error('a COPY of no table of the export');
  const [plain, packed] = [counting(), counting()];
  const copy = client.query(copyTo(statement));
  try {
    await pipeline(copy, plain.through, createGzip(), packed.through, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    // The server goes on sending, and nobody reads: no other statement would ever have an answer.
    if (sqlState(error) === undefined) await client.end().catch(() => {});
    throw error;
  }
  await onDisk(path);
  return { ...table, file: fileName(index), bytes: packed.bytes(), csv_bytes: plain.bytes(), sha256: packed.sha256() };
}
