import { cookies } from 'next/headers';
import { isTheme, themeCookie, type Theme } from '@/lib/client/theme';

export async function themeOfRequest(): Promise<Theme> {
  const chosen = (await cookies()).get(themeCookie)?.value;
  return isTheme(chosen) ? chosen : 'system';
}
