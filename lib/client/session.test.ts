import { describe, expect, it } from 'vitest';
import { safeNext } from './session';

describe('where a sign-in leads', () => {
  it.each([
    ['/queries?sort=-mean_ms', '/queries?sort=-mean_ms'],
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['/\t/evil.example', '/'],
    ['https://evil.example', '/'],
    ['javascript:alert(1)', '/'],
    ['/sign-in?next=/', '/'],
    ['/api/health', '/'],
    [null, '/'],
  ])('%s → %s', (next, where) => expect(safeNext(next)).toBe(where));
});
