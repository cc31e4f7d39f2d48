import { filterNames } from '@/lib/rooms/assessments/values';

/** What the API is asked: the address's own keys, and nothing else that may stand there. */
export type ListAddress = Record<string, string[]>;

function taken(address: URLSearchParams, wanted: readonly string[]): ListAddress {
  return Object.fromEntries(wanted.flatMap((key) => (address.has(key) ? [[key, address.getAll(key)]] : [])));
}

export const filtersOf = (address: URLSearchParams): ListAddress => taken(address, filterNames);
export const listAddress = (address: URLSearchParams): ListAddress => taken(address, [...filterNames, 'sort', 'limit', 'cursor']);
