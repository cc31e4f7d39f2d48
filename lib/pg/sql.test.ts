import { describe, expect, it } from 'vitest';
import { and, array, ident, likePattern, literal, marker, or, render, sql } from './sql';

describe('sql', () => {
  it('binds values and never writes them', () => {
    expect(render(sql`select ${'x; drop table users'} where a = ${1}`)).toEqual({ text: 'select $1 where a = $2', values: ['x; drop table users', 1] });
  });

  it('binds an array as one parameter', () => {
    expect(render(sql`select = any(${array(['a', 'b'])})`)).toEqual({ text: 'select = any($1)', values: [['a', 'b']] });
  });

  it.each(['plain', 'With "quotes"', "it's", 'line\nbreak', '"; drop table users; --', '😀'])('quotes the identifier %j (F12)', (name) => {
    expect(render(sql`${ident('s', name)}`).text).toBe(`"s"."${name.replaceAll('"', '""')}"`);
  });

  it.each([["it's", "'it''s'"], ['a\\b', " E'a\\\\b'"]])('writes the literal %j for DDL', (text, written) => {
    expect(render(sql`${literal(text)}`).text).toBe(written);
  });

  it('joins conditions, the empty list included', () => {
    expect(render(and([sql`a`, sql`b`])).text).toBe('(a) and (b)');
    expect(render(and([])).text).toBe('true');
    expect(render(or([])).text).toBe('false');
  });

  it('refuses a marker that could end its comment', () => {
    expect(() => marker('x */ drop')).toThrow();
  });

  it('escapes what LIKE reads', () => {
    expect(likePattern('50%_\\')).toBe('%50\\%\\_\\\\%');
  });
});
