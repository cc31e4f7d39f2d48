import { expect, it, vi } from 'vitest';
import { newPasswordSchema } from '@/lib/rooms/auth/schema';
import { newPassword } from './password';

it('a generated password is one that the server takes, and never the same', () => {
  const made = Array.from({ length: 500 }, newPassword);
  expect(new Set(made).size).toBe(500);
  for (const password of made) {
    expect(password).toMatch(/^([a-hjkmnp-z2-9]{4}-){4}[a-hjkmnp-z2-9]{4}$/);
    expect(newPasswordSchema.safeParse(password).success).toBe(true);
  }
});

it('every letter is as likely as the next', () => {
  let drawn = 0;
  vi.spyOn(crypto, 'getRandomValues').mockImplementation((bytes) => {
    if (bytes instanceof Uint8Array) bytes[0] = drawn % 256;
    drawn += 1;
    return bytes;
  });
  const counts = new Map<string, number>();
  // 248 passwords of 20 letters are 20 rounds of the 248 bytes that count, 8 of them for each letter.
  for (const letter of Array.from({ length: 248 }, newPassword).join('').replaceAll('-', '')) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  expect([...counts.values()]).toEqual(Array.from({ length: 31 }, () => 160));
});
