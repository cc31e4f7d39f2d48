import 'server-only';
import type { Action } from '@/lib/kit/action';
import type { Room } from '@/lib/kit/room';
import { declared } from '@/lib/rooms';

export type RegisteredAction = { id: `${string}.${string}`; room: Room; action: Action };

/** Every action by its public id. */
export const actions: ReadonlyMap<string, RegisteredAction> = new Map(
  declared.flatMap(({ room, actions: list }) => list.map((action): [string, RegisteredAction] => [`${room.name}.${action.name}`, { id: `${room.name}.${action.name}`, room, action }])),
);
