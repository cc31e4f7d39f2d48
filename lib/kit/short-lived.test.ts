import { afterEach, describe, expect, it, vi } from 'vitest';
import { ShortLived } from './short-lived';

describe('answers that may be a little old', () => {
  afterEach(() => vi.useRealTimers());

  it('are shared while they are on their way and fresh, by key', async () => {
    vi.useFakeTimers();
    const answers = new ShortLived<number>(1000);
    let asked = 0;
    const get = (key: string) => answers.get(key, async () => (asked += 1));
    expect(await Promise.all([get('a'), get('a'), get('b')])).toEqual([1, 1, 2]);
    vi.advanceTimersByTime(999);
    expect(await get('a')).toBe(1);
    vi.advanceTimersByTime(1);
    expect(await get('a')).toBe(3);
    answers.clear();
    expect(await get('a')).toBe(4);
  });

  it('are not kept when they failed, and a late failure does not take a newer one away', async () => {
    const answers = new ShortLived<string>(60_000);
    let fail: (error: Error) => void = () => {};
    const failing = answers.get('a', () => new Promise((_, reject) => (fail = reject)));
    answers.clear();
    const newer = answers.get('a', async () => 'newer');
    fail(new Error('late'));
    await expect(failing).rejects.toThrow('late');
    expect(answers.get('a', async () => 'other')).toBe(newer);
    await expect(answers.get('b', async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await answers.get('b', async () => 'again')).toBe('again');
  });

  it('stay below their number', async () => {
    const answers = new ShortLived<number>(60_000, 3);
    let asked = 0;
    for (const key of ['a', 'b', 'c', 'd', 'a']) await answers.get(key, async () => (asked += 1));
    expect(asked).toBe(5);
  });
});
