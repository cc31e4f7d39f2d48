import { defaultFilter } from 'cmdk';

export type Entry = { key: string; group: string; label: string; about: string; run: () => void };

/** By its name an entry is found sooner than by what is said about it. */
const scoreOf = ({ label, about }: Entry, typed: string): number => Math.max(defaultFilter(label, typed), defaultFilter(`${label} ${about}`, typed) / 2);

/** The entries that fit what was typed, best first, in their groups: that with the best entry first. All, in their own order, where nothing was. */
export function ranked(entries: readonly Entry[], typed: string): { name: string; entries: Entry[] }[] {
  const wanted = typed.trim();
  const fits = wanted === '' ? entries : entries.map((entry) => ({ entry, score: scoreOf(entry, wanted) })).filter(({ score }) => score > 0).toSorted((a, b) => b.score - a.score).map(({ entry }) => entry);
  return [...new Set(fits.map(({ group }) => group))].map((name) => ({ name, entries: fits.filter(({ group }) => group === name) }));
}
