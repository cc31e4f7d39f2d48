'use client';

import { Command } from 'cmdk';
import { useRouter, useSearchParams } from 'next/navigation';
import { useEffect, useRef, useState } from 'react';
import { toast } from '@/components/ui/toast';
import { leavePage } from '@/lib/client/leave';
import { messageOf } from '@/lib/client/problem';
import { openAction } from '@/lib/client/open-action';
import { signOut } from '@/lib/client/session';
import { useActions } from '@/lib/client/use-jobs';
import { chooseTheme, themes } from '@/lib/client/theme';
import { withTarget, type Place } from './places';
import { ranked, type Entry } from './ranked';

type Props = { open: boolean; /** Typed before it was there. */ early: string; onShown: () => void; onClose: () => void; places: readonly Place[]; maintains: boolean };

const item = 'flex h-9 cursor-pointer items-center gap-3 rounded-md px-2.5 text-sm text-ink data-[selected=true]:bg-hover';
const group = '[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-2xs [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-faint';

/** Everything that can be reached, by typing a part of its name. */
export function Palette({ open, early, onShown, onClose, places, maintains }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    if (!dialog || dialog.open === open) return;
    if (!open) return dialog.close();
    dialog.showModal();
    // The library's frame can have the focus, too, and comes first.
    dialog.querySelector('input')?.focus();
    onShown();
  }, [open, onShown]);
  const entries = useEntries(places, maintains);
  return (
    <dialog ref={ref} data-palette aria-label="Go to" onClose={onClose} closedby="any" className="mt-[12vh] w-[calc(100%-2rem)] max-w-xl overflow-hidden rounded-lg border border-line bg-raised p-0 shadow-pop">
      {open ? <Choice entries={entries} early={early} onChosen={onClose} /> : null}
    </dialog>
  );
}

/** The library's own filter leaves the groups in their order, and the first one is not the best. */
function Choice({ entries, early, onChosen }: { entries: readonly Entry[]; early: string; onChosen: () => void }) {
  const [typed, setTyped] = useState(early);
  const [moved, setMoved] = useState({ of: '', key: '' });
  const groups = ranked(entries, typed);
  // Actions come a moment later: the best of all is chosen until somebody moves.
  const of = `${entries.length} ${typed}`;
  return (
    <Command label="Go to" loop shouldFilter={false} value={moved.of === of ? moved.key : (groups[0]?.entries[0]?.key ?? '')} onValueChange={(key) => setMoved({ of, key })}>
      <Command.Input value={typed} onValueChange={setTyped} placeholder="Page, question or command" className="h-12 w-full border-b border-line bg-transparent px-4 text-base text-ink outline-none placeholder:text-faint" />
      <Command.List className="max-h-[50vh] scroll-py-10 overflow-y-auto p-1.5">
        <Command.Empty className="px-3 py-8 text-center text-sm text-muted">Nothing of that name.</Command.Empty>
        {groups.map(({ name, entries: found }) => (
          <Command.Group key={name} heading={name} className={group}>
            {found.map(({ key, label, about, run }) => (
              <Command.Item key={key} value={key} onSelect={() => { onChosen(); run(); }} className={item}>
                <span className="shrink-0 font-medium">{label}</span>
                <span className="truncate text-xs text-faint">{about}</span>
              </Command.Item>
            ))}
          </Command.Group>
        ))}
      </Command.List>
    </Command>
  );
}

const failed = (error: unknown) => toast('You are still signed in', { tone: 'error', about: messageOf(error) });

/** Pages and questions, actions whose dialog asks for the object, and commands. */
function useEntries(places: readonly Place[], maintains: boolean): Entry[] {
  const router = useRouter();
  const target = useSearchParams().get('target');
  const { data: actions = [] } = useActions(maintains);
  return [
    ...places.map(({ href, group: of, label, about }) => ({ key: href, group: of, label, about, run: () => leavePage(() => router.push(withTarget(href, target))) })),
    ...actions.map(({ id, title, about }) => ({ key: id, group: 'Actions', label: `${title} …`, about, run: () => openAction({ action: id, target: target ?? 'main', params: {} }) })),
    ...themes.map((theme) => ({ key: `theme ${theme}`, group: 'Commands', label: `Theme: ${theme}`, about: '', run: () => chooseTheme(theme) })),
    { key: 'sign out', group: 'Commands', label: 'Sign out', about: '', run: () => leavePage(() => void signOut().catch(failed)) },
  ];
}
