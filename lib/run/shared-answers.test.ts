import { afterEach, describe, expect, it, vi } from 'vitest';
import type { DiagnosticResult } from '@/lib/kit/result';
import { sharedAnswer } from './shared-answers';

const measured = { state: 'measured', rows: [], truncated: false, findings: [], more_findings: false, sql: null, took_ms: 1, at: '', stats_since: null, context: null } satisfies DiagnosticResult;
const unmeasured = { state: 'unmeasured', reason: { code: 'busy', says: '' }, remedy: null } satisfies DiagnosticResult;

describe('answers that all who ask share', () => {
  afterEach(() => vi.useRealTimers());

  it('P12: fifty viewers that ask every fifteen seconds, each at a time of its own, cost what one costs', async () => {
    vi.useFakeTimers();
    const asksOf = async (viewers: number, key: string) => {
      let asked = 0;
      for (let second = 0; second < 600; second += 1) {
        for (let viewer = 0; viewer < viewers; viewer += 1) if (second % 15 === (viewer * 7) % 15) await sharedAnswer(key, 14_500, async () => ((asked += 1), measured));
        vi.advanceTimersByTime(1000);
      }
      return asked;
    };
    expect(await asksOf(1, 'one')).toBe(40);
    expect(await asksOf(50, 'fifty')).toBe(40);
  });

  it('a slow one is joined while it is on its way, however long that takes', async () => {
    vi.useFakeTimers();
    let answer: (result: DiagnosticResult) => void = () => {};
    const first = sharedAnswer('slow', 1000, () => new Promise((resolve) => (answer = resolve)));
    vi.advanceTimersByTime(60_000);
    const second = sharedAnswer('slow', 1000, async () => unmeasured);
    answer(measured);
    expect(await second).toBe(await first);
  });

  it('what could not be measured is asked again after a second', async () => {
    vi.useFakeTimers();
    expect(await sharedAnswer('away', 60_000, async () => unmeasured)).toBe(unmeasured);
    expect(await sharedAnswer('away', 60_000, async () => measured)).toBe(unmeasured);
    vi.advanceTimersByTime(1000);
    expect(await sharedAnswer('away', 60_000, async () => measured)).toBe(measured);
  });

  it('the oldest questions are forgotten first', async () => {
    let asked = 0;
    const ask = async () => ((asked += 1), measured);
    for (let n = 0; n < 600; n += 1) await sharedAnswer(`q${n}`, 60_000, ask);
    await sharedAnswer('q599', 60_000, ask);
    expect(asked).toBe(600);
    await sharedAnswer('q0', 60_000, ask);
    expect(asked).toBe(601);
  });
});
