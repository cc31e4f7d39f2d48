import type { Wish } from './use-jobs';

type Listener = (wishes: Wish[]) => void;
let listener: Listener | undefined;

/** Opens the dialog of an action, filled in; with several wishes for the same action, that of all of them. It outlives whatever it was opened from. */
export const openAction = (...wishes: Wish[]): void => listener?.(wishes);

/** The one place that shows it. @returns what ends that */
export function onOpenAction(show: Listener): () => void {
  listener = show;
  return () => {
    if (listener === show) listener = undefined;
  };
}
