import 'server-only';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { RouteFigures } from '@/lib/kit/diagnostic';
import type { PoolWatch } from '@/lib/pg/pool';

type Texts = Map<string, { calls: number; ms: number; rows: number }>;
type Figures = RouteFigures & { texts: Texts };

/** A route whose statements are put together anew each time must not fill the memory with them. */
const mostTexts = 100;

/** What is being worked on: one request of a route, or a job of the console's own. */
type Working = { figures: Figures; /** The comment in its statements. */ tag: string; statements: number; /** How often it sent each text. */ sent: Map<string, number> };

type Routes = { storage: AsyncLocalStorage<Working>; figures: Map<string, Figures> };

// Next evaluates modules once per bundle: what one of them enters, all must see.
const shared = globalThis as typeof globalThis & { riskdeskRoutes?: Routes };

const routes = (): Routes => (shared.riskdeskRoutes ??= { storage: new AsyncLocalStorage(), figures: new Map() });

/** As sqlcommenter writes a value: encoded as in an address, so that none can end the comment. */
const encoded = (value: string): string => `'${encodeURIComponent(value).replace(/[!'()*]/g, (char) => `%${char.codePointAt(0)?.toString(16).toUpperCase()}`)}'`;

/** What every statement of ours says, whoever asks: for those that are the same in every route and are prepared once. */
export const plainTag = `/*application=${encoded('riskdesk')}*/`;

const tagOf = (path: string): string => `/*application=${encoded('riskdesk')},route=${encoded(path)}*/`;

const nothing = (route: string): Figures => ({
  route, requests: 0, statements: 0, mostStatements: 0, ms: 0, rows: 0, failed: 0, mostRepeated: 0, repeated: null, waiting: 0, waits: 0, waitMs: 0, texts: new Map(), since: new Date().toISOString(),
});

/**
 * Runs `work` for a route: its statements carry the route, and what they cost is counted to it. `path` is a pattern such as
 * `/api/tokens/{id}`, never an address: each one is another text to the server.
 */
export function inRoute<T>(what: string, path: string, work: () => Promise<T>): Promise<T> {
  const { storage, figures } = routes();
  const label = `${what} ${path}`;
  let known = figures.get(label);
  if (!known) figures.set(label, (known = nothing(label)));
  const working: Working = { figures: known, tag: tagOf(path), statements: 0, sent: new Map() };
  known.requests += 1;
  return storage.run(working, async () => {
    try {
      return await work();
    } finally {
      finish(working);
    }
  });
}

/** A request is judged when it is over: how many statements it took, and which of them it sent again and again. */
function finish({ figures, statements, sent }: Working): void {
  figures.mostStatements = Math.max(figures.mostStatements, statements);
  for (const [text, times] of sent) {
    if (times > 1 && times > figures.mostRepeated) Object.assign(figures, { mostRepeated: times, repeated: text.slice(0, 4000) });
  }
}

/** The comment for statements of the route at work; null outside of any. */
export const currentTag = (): string | null => routes().storage.getStore()?.tag ?? null;

export const routeFigures = (): RouteFigures[] => [...routes().figures.values()];

/** Begin, commit and the settings of a transaction behind a pooler are sent around statements, not for them. */
const isAround = (text: string): boolean => /^(begin|commit|rollback|select set_config)\b/i.test(text);

function countText(texts: Texts, text: string, ms: number, rows: number): void {
  let known = texts.get(text);
  if (!known && texts.size < mostTexts) texts.set(text, (known = { calls: 0, ms: 0, rows: 0 }));
  if (!known) return;
  known.calls += 1;
  known.ms += ms;
  known.rows += rows;
}

/** Counts to the route at work what it makes the application's pool do. */
export const routeWatch: PoolWatch = {
  ran: (text, ms, failed, rows) => {
    const working = routes().storage.getStore();
    if (!working) return;
    const { figures, sent } = working;
    figures.statements += 1;
    figures.ms += ms;
    figures.rows += rows;
    if (failed) figures.failed += 1;
    working.statements += 1;
    countText(figures.texts, text, ms, rows);
    if (!isAround(text)) sent.set(text, (sent.get(text) ?? 0) + 1);
  },
  waits: () => {
    const figures = routes().storage.getStore()?.figures;
    if (!figures) return () => {};
    figures.waits += 1;
    figures.waiting += 1;
    return (ms) => {
      figures.waiting -= 1;
      figures.waitMs += ms;
    };
  },
};
