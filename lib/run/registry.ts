import 'server-only';
import { columnViews } from '@/lib/kit/column';
import type { Diagnostic } from '@/lib/kit/diagnostic';
import { may, type Caller } from '@/lib/kit/caller';
import type { Params } from '@/lib/kit/param';
import type { ActionView, DiagnosticView, OfferingQuestion, ParamView } from '@/lib/kit/result';
import type { Room } from '@/lib/kit/room';
import { declared } from '@/lib/rooms';
import { actions } from './actions/registry';

export type Registered = { id: `${string}.${string}`; room: Room; diagnostic: Diagnostic };

/** Every room, in the menu's order. */
export const rooms: Room[] = declared.map((entry) => entry.room).toSorted((a, b) => a.order - b.order);

/** Every diagnostic by its public id. */
export const diagnostics: ReadonlyMap<string, Registered> = new Map(
  declared.flatMap(({ room, diagnostics: list }) => list.map((diagnostic): [string, Registered] => [`${room.name}.${diagnostic.name}`, { id: `${room.name}.${diagnostic.name}`, room, diagnostic }])),
);

export const roomsFor = (caller: Caller): Room[] => rooms.filter((room) => may(caller, room.permission));

/** The diagnostics of a room as the browser gets them, in the order of its tabs; not those that are asked about one thing. */
export function diagnosticsOf(roomName: string): DiagnosticView[] {
  const order = rooms.find(({ name }) => name === roomName)?.questions ?? [];
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  return [...diagnostics.values()].filter(({ room, diagnostic }) => room.name === roomName && !diagnostic.concerns).map(viewOf).toSorted((a, b) => place(a.name) - place(b.name));
}

export function viewOf({ id, room, diagnostic }: Registered): DiagnosticView {
  const { name, title, why, how, row, key, search = [], sort, show, params, charts, context, refreshSeconds, onDemand = null, page = null, actions: offered = [] } = diagnostic;
  return {
    id, room: room.name, name, title, why, how, key, search, sort, charts, refreshSeconds, onDemand, page,
    columns: columnViews(row),
    contextColumns: columnViews(context?.row ?? {}),
    show: show ?? Object.keys(row),
    params: paramViews(params),
    actions: offered.map(({ action, from }) => ({ id: action, title: actionView(action).title, from })),
  };
}

const paramViews = (params: Params): ParamView[] => Object.entries(params).map(([key, { label, kind, unit, default: fallback, choices, seen }]) => ({ key, label, kind, ...(unit ? { unit } : {}), default: fallback, ...(choices ? { choices: [...choices] } : {}), ...(seen ? { seen } : {}) }));

/** The actions that a caller may begin. */
export const actionsFor = (caller: Caller): ActionView[] => [...actions.values()].filter(({ action }) => may(caller, action.permission)).map(({ id }) => actionView(id));

/** Where a person chooses the object of an action rather than typing its name. */
const offeredBy = (id: string): OfferingQuestion[] =>
  [...diagnostics.values()].filter(({ diagnostic }) => !diagnostic.concerns && diagnostic.actions?.some(({ action }) => action === id)).map(({ room, diagnostic }) => ({ href: `${room.path}?view=${diagnostic.name}`, label: `${room.title}: ${diagnostic.title}` }));

function actionView(id: string): ActionView {
  const entry = actions.get(id);
  if (!entry) throw new Error(`there is no action ${id}`);
  const { title, about, risk, recurs, params } = entry.action;
  return { id, title, about, risk, recurs, offeredBy: offeredBy(id), params: paramViews(params) };
}
