import { classNames } from '@/components/ui/class-names';

type Props = { /** What each finding is from. */ rooms: readonly string[]; chosen: string | null; onChoose: (room: string | null) => void };

/** Findings of one room: one click from a long list to a short one. */
export function RoomFilter({ rooms, chosen, onChoose }: Props) {
  const names = [...new Set(rooms)].toSorted((a, b) => a.localeCompare(b));
  if (names.length < 2 && chosen === null) return null;
  return (
    <ul aria-label="Rooms" className="flex flex-wrap gap-1.5 border-b border-line px-4 py-2">
      <li><Choice name="All" count={rooms.length} current={chosen === null} onClick={() => onChoose(null)} /></li>
      {names.map((name) => (
        <li key={name}><Choice name={name} count={rooms.filter((room) => room === name).length} current={chosen === name} onClick={() => onChoose(chosen === name ? null : name)} /></li>
      ))}
    </ul>
  );
}

function Choice({ name, count, current, onClick }: { name: string; count: number; current: boolean; onClick: () => void }) {
  return (
    <button type="button" aria-pressed={current} onClick={onClick} className={classNames('inline-flex h-7 items-center gap-1.5 rounded-full border px-2.5 text-xs', current ? 'border-accent bg-accent-soft font-medium text-accent' : 'border-line text-muted hover:border-line-strong hover:text-ink')}>
      {name}
      <span className={classNames('numeric', current ? '' : 'text-faint')}>{count}</span>
    </button>
  );
}
