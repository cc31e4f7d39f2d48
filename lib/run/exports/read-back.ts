import 'server-only';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { ExportedFile } from '@/lib/kit/export';
import { Cancelled } from '../actions/job-session';
import type { Watch } from '../actions/watch';
import { CsvReader, RowSum } from './csv';

/** What goes through, as it is: how many bytes, and their SHA-256. */
export function counting(): { through: Transform; bytes: () => number; sha256: () => string } {
  const hash = createHash('sha256');
  let bytes = 0;
  const through = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      hash.update(chunk);
      done(null, chunk);
    },
  });
  return { through, bytes: () => bytes, sha256: () => hash.digest('hex') };
}

function failureOf(work: () => void): Error | null {
  try {
    work();
    return null;
  } catch (error) {
    return error as Error;
  }
}

const latin1 = (text: string) => Buffer.from(text).toString('latin1');

export type Expected = Pick<ExportedFile, 'columns' | 'bytes' | 'sha256' | 'rows' | 'checksum'>;

/** From the disk, through gunzip, record by record. @returns what is not as it should be, null where all is; @throws Cancelled, the disk's, gunzip's and the reader's errors */
export async function readBack(path: string, { columns, bytes, sha256, rows, checksum }: Expected, watch: Watch): Promise<string | null> {
  const packed = counting();
  const sum = new RowSum();
  let header: (string | null)[] | null = null;
  const reader = new CsvReader((record) => (header ? sum.add(record) : (header = record)));
  const into = new Writable({
    write(chunk: Buffer, _, done) {
      done(failureOf(() => {
        if (watch.cancelled()) throw new Cancelled();
        reader.push(chunk);
        watch.moved(sum.rows, rows);
      }));
    },
    final: (done) => done(failureOf(() => reader.end())),
  });
  await pipeline(createReadStream(path), packed.through, createGunzip(), into);
  if (JSON.stringify(header) !== JSON.stringify(columns.map(({ name }) => latin1(name)))) return 'it has other columns';
  if (sum.rows !== rows) return `it has ${sum.rows} rows instead of ${rows}`;
  if (sum.checksum !== checksum) return 'its rows are not those that were written';
  return packed.bytes() === bytes && packed.sha256() === sha256 ? null : 'its bytes are not those that were written';
}
