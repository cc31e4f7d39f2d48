const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'code' });

/** `DE` as `Germany`; a code that is none as it is. */
export function countryName(code: string): string {
  try {
    return names.of(code) ?? code;
  } catch {
    return code;
  }
}
