import { z } from 'zod';
import { signedIn } from '@/lib/kit/caller';
import { endpoint, type Endpoint } from '@/lib/kit/endpoint';
import { newScheduleSchema, scheduleChangeSchema, scheduleSchema } from '@/lib/kit/schedule-schema';
import { changeSchedule, createSchedule, deleteSchedule, listSchedules } from '@/lib/run/actions/schedules';
import { clientAddress } from '@/lib/run/peer';

const byId = z.strictObject({ id: z.guid() });

export const getSchedules = endpoint({
  method: 'GET', path: '/api/schedules', summary: 'Schedules with their next run and how the last one went', access: 'stats:read',
  answers: { 200: z.object({ items: z.array(scheduleSchema) }) },
  handle: async () => ({ json: { items: await listSchedules() } }),
});

export const postSchedule = endpoint({
  method: 'POST', path: '/api/schedules', summary: 'Schedules an action; each run is planned anew, and its guards hold', access: 'maintenance:run', body: newScheduleSchema,
  answers: { 201: scheduleSchema }, problems: [404, 409], deadlineMs: 15_000,
  handle: async ({ caller, body, request }) => ({ status: 201, json: await createSchedule(body, signedIn(caller), clientAddress(request)) }),
});

export const patchSchedule = endpoint({
  method: 'PATCH', path: '/api/schedules/{id}', summary: 'Changes when a schedule runs, or whether it does', access: 'maintenance:run', params: byId, body: scheduleChangeSchema,
  answers: { 200: scheduleSchema }, problems: [404],
  handle: async ({ caller, params, body, request }) => ({ json: await changeSchedule(params.id, body, signedIn(caller), clientAddress(request)) }),
});

export const deleteScheduleById = endpoint({
  method: 'DELETE', path: '/api/schedules/{id}', summary: 'Ends a schedule', access: 'maintenance:run', params: byId,
  answers: { 204: null }, problems: [404],
  handle: async ({ caller, params, request }) => {
    await deleteSchedule(params.id, signedIn(caller), clientAddress(request));
    return { status: 204 };
  },
});

export const scheduleEndpoints: Endpoint[] = [getSchedules, postSchedule, patchSchedule, deleteScheduleById];
