'use client';

import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { MadeToken, NewToken, NewUser, PasswordChange, SessionView, TokenView, UserChange, UserView } from '@/lib/rooms/auth/schema';
import { api } from './api';
import { keys } from './keys';

type Items<T> = { items: T[] };

/** Every account, by e-mail. */
export const useUsers = () => useQuery({ queryKey: keys.users, queryFn: async ({ signal }) => (await api<Items<UserView>>('/api/users', { signal })).items });

/** One's own open sessions, or somebody's. */
export const useSessions = (userId?: string) =>
  useQuery({ queryKey: [...keys.sessions, userId ?? 'own'], queryFn: async ({ signal }) => (await api<Items<SessionView>>('/api/sessions', { query: { userId }, signal })).items });

/** One's own API tokens, or somebody's. */
export const useTokens = (userId?: string) =>
  useQuery({ queryKey: [...keys.tokens, userId ?? 'own'], queryFn: async ({ signal }) => (await api<Items<TokenView>>('/api/tokens', { query: { userId }, signal })).items });

/** What can be done to accounts. All that shows them is asked again, after a refusal too: it may be out of date. @throws ApiError */
export function useAccountChanges() {
  const client = useQueryClient();
  const send = async <T>(...question: Parameters<typeof api>): Promise<T> => {
    try {
      return await api<T>(...question);
    } finally {
      for (const queryKey of [keys.users, keys.sessions, keys.tokens, keys.audit()]) void client.invalidateQueries({ queryKey });
    }
  };
  return {
    createUser: (body: NewUser) => send<UserView>('/api/users', { method: 'POST', body }),
    changeUser: (id: string, body: UserChange) => send<UserView>(`/api/users/${id}`, { method: 'PATCH', body }),
    resetPassword: (id: string, password: string) => send<void>(`/api/users/${id}/password`, { method: 'POST', body: { password } }),
    changePassword: (body: PasswordChange) => send<unknown>('/api/auth/change-password', { method: 'POST', body }),
    endSession: (id: string) => send<void>(`/api/sessions/${id}`, { method: 'DELETE' }),
    makeToken: (body: NewToken) => send<MadeToken>('/api/tokens', { method: 'POST', body }),
    revokeToken: (id: string) => send<void>(`/api/tokens/${id}`, { method: 'DELETE' }),
  };
}
