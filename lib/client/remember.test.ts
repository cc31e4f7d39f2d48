import { describe, expect, it } from 'vitest';
import type { Measured, Unmeasured } from '@/lib/kit/result';
import { remember } from './remember';

const measured: Measured = { state: 'measured', rows: [], truncated: false, findings: [], more_findings: false, sql: null, took_ms: 1, at: '2026-01-01T00:00:00Z', stats_since: null, context: null };
const unmeasured = (code: Unmeasured['reason']['code']): Unmeasured => ({ state: 'unmeasured', reason: { code, says: 'no' }, remedy: null });

describe('what a panel remembers', () => {
  it('keeps the last figures while the database is away', () => {
    const kept = remember(remember(undefined, measured), unmeasured('unreachable'));
    expect(kept).toEqual({ answer: unmeasured('unreachable'), measured });
    expect(remember(kept, unmeasured('timeout')).measured).toBe(measured);
  });

  it('drops them when the question cannot be asked any more', () => {
    expect(remember(remember(undefined, measured), unmeasured('extension_missing')).measured).toBeNull();
  });

  it('has nothing to keep at first', () => {
    expect(remember(undefined, unmeasured('busy')).measured).toBeNull();
  });
});
