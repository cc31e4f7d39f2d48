/** Lines of the long report of VACUUM VERBOSE, from PostgreSQL 15, that a person acts on. */
const telling = /^(pages|tuples|removable cutoff|new relfrozenxid|frozen|index scan|index ".*": pages|launched|\d+ dead row versions cannot)/;
const beginning = /^INFO: {1,2}(aggressively )?(vacuuming|analyzing) /;
/** A TOAST table, or an index, in which there was nothing to do. */
const isIdle = (notice: string): boolean => (notice.split('\n')[0] ?? '').includes('.pg_toast.') && /^tuples: 0 removed/m.test(notice);
const perIndex = /^INFO: {1,2}index ".*" now contains/;

/** Dead rows that VACUUM had to leave, by its own report: "are dead but not yet removable" from PostgreSQL 15, "dead row versions cannot be removed yet" before. */
export function leftByVacuum(notices: readonly string[]): number {
  return notices.flatMap((notice) => [...notice.matchAll(/(\d{1,19}) (?:are dead but not yet removable|dead row versions cannot be removed yet)/g)]).reduce((sum, [, rows]) => sum + Number(rows), 0);
}

/** What of a notice of VACUUM tells something: what was removed, what could not be and why; not that it began, nor how busy the machine was. */
export function toldByVacuum(notice: string): string | null {
  if (!notice.startsWith('INFO')) return notice;
  if (beginning.test(notice) || isIdle(notice) || perIndex.test(notice)) return null;
  const [first = '', ...rest] = notice.split('\n');
  return [first, ...rest.filter((line) => telling.test(line))].join('\n');
}
