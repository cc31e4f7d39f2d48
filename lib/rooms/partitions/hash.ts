import type { Member, Parent } from './tree-sql';

export type Branch = { id: string; row_estimate: number | null; total_bytes: number };

export type BalanceRow = {
  tab: string; modulus: number; remainder: number; state: 'missing' | 'present'; part: string | null; row_estimate: number | null; share_ratio: number | null; fair_ratio: number; times_fair: number | null; total_bytes: number | null; table_rows: number | null;
};

const hashBound = /^FOR VALUES WITH \(modulus (\d+), remainder (\d+)\)$/;

/** Each partition against its share, and the remainders of the largest modulus that none covers (every modulus divides the next larger one). */
export function balanceOf(table: Parent, partitions: Member[], sizes: ReadonlyMap<string, Branch>): BalanceRow[] {
  const parts = partitions.filter(({ pending }) => !pending).flatMap((member) => {
    const found = hashBound.exec(member.bound ?? '');
    return found ? [{ member, modulus: Number(found[1]), remainder: Number(found[2]), size: sizes.get(member.id) }] : [];
  });
  const rows = parts.map(({ size }) => size?.row_estimate ?? null);
  const whole = rows.includes(null) ? null : rows.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const covered = parts.map(({ member, modulus, remainder, size }): BalanceRow => {
    const share = whole === null || whole === 0 ? null : (size?.row_estimate ?? 0) / whole;
    return {
      tab: table.tab, modulus, remainder, state: 'present', part: member.part, row_estimate: size?.row_estimate ?? null, share_ratio: share, fair_ratio: 1 / modulus,
      times_fair: share === null ? null : share * modulus, total_bytes: size?.total_bytes ?? null, table_rows: whole,
    };
  });
  if (parts.length === 0) return [];
  const missing = missingOf(parts);
  const largest = largestOf(parts);
  return [...covered, ...missing.map((remainder): BalanceRow => ({ tab: table.tab, modulus: largest, remainder, state: 'missing', part: null, row_estimate: null, share_ratio: null, fair_ratio: 1 / largest, times_fair: null, total_bytes: null, table_rows: whole }))];
}

type Cut = { modulus: number; remainder: number };

const largestOf = (parts: Cut[]): number => Math.max(1, ...parts.map(({ modulus }) => modulus));

function missingOf(parts: Cut[]): number[] {
  const largest = largestOf(parts);
  const taken = new Set(parts.flatMap(({ modulus, remainder }) => Array.from({ length: largest / modulus }, (_, index) => remainder + index * modulus)));
  return Array.from({ length: largest }, (_, remainder) => remainder).filter((remainder) => !taken.has(remainder));
}

/** What a hash-partitioned table lacks, by the bounds of its partitions. */
export function missingRemainders(bounds: string[]): Cut[] {
  const parts = bounds.flatMap((text): Cut[] => {
    const found = hashBound.exec(text);
    return found ? [{ modulus: Number(found[1]), remainder: Number(found[2]) }] : [];
  });
  return parts.length === 0 ? [] : missingOf(parts).map((remainder) => ({ modulus: largestOf(parts), remainder }));
}
