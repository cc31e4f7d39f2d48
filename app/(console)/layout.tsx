import type { ReactNode } from 'react';
import type { NavEntry } from '@/components/shell/nav-links';
import type { Place } from '@/components/shell/places';
import { RoomIcon } from '@/components/shell/room-icon';
import { Shell } from '@/components/shell/shell';
import { themeOfRequest } from '@/components/shell/theme-of-request';
import { ClientProvider } from '@/lib/client/query-client';
import { may, type Caller } from '@/lib/kit/caller';
import { targetNames } from '@/lib/run/monitor';
import { currentCaller } from '@/lib/run/page';
import { diagnosticsOf, roomsFor } from '@/lib/run/registry';

const overview = { href: '/', label: 'Overview', about: 'What needs attention' };

export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  const caller = await currentCaller();
  // The page sends whoever is not signed in to sign-in: a layout is not asked again on every navigation.
  if (!caller) return children;
  const { name, email, role } = caller;
  return (
    <ClientProvider>
      <Shell person={{ name, email, role }} entries={entriesFor(caller)} places={placesFor(caller)} targets={may(caller, 'stats:read') ? targetNames() : []} theme={await themeOfRequest()}>
        {children}
      </Shell>
    </ClientProvider>
  );
}

function entriesFor(caller: Caller): NavEntry[] {
  const rooms = roomsFor(caller).map(({ path, title, about, icon }) => ({ href: path, label: title, about, icon: <RoomIcon name={icon} /> }));
  return [{ ...overview, icon: <RoomIcon name="layout-dashboard" /> }, ...rooms];
}

function placesFor(caller: Caller): Place[] {
  const rooms = roomsFor(caller);
  const pages = rooms.map(({ path, title, about }) => ({ href: path, label: title, about, group: 'Pages' }));
  const questions = rooms.flatMap((room) => diagnosticsOf(room.name).map((view) => ({ href: `${room.path}?view=${view.name}`, label: view.title, about: room.title, group: 'Questions' })));
  return [{ ...overview, group: 'Pages' }, ...pages, { href: '/account', label: 'Account', about: 'Password, sessions, tokens', group: 'Pages' }, ...questions];
}
