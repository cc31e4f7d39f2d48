import { classNames } from '@/components/ui/class-names';
import { levelOf, riskLevels } from '@/lib/rooms/assessments/values';
import { formatScore } from '@/lib/units';

const ranges = { low: '0.00–0.24', medium: '0.25–0.49', high: '0.50–0.74', critical: '0.75–1.00' };

type Props = { /** Null while there is none. */ score: number | null; /** Shares of the same scale, drawn end to end below it. */ parts?: { name: string; size: number }[] };

/** Where a score stands between 0 and 1: four levels of a quarter each, and a mark. */
export function ScoreScale({ score, parts = [] }: Props) {
  const level = score === null ? null : levelOf(score);
  return (
    <div className="min-w-0">
      <p className="sr-only">{score === null ? 'No score yet' : `Score ${formatScore(score)} on a scale from 0 to 1: ${level}`}</p>
      <div className="relative py-1.5" aria-hidden>
        <div className="grid grid-cols-4 gap-0.5">
          {riskLevels.map((one) => (
            <span key={one} className="h-2 rounded-[2px] first:rounded-l-full last:rounded-r-full" style={{ background: `var(--level-${one})`, opacity: one === level ? 1 : 0.3 }} />
          ))}
        </div>
        {score === null ? null : <span className="absolute inset-y-0 w-1.5 -translate-x-1/2 rounded-full border border-surface bg-ink" style={{ left: `${score * 100}%` }} />}
      </div>
      <div className="mt-1.5 grid grid-cols-4 gap-0.5 text-2xs" aria-hidden>
        {riskLevels.map((one) => (
          <span key={one} className={classNames('min-w-0', one === level ? 'font-medium text-ink' : 'text-faint')}>
            <span className="block first-letter:uppercase">{one}</span>
            <span className="numeric block font-normal text-faint">{ranges[one]}</span>
          </span>
        ))}
      </div>
      {parts.length > 0 ? (
        <div className="mt-3" aria-hidden>
          <p className="text-2xs text-faint">The factors, weighted, on the same scale</p>
          <div className="mt-1 flex h-2 gap-px overflow-hidden rounded-[2px] bg-hover">
            {parts.map(({ name, size }, index) => <span key={index} title={`${name}: ${size.toFixed(4)}`} className="shrink-0 bg-accent opacity-70" style={{ width: `${size * 100}%` }} />)}
          </div>
        </div>
      ) : null}
    </div>
  );
}
