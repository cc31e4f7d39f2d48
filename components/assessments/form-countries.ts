import { countryCodes } from '@/lib/rooms/assessments/schema';
import { countryName } from './country-name';

export type Country = { code: string; name: string };

/** Every country by its name. The server makes the list: a browser may know some by other names, and would order them otherwise. */
export const countries = (): Country[] => countryCodes.map((code) => ({ code, name: countryName(code) })).toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
