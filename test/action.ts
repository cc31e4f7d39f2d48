import type { JobView } from '@/lib/kit/job';
import { expect } from 'vitest';
import type { useActions } from './actions';

type Actions = Awaited<ReturnType<typeof useActions>>;
type Values = Record<string, string>;

/** The same on one target, with time for jobs that take long. */
export function onTarget({ preview, sealed, start, ended, job, cancelJob }: Actions, target = 'main', most = 60_000) {
  const begin = (action: string, params: Values) => start(action, params, { target });
  const end = (id: string) => ended(id, most);
  const run = async (action: string, params: Values): Promise<JobView> => end(await begin(action, params));
  const succeeded = (outcome: JobView): JobView => {
    expect(outcome.state, `${outcome.says}\n${outcome.log.map(({ says }) => says).join('\n')}`).toBe('succeeded');
    return outcome;
  };
  const done = async (action: string, params: Values): Promise<JobView> => succeeded(await run(action, params));
  /** As a person would who is told that what is done stays done: begun again until it has succeeded, a few times. */
  const doneAtLast = async (action: string, params: Values, times = 5): Promise<JobView> => {
    const outcome = await run(action, params);
    const goesOn = outcome.state === 'failed' && outcome.says?.includes('start it again to go on');
    return goesOn && times > 1 ? doneAtLast(action, params, times - 1) : succeeded(outcome);
  };
  return { preview: (action: string, params: Values) => preview(action, params, { target }), shown: (action: string, params: Values) => sealed(action, params, { target }), start: begin, ended: end, run, done, doneAtLast, jobOf: job, cancel: cancelJob };
}
