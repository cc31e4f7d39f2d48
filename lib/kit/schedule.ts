import type { z } from 'zod';
import type { newScheduleSchema, scheduleChangeSchema, scheduleSchema } from './schedule-schema';

export type ScheduleView = z.infer<typeof scheduleSchema>;
export type NewSchedule = z.input<typeof newScheduleSchema>;
export type ScheduleChange = z.infer<typeof scheduleChangeSchema>;
