'use client';

import dynamic from 'next/dynamic';
import { useEffect, useRef, useState } from 'react';
import { Search } from 'lucide-react';
import { Kbd } from '@/components/ui/kbd';
import type { Place } from './places';

const load = () => import('./palette').then((module) => module.Palette);
const Palette = dynamic(load, { ssr: false });

const isTyped = ({ key, ctrlKey, metaKey, altKey, isComposing }: KeyboardEvent): boolean => (key.length === 1 || key === 'Enter') && !ctrlKey && !metaKey && !altKey && !isComposing;

/** Opens the palette, by hand or with Ctrl-K; its code comes with the first use, and what is typed until then is not lost. */
export function PaletteButton({ places, maintains }: { places: readonly Place[]; /** Actions too. */ maintains: boolean }) {
  const [open, setOpen] = useState(false);
  const [used, setUsed] = useState(false);
  const [early, setEarly] = useState('');
  const loaded = useRef(false);
  /** It was asked for, and its code is on the way. */
  const comes = useRef(false);
  const show = () => {
    comes.current = !loaded.current;
    setUsed(true);
    setOpen(true);
  };
  const shown = () => {
    loaded.current = true;
    comes.current = false;
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (comes.current && event.key === 'Escape') {
        comes.current = false;
        setOpen(false);
        return;
      }
      if (comes.current && isTyped(event)) {
        event.preventDefault();
        if (event.key !== 'Enter') setEarly((before) => before + event.key);
        return;
      }
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey) || event.altKey || event.shiftKey) return;
      event.preventDefault();
      // A window that asks for something keeps the keyboard until it is answered.
      if (document.querySelector('dialog:modal:not([data-palette])')) return;
      comes.current = !loaded.current && !comes.current;
      setUsed(true);
      setOpen((before) => !before);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  return (
    <>
      <button type="button" onClick={show} onPointerEnter={() => void load()} aria-haspopup="dialog" aria-label="Go to, Control K" className="control-surface flex h-8 items-center gap-2 border-line px-2.5 text-sm text-faint hover:border-control hover:text-muted sm:w-56">
        <Search className="size-4 shrink-0" aria-hidden />
        <span className="grow text-left max-sm:sr-only">Go to…</span>
        <span className="flex gap-0.5 max-sm:hidden" aria-hidden><Kbd>Ctrl</Kbd><Kbd>K</Kbd></span>
      </button>
      {used ? <Palette open={open} early={early} onShown={shown} onClose={() => (setOpen(false), setEarly(''))} places={places} maintains={maintains} /> : null}
    </>
  );
}
