import { hash } from 'node:crypto';

/** A record of CSV; null is what stands there without quotes and without a character. */
export type CsvRecord = (string | null)[];

/**
 * Reads CSV as COPY writes it, byte by byte as latin1 text, so that no encoding stands between the file and its checksum. Each record goes to `take`; what is not
 * complete yet is kept, and read again only when as much has come on top of it.
 */
export class CsvReader {
  private rest = '';
  private more: string[] = [];
  private length = 0;

  constructor(private readonly take: (record: CsvRecord) => void) {}

  push(chunk: Buffer): void {
    this.more.push(chunk.toString('latin1'));
    this.length += chunk.length;
    if (this.length >= this.rest.length) this.read();
  }

  /** @throws Error where the text ends within a record */
  end(): void {
    this.read();
    if (this.rest !== '') throw new Error('the text ends within a record');
  }

  private read(): void {
    const text = this.rest + this.more.join('');
    [this.more, this.length] = [[], 0];
    let at = 0;
    for (let found = recordAt(text, at); found; found = recordAt(text, at)) {
      at = found.end;
      this.take(found.record);
    }
    this.rest = text.slice(at);
  }
}

/** The record that begins at `start`; null where its end has not come yet. */
function recordAt(text: string, start: number): { record: CsvRecord; end: number } | null {
  const record: CsvRecord = [];
  for (let at = start; at < text.length; at += 1) {
    const end = text[at] === '"' ? closing(text, at + 1) : separator(text, at);
    if (end === null || end >= text.length) return null;
    if (text[at] === '"') record.push(text.slice(at + 1, end - 1).replaceAll('""', '"'));
    else record.push(end === at ? null : text.slice(at, end));
    if (text[end] === '\n') return { record, end: end + 1 };
    if (text[end] !== ',') throw new Error('neither a comma nor a line’s end behind a quote');
    at = end;
    // A comma right before the end of what has come: its field is still to come.
    if (at + 1 === text.length) return null;
  }
  return null;
}

/** What stands behind the quote that ends a field. */
function closing(text: string, from: number): number | null {
  for (let at = text.indexOf('"', from); at >= 0 && at + 1 < text.length; at = text.indexOf('"', at + 2)) if (text[at + 1] !== '"') return at + 1;
  return null;
}

function separator(text: string, from: number): number {
  let at = from;
  for (let code = text.charCodeAt(at); at < text.length && code !== 44 && code !== 10; code = text.charCodeAt(at)) at += 1;
  return at;
}

/** `%L` of format(), byte for byte. */
const quoted = (value: string | null): string => (value === null ? 'NULL' : value.includes('\\') ? `E'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'` : `'${value.replaceAll("'", "''")}'`);

/** The checksum that the server makes of a table’s rows, made of a file’s: see `summed` of lib/rooms/partitions/export-plan.ts. */
export class RowSum {
  rows = 0;
  private sum = 0n;

  add(record: CsvRecord): void {
    this.rows += 1;
    const digest = hash('sha256', Buffer.from(`${this.rows} ${record.map(quoted).join(',')}`, 'latin1'), 'hex');
    this.sum += BigInt(`0x${digest.slice(0, 15)}`);
  }

  get checksum(): string {
    return this.sum.toString();
  }
}
