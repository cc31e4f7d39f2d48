import 'server-only';
import type { ActionObject, Figures } from '@/lib/kit/action';
import { monitorTransaction } from '../monitor';
import { plannerOn } from '../planner';
import { serverFacts } from '../server';
import type { RegisteredAction } from './registry';

/** The figures of an action's object as they stand, none where it has none. */
export async function measure(target: string, { id, action: { figures } }: RegisteredAction, object: ActionObject): Promise<Figures> {
  if (!figures) return {};
  const server = await serverFacts(target);
  return monitorTransaction(target, (ask, client) => figures(ask, object, { server, planner: plannerOn(client, server, () => {}, id) }));
}
