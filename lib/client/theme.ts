export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

export const themeCookie = 'riskdesk-theme';

export const isTheme = (text: unknown): text is Theme => themes.some((theme) => theme === text);

/** The choice is a cookie, so that the server already draws the page in it: no script before the first paint, no flash. */
export function chooseTheme(theme: Theme): void {
  document.cookie = `${themeCookie}=${theme}; Path=/; Max-Age=31536000; SameSite=Lax`;
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}
