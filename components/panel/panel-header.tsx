'use client';

import { Pause, Play, RotateCw } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { classNames } from '@/components/ui/class-names';
import { RelativeTime } from '@/components/ui/relative-time';
import { InfoTip } from '@/components/ui/tooltip';
import type { DiagnosticView, Measured } from '@/lib/kit/result';
import { formatMs } from '@/lib/units';

type Props = { view: DiagnosticView; measured: Measured | null; asking: boolean; paused: boolean; onRefresh: () => void; onPause: () => void };

/** Title and reason, how the figures are obtained, how old they are, and the two controls over asking again. */
export function PanelHeader({ view, measured, asking, paused, onRefresh, onPause }: Props) {
  return (
    <header className="flex flex-wrap items-start gap-x-4 gap-y-2 px-4 pt-3.5 pb-3">
      <div className="min-w-0 grow basis-72">
        <h2 className="flex items-center gap-1.5 text-base font-semibold tracking-tight">
          {view.title}
          <InfoTip label="How these figures are obtained">{view.how}</InfoTip>
        </h2>
        <p className="text-sm text-muted text-pretty">{view.why}</p>
      </div>
      <div className="flex items-center gap-1 max-sm:w-full">
        <p className="numeric mr-1 text-2xs leading-4 text-faint max-sm:grow sm:min-h-8 sm:text-right" data-testid="measured-age">
          {measured ? (
            <>
              <RelativeTime at={measured.at} prefix="Measured " /> in {formatMs(measured.took_ms)}
              {measured.stats_since ? <><br /><RelativeTime at={measured.stats_since} prefix="Counting since " /></> : null}
            </>
          ) : null}
        </p>
        <Button kind="ghost" icon aria-label={`Measure ${view.title} now`} title="Measure now" onClick={onRefresh}>
          <RotateCw className={classNames('size-4', asking && 'animate-spin')} aria-hidden />
        </Button>
        {view.onDemand === null ? <Button kind="ghost" icon aria-label={paused ? `Resume ${view.title}` : `Pause ${view.title}`} title={paused ? `Paused. Resume every ${view.refreshSeconds} s` : `Asks every ${view.refreshSeconds} s. Pause`} aria-pressed={paused} onClick={onPause}>
          {paused ? <Play className="size-4" aria-hidden /> : <Pause className="size-4" aria-hidden />}
        </Button> : null}
      </div>
    </header>
  );
}
