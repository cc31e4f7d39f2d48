import 'server-only';
import { Cron } from 'croner';
import { invalidField } from '@/lib/errors';

/**
 * The next time that five fields name after a moment, by the clock of a time zone. An hour that does not exist on the day the clock is put forward is the first moment
 * behind it; one that comes twice counts once, unless the hour is a wildcard.
 * @throws AppError invalid, where the fields are none, or name no time that ever comes
 */
export function nextRun(cron: string, timeZone: string, after: string): string {
  const next = parsed(cron, timeZone).nextRun(new Date(after));
  if (!next) throw invalidField('cron', 'never', 'names no time that ever comes');
  return next.toISOString();
}

function parsed(cron: string, timeZone: string): Cron {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch {
    throw invalidField('timeZone', 'unknown', 'must be a time zone such as Europe/Berlin');
  }
  try {
    return new Cron(cron, { timezone: timeZone, paused: true, mode: '5-part' });
  } catch {
    throw invalidField('cron', 'invalid', 'must be five fields of cron, such as 30 2 * * 0');
  }
}
