import { describe, expect, it } from 'vitest';
import type { ColumnView } from '@/lib/kit/column';
import { chosenColumns, nextSort, sortRows, toCsv } from './table-data';

const column = (key: string, unit: ColumnView['unit'] = 'text'): ColumnView => ({ key, label: key, unit, nullable: true });

describe('sortRows', () => {
  const rows = [{ n: 2, t: 'b10' }, { n: null, t: 'b9' }, { n: 10, t: 'a' }];

  it('puts the unknown last in both directions', () => {
    expect(sortRows(rows, 'n').map((row) => row.n)).toEqual([2, 10, null]);
    expect(sortRows(rows, '-n').map((row) => row.n)).toEqual([10, 2, null]);
  });

  it('counts numbers inside text', () => expect(sortRows(rows, 't').map((row) => row.t)).toEqual(['a', 'b9', 'b10']));
});

describe('nextSort', () => {
  it('begins with the largest where asked, then turns', () => {
    expect(nextSort('name', column('ms', 'ms'), true)).toBe('-ms');
    expect(nextSort('-ms', column('ms', 'ms'), true)).toBe('ms');
    expect(nextSort('ms', column('name'), false)).toBe('name');
  });
});

describe('toCsv', () => {
  it('S16 neutralises formulas and quotes what needs it, in headings too', () => {
    const csv = toCsv([column('a'), column('=b')], [{ a: '=1+1', '=b': -5 }, { a: 'x,"y"\nz', '=b': '@cmd' }, { a: null, '=b': '\tq' }]);
    expect(csv).toBe(`a,'=b\r\n'=1+1,-5\r\n"x,""y""\nz",'@cmd\r\n,'\tq\r\n`);
  });
});

describe('chosenColumns', () => {
  const all = [column('a'), column('b'), column('c')];
  it('follows the address, or the default', () => {
    expect(chosenColumns(all, 'c,a', ['b']).map(({ key }) => key)).toEqual(['a', 'c']);
    expect(chosenColumns(all, 'gone', ['b']).map(({ key }) => key)).toEqual(['b']);
    expect(chosenColumns(all, null, ['b']).map(({ key }) => key)).toEqual(['b']);
  });
});
