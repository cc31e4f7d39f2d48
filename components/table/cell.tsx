import { Fragment } from 'react';
import { LevelBadge, StatusBadge } from '@/components/ui/badge';
import { RelativeTime } from '@/components/ui/relative-time';
import { format, type Unit } from '@/lib/units';

const oneLine = (text: string): string => text.slice(0, 400).replace(/\s+/g, ' ').trim();

/** Text that fits a column stays on its line; a longer one has two, so that a sentence need not be cut off at its third word. */
const shortText = 26;

/** Whether it needs the whole width of a phone. */
export const isLong = (value: unknown, unit: Unit): boolean => unit === 'sql' || (['text', 'code'].includes(unit) && typeof value === 'string' && value.length > 22);

/** A value as its unit is shown in a table; `whole` where nothing may be cut off. Unknown is a dash, which is not a zero. */
export function Cell({ value, unit, whole = false }: { value: unknown; unit: Unit; whole?: boolean }) {
  if (value === null || value === undefined) return <span className="text-faint" title="Unknown">–</span>;
  switch (unit) {
    case 'sql':
      return <span className="block min-w-44 truncate font-mono text-xs">{oneLine(String(value))}</span>;
    case 'code':
      return <Code text={String(value)} whole={whole} />;
    case 'time':
      return <RelativeTime at={String(value)} />;
    case 'level':
      return <LevelBadge level={String(value)} />;
    case 'status':
      return <StatusBadge status={String(value)} />;
    case 'flag':
      return <span className={value ? '' : 'text-faint'}>{format(value, unit)}</span>;
    case 'ratio':
      return whole ? <>{format(value, 'ratio')}</> : <Ratio value={value} />;
    case 'bytes':
    case 'ms':
      return <Measure text={format(value, unit)} />;
    case 'text':
      return <Text text={String(value)} whole={whole} />;
    default:
      return <>{format(value, unit)}</>;
  }
}

function Text({ text, whole }: { text: string; whole: boolean }) {
  if (whole) return <span className="break-words">{text}</span>;
  if (text.length <= shortText) return <span className="sm:whitespace-nowrap">{text}</span>;
  return <span className="text-pretty break-words sm:line-clamp-2 sm:max-w-96 sm:min-w-48" title={text}>{words(text)}</span>;
}

/** Lines end between words: a browser would end one after the hyphen of a date as well. */
const words = (text: string) => text.split(' ').map((word, index) => <span key={index}>{index > 0 ? ' ' : ''}<span className={word.length < 24 ? 'whitespace-nowrap' : ''}>{word}</span></span>);

/** A name with its schema can have 130 characters: where the table is wide it has room, else two lines, which end after a part of it. */
function Code({ text, whole }: { text: string; whole: boolean }) {
  if (whole) return <span className="font-mono text-xs break-all whitespace-pre-wrap">{text}</span>;
  return (
    <span className="block font-mono text-xs max-sm:break-all sm:line-clamp-2 sm:max-w-80 sm:wrap-anywhere" style={{ minWidth: `min(11rem, ${text.length + 1}ch)` }} title={text.length > 22 ? text : undefined}>
      {text.split(/(?<=[._])(?=.)/).map((part, index) => <Fragment key={index}>{index > 0 ? <wbr /> : null}{part}</Fragment>)}
    </span>
  );
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
      <span className="sm:min-w-13 sm:text-right">{format(value, 'ratio')}</span>
    </span>
  );
}
