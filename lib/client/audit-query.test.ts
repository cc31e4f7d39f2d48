import { describe, expect, it } from 'vitest';
import { auditQuestion, dayAfter } from './audit-query';

describe('the audit log’s address', () => {
  it.each([['2026-11-30', '2026-12-01'], ['2028-02-28', '2028-02-29'], ['2026-12-31', '2027-01-01'], ['2026-13-01', '2026-13-01'], ['yesterday', 'yesterday'], ['2026-11-30T12:00:00Z', '2026-11-30T12:00:00Z']])('a log until %s ends before %s', (day, next) => {
    expect(dayAfter(day)).toBe(next);
  });

  it('asks what it says, and nothing else', () => {
    expect(auditQuestion(new URLSearchParams('actor=a%40b.example&action=&to=2026-11-30&cursor=after-9&cols=at&target=replica'))).toEqual({ actor: 'a@b.example', to: '2026-12-01', cursor: 'after-9' });
  });
});
