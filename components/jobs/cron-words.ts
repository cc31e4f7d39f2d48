const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

const isNumber = (field: string, most: number): boolean => /^\d{1,2}$/.test(field) && Number(field) <= most;
const clock = (hour: string, minute: string): string => `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`;

/** The day of the week that a field names, or the first and the last of several; null where it says more than that. */
function weekdays(field: string): string | null {
  const [first = '', last, ...more] = field.split('-');
  if (more.length > 0 || !isNumber(first, 7) || (last !== undefined && !isNumber(last, 7))) return null;
  return last === undefined ? `Every ${days[Number(first)]}` : `${days[Number(first)]} to ${days[Number(last)]}`;
}

/** What five fields of cron say, where it is one of the usual things; null for the rest, which a person reads as it is. */
export function cronInWords(cron: string): string | null {
  const [minute = '', hour = '', day = '', month = '', weekday = '', ...more] = cron.trim().split(/\s+/);
  if (more.length > 0 || month !== '*') return null;
  const anyDay = day === '*' && weekday === '*';
  const [, step] = /^\*\/(\d{1,2})$/.exec(minute) ?? [];
  if (step && hour === '*' && anyDay && 60 % Number(step) === 0) return `Every ${step} minutes`;
  if (!isNumber(minute, 59)) return null;
  if (hour === '*' && anyDay) return Number(minute) === 0 ? 'Every hour, on the hour' : `Every hour at ${Number(minute)} minutes past`;
  if (!isNumber(hour, 23)) return null;
  if (anyDay) return `Every day at ${clock(hour, minute)}`;
  if (weekday === '*') return isNumber(day, 31) && day !== '0' ? `On day ${Number(day)} of each month at ${clock(hour, minute)}` : null;
  const on = day === '*' ? weekdays(weekday) : null;
  return on && `${on} at ${clock(hour, minute)}`;
}
