import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CsvReader, RowSum, type CsvRecord } from './csv';

function readIn(text: string, size: number): CsvRecord[] {
  const found: CsvRecord[] = [];
  const reader = new CsvReader((record) => found.push(record));
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  reader.end();
  return found;
}

/** As COPY writes it: quotes where they are needed, and around what is empty. */
const written = (records: CsvRecord[]) => records.map((record) => `${record.map((value) => (value === null ? '' : value === '' || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(',')}\n`).join('');

test('what COPY writes is read as it was, wherever it is cut', () => {
  const value = fc.option(fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', '\\', 'é', ' ') }));
  fc.assert(fc.property(fc.integer({ min: 1, max: 4 }).chain((width) => fc.array(fc.array(value, { minLength: width, maxLength: width }), { maxLength: 8 })), fc.integer({ min: 1, max: 40 }), (records, size) => {
    expect(readIn(written(records), size)).toEqual(records);
  }), { numRuns: 2000 });
});

test('what ends within a record, or has something else behind a quote, is refused', () => {
  expect(() => readIn('a,b\nc', 3)).toThrow(/within a record/);
  expect(() => readIn('"a\n', 3)).toThrow(/within a record/);
  expect(() => readIn('"a"b\n', 9)).toThrow(/behind a quote/);
});

test('a field of many chunks is read in a time that grows with its length alone', () => {
  const long = 'x,"\n'.repeat(500_000);
  expect(readIn(written([[long, null]]), 1024)).toEqual([[long, null]]);
});

test('the checksum knows order, number, nulls and every value', () => {
  const sumOf = (records: CsvRecord[]) => {
    const sum = new RowSum();
    for (const record of records) sum.add(record);
    return `${sum.rows} ${sum.checksum}`;
  };
  const all: CsvRecord[][] = [[], [['a', 'b']], [['b', 'a']], [['a', 'b'], ['c', 'd']], [['c', 'd'], ['a', 'b']], [['a', null]], [['a', '']], [['a', 'NULL']], [["a','b"]], [['a\\', 'b']], [['a', 'b'], ['a', 'b']]];
  expect(new Set(all.map(sumOf)).size).toBe(all.length);
});
