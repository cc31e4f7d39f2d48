import { LevelBadge, StatusBadge } from '@/components/ui/badge';
import { RelativeTime } from '@/components/ui/relative-time';
import { format, type Unit } from '@/lib/units';

const oneLine = (text: string): string => text.slice(0, 400).replace(/\s+/g, ' ').trim();

/** A value as its unit is shown in a table. Unknown is a dash, which is not a zero. */
export function Cell({ value, unit }: { value: unknown; unit: Unit }) {
  if (value === null || value === undefined) return <span className="text-faint" title="Unknown">–</span>;
  switch (unit) {
    case 'sql':
      return <span className="block max-w-[min(36rem,32vw)] min-w-40 truncate font-mono text-xs max-sm:max-w-none">{oneLine(String(value))}</span>;
    case 'code':
      return <span className="font-mono text-xs">{String(value)}</span>;
    case 'time':
      return <RelativeTime at={String(value)} />;
    case 'level':
      return <LevelBadge level={String(value)} />;
    case 'status':
      return <StatusBadge status={String(value)} />;
    case 'flag':
      return <span className={value ? '' : 'text-faint'}>{format(value, unit)}</span>;
    case 'ratio':
      return <Ratio value={value} />;
    case 'bytes':
    case 'ms':
      return <Measure text={format(value, unit)} />;
    case 'text':
      return <span className="block max-w-xs truncate max-sm:max-w-none" title={String(value)}>{String(value)}</span>;
    default:
      return <>{format(value, unit)}</>;
  }
}

/** `340 ms`: the number first, its unit a step back. */
export function Measure({ text }: { text: string }) {
  return (
    <>
      {text.split(' ').map((part, index) => (
        <span key={index} className={/\d/.test(part) ? undefined : 'text-faint'}>
          {index > 0 ? ' ' : ''}
          {part}
        </span>
      ))}
    </>
  );
}

function Ratio({ value }: { value: unknown }) {
  const part = typeof value === 'number' ? Math.min(1, Math.max(0, value)) : 0;
  return (
    <span className="inline-flex items-center gap-2">
      <span className="h-1 w-8 overflow-hidden rounded-full bg-hover max-lg:hidden" aria-hidden>
        <span className="block h-full rounded-full bg-current opacity-40" style={{ width: `${part * 100}%` }} />
      </span>
      {format(value, 'ratio')}
    </span>
  );
}
