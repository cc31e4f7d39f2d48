import { z } from 'zod';
import { jobStates } from './job-states';
import { sentParams, storableText } from './param';

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as 22:00');
const cron = storableText(100).min(1).describe('Five fields: minute, hour, day of the month, month, day of the week');
const timeZone = z.string().regex(/^[A-Za-z0-9_+/-]{1,60}$/, 'must be a time zone such as Europe/Berlin').describe('Of the IANA database');
const window = z.strictObject({ from: clock, to: clock }).nullable().describe('Jobs begin within these hours of the time zone alone; over midnight where it ends before it begins');

export const newScheduleSchema = z.strictObject({
  action: z.string().max(100),
  target: z.string().max(60).default('main'),
  params: sentParams.default({}),
  cron,
  timeZone: timeZone.default('UTC'),
  window: window.default(null),
  confirm: z.string().max(400).optional(),
  reason: storableText(500).optional(),
});

export const scheduleChangeSchema = z
  .strictObject({ enabled: z.boolean().optional(), cron: cron.optional(), timeZone: timeZone.optional(), window: window.optional() })
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'must change something: enabled, cron, timeZone or window');

export const scheduleSchema = z.object({
  id: z.string(), action: z.string(), target: z.string(), object: z.string(), params: z.record(z.string(), z.string()),
  cron: z.string(), timeZone: z.string(), window: z.object({ from: z.string(), to: z.string() }).nullable(), enabled: z.boolean(),
  nextRun: z.string().nullable(),
  last: z.object({ at: z.string(), state: z.enum([...jobStates, 'refused']), says: z.string().nullable(), job: z.string().nullable() }).nullable(),
  createdBy: z.string(), createdAt: z.string(), reason: z.string().nullable(),
});
