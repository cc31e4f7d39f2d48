import { z } from 'zod';
import { risks } from '@/lib/kit/action';
import { signedIn } from '@/lib/kit/caller';
import { endpoint } from '@/lib/kit/endpoint';
import { actionsFor } from '@/lib/run/registry';

const paramSchema = z.object({ key: z.string(), label: z.string(), kind: z.enum(['number', 'text', 'choice']), unit: z.enum(['ms', 'bytes', 'ratio']).optional(), default: z.string(), choices: z.array(z.string()).optional(), seen: z.boolean().optional().describe('Tells an object, as a row has it, from a later one of the same name; empty for whichever there is') });

export const getActions = endpoint({
  method: 'GET', path: '/api/actions', summary: 'The actions that you may begin, with their parameters', access: 'stats:read',
  answers: { 200: z.object({ items: z.array(z.object({ id: z.string(), title: z.string(), about: z.string(), risk: z.enum(risks), recurs: z.boolean().describe('May be scheduled'), offeredBy: z.array(z.object({ href: z.string(), label: z.string() })).describe('The diagnostics whose rows offer it'), params: z.array(paramSchema) })) }) },
  handle: async ({ caller }) => ({ json: { items: actionsFor(signedIn(caller)) } }),
});
