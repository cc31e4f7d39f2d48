'use client';

import { Command } from 'cmdk';
import { useRouter, useSearchParams } from 'next/navigation';
import { useEffect, useRef } from 'react';
import { toast } from '@/components/ui/toast';
import { leavePage } from '@/lib/client/leave';
import { messageOf } from '@/lib/client/problem';
import { openAction } from '@/lib/client/open-action';
import { signOut } from '@/lib/client/session';
import { useActions } from '@/lib/client/use-jobs';
import { chooseTheme, themes } from '@/lib/client/theme';
import { withTarget, type Place } from './places';

type Props = { open: boolean; onClose: () => void; places: readonly Place[]; maintains: boolean };

const item = 'flex h-9 cursor-pointer items-center gap-3 rounded-md px-2.5 text-sm text-ink data-[selected=true]:bg-hover';
const group = '[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-2xs [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-faint';

/** Everything that can be reached, by typing a part of its name. */
export function Palette({ open, onClose, places, maintains }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const router = useRouter();
  const target = useSearchParams().get('target');
  useEffect(() => {
    const dialog = ref.current;
    if (!dialog || dialog.open === open) return;
    if (open) dialog.showModal();
    else dialog.close();
  }, [open]);
  const run = (what: () => void) => {
    onClose();
    what();
  };
  const groups = [...new Set(places.map((place) => place.group))];
  return (
    <dialog ref={ref} aria-label="Go to" onClose={onClose} closedby="any" className="mt-[12vh] w-[calc(100%-2rem)] max-w-xl overflow-hidden rounded-lg border border-line bg-raised p-0 shadow-pop">
      {open ? (
        <Command label="Go to" loop>
          <Command.Input autoFocus placeholder="Page, question or command" className="h-12 w-full border-b border-line bg-transparent px-4 text-base text-ink outline-none placeholder:text-faint" />
          <Command.List className="max-h-[50vh] overflow-y-auto p-1.5">
            <Command.Empty className="px-3 py-8 text-center text-sm text-muted">Nothing of that name.</Command.Empty>
            {groups.map((name) => (
              <Command.Group key={name} heading={name} className={group}>
                {places.filter((place) => place.group === name).map((place) => (
                  <Command.Item key={place.href} value={`${place.label} ${place.about} ${place.href}`} onSelect={() => run(() => leavePage(() => router.push(withTarget(place.href, target))))} className={item}>
                    <span className="shrink-0 font-medium">{place.label}</span>
                    <span className="truncate text-xs text-faint">{place.about}</span>
                  </Command.Item>
                ))}
              </Command.Group>
            ))}
            {maintains ? <Actions target={target ?? 'main'} run={run} /> : null}
            <Command.Group heading="Commands" className={group}>
              {themes.map((theme) => (
                <Command.Item key={theme} value={`theme ${theme}`} onSelect={() => run(() => chooseTheme(theme))} className={item}>
                  Theme: {theme}
                </Command.Item>
              ))}
              <Command.Item value="sign out" onSelect={() => run(() => leavePage(() => void signOut().catch((error: unknown) => toast('You are still signed in', { tone: 'error', about: messageOf(error) }))))} className={item}>
                Sign out
              </Command.Item>
            </Command.Group>
          </Command.List>
        </Command>
      ) : null}
    </dialog>
  );
}

/** What can be done about anything: the dialog asks for the object. */
function Actions({ target, run }: { target: string; run: (what: () => void) => void }) {
  const { data: actions = [] } = useActions();
  if (actions.length === 0) return null;
  return (
    <Command.Group heading="Actions" className={group}>
      {actions.map(({ id, title, about }) => (
        <Command.Item key={id} value={`${title} ${about} ${id}`} onSelect={() => run(() => openAction({ action: id, target, params: {} }))} className={item}>
          <span className="shrink-0 font-medium">{title} …</span>
          <span className="truncate text-xs text-faint">{about}</span>
        </Command.Item>
      ))}
    </Command.Group>
  );
}
