/** Somewhere the menu and the palette lead to. */
export type Place = { href: string; label: string; about: string; group: string };

/** The place a path belongs to: `/assessments/123` is below Assessments, and only `/` is the overview. */
export const isAt = (path: string, href: string): boolean => (href === '/' ? path === '/' : path === href || path.startsWith(`${href}/`));

/** A link that stays with the observed database in view. */
export const withTarget = (href: string, target: string | null): string => (target && target !== 'main' ? `${href}${href.includes('?') ? '&' : '?'}target=${encodeURIComponent(target)}` : href);
