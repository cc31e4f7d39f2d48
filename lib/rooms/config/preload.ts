import type { Refusal } from '@/lib/kit/action';

/** Libraries of PostgreSQL itself: whether the machine has them, LOAD tells before anything is set. */
const known = ['pg_stat_statements', 'auto_explain', 'pg_prewarm'];

export const librariesIn = (list: string): string[] => list.split(',').map((one) => one.trim().replace(/^"(.*)"$/, '$1')).filter(Boolean);

export const newLibraries = (running: string, wanted: string): string[] => librariesIn(wanted).filter((one) => !librariesIn(running).includes(one));

/** A library that is not there keeps the server from starting, one that an extension needs and is gone breaks what rests on it. */
export function preloadRefusal(running: string, wanted: string): Refusal[] {
  const [now, next] = [librariesIn(running), librariesIn(wanted)];
  const strange = next.filter((one) => !now.includes(one) && !known.includes(one));
  const lost = now.filter((one) => !next.includes(one) && !known.includes(one));
  return [
    ...(strange.length > 0 ? [{ name: 'library', says: `Only ${known.join(', ')} are added from here, not ${strange.join(', ')}: with a library that is not there the server does not start.`, saferWay: 'By hand, each library quoted for itself: ALTER SYSTEM SET shared_preload_libraries = \'one\', \'other\'. If the server does not start, take the line out of postgresql.auto.conf.' }] : []),
    ...(lost.length > 0 ? [{ name: 'library', says: `${lost.join(', ')} would no longer be loaded: what rests on it would fail.`, saferWay: `Name it too: ${[...now, ...next.filter((one) => !now.includes(one))].join(', ')}` }] : []),
    ...(new Set(next).size < next.length ? [{ name: 'library', says: 'A library is named twice.', saferWay: null }] : []),
  ];
}
