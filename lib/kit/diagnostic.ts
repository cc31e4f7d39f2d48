import type { SQL } from '@/lib/pg/sql';
import type { Columns, RowOf } from './column';
import type { KeptExport } from './export';
import type { Finding } from './finding';
import type { Line, Sample } from './history';
import type { Params, ParamsOf } from './param';
import type { Permission } from './permission';
import type { Planner } from './planner';

/** Server facts that a diagnostic's SQL may depend on. */
export type ServerFacts = {
  /** `server_version_num` / 10000. */
  major: number;
  versionNum: number;
  inRecovery: boolean;
  user: string;
  isSuperuser: boolean;
  /** Member of pg_monitor (or superuser): sees other roles' statements and activity. */
  isMonitor: boolean;
  extensions: ReadonlyMap<string, { version: string; schema: string }>;
  /** Settings of loaded libraries, by name; a library's settings exist only where it is loaded. */
  settings: ReadonlyMap<string, string>;
};

/** What must hold before the question can be asked; a failed need is an answer (`unmeasured`) with its remedy. */
export type Need =
  | { extension: string; minVersion?: string; /** A setting that exists only while the library is loaded. */ loadedWhen?: string }
  | { setting: string; not: string; says: string; remedy: string }
  /** Only a primary can tell; the sentence says why. */
  | { primary: string }
  /** Without pg_monitor the answer would be a part that looks like the whole; the sentence says what would be missing. */
  | { monitor: string };

/** The figures of one of this console's own connection pools, from the process itself. */
export type PoolFigures = {
  name: string;
  max: number;
  open: number;
  inUse: number;
  idle: number;
  waiting: number;
  acquired: number;
  waits: number;
  waitMs: number;
  maxWaitMs: number;
  timeouts: number;
  closedIdle: number;
  closedLifetime: number;
  closedError: number;
  connectFailures: number;
  since: string;
};

/** What the requests of one of this console's routes have asked of the product's own database, as the process counted it. */
export type RouteFigures = {
  /** Method and pattern. */
  route: string;
  requests: number;
  statements: number;
  /** The most that one request took. */
  mostStatements: number;
  /** From sending a statement to its result, the way over the network included. */
  ms: number;
  rows: number;
  failed: number;
  /** The most often that one request sent the same statement, and which; 0 where none did. */
  mostRepeated: number;
  repeated: string | null;
  /** Waits for a connection: now, so far, and how long. */
  waiting: number;
  waits: number;
  waitMs: number;
  /** Statement by statement, by the text that was sent; the first hundred of a route. */
  texts: ReadonlyMap<string, { calls: number; ms: number; rows: number }>;
  since: string;
};

/** What a diagnostic with `source: 'process'` reads. */
export type ProcessFacts = { pools: PoolFigures[]; routes: RouteFigures[]; /** Those of the target that is asked about, looked for on the disk when they are asked for. */ exports: () => Promise<KeptExport[]> };

/** One statement of a `facts` diagnostic, in the same read-only transaction as its others. */
export type Ask = <T extends Record<string, unknown>>(statement: SQL) => Promise<T[]>;

/** One `SHOW` of PgBouncer's admin console, its columns by name: they differ from version to version. */
export type ShownRow = Readonly<Record<string, string | null>>;
export type Show = (what: 'POOLS' | 'STATS' | 'DATABASES' | 'CLIENTS' | 'SERVERS' | 'CONFIG' | 'VERSION') => Promise<ShownRow[]>;
/** What a `pgbouncer` diagnostic may ask of the target's server besides; null when that could not be asked. */
export type AskServer = <T extends Record<string, unknown>>(statement: SQL) => Promise<T[] | null>;

export type SqlContext<P extends Params> = { params: ParamsOf<P>; server: ServerFacts };
type SqlBuilder<P extends Params> = (context: SqlContext<P>) => SQL;

type FindingContext<P extends Params, X extends Columns> = { params: ParamsOf<P>; server: ServerFacts | null; context: RowOf<X> | null };

/** Over the rows that the table shows, or with `lines` over time, of what a `history` diagnostic returns. */
type Plain<K extends string> = { kind: 'bars' | 'stacked-bars' | 'lines'; title: string; label: K; values: K[]; top: number };

/** What a row of a timeline can be: a stretch that is held, one that is not, one that is held twice, what lies outside of all, and a moment. */
export const stretches = ['held', 'gap', 'overlap', 'outside', 'end'] as const;

/** Stretches of time, in a lane for each value of `lane`: `from` and `to` are times, null where open; `state` is one of `stretches`; the bar is as high as `value`. */
type Timeline<K extends string> = { kind: 'timeline'; title: string; lane: K; label: K; from: K; to: K; state: K; value: K };

/** A chart; all but the kind, the title and `top` are column keys. */
export type Chart<K extends string = string> = Plain<K> | Timeline<K>;

export const chartColumns = <K extends string>(chart: Chart<K>): K[] =>
  chart.kind === 'timeline' ? [chart.lane, chart.label, chart.from, chart.to, chart.state, chart.value] : [chart.label, ...chart.values];

export type ChartSpec<C extends Columns> = Chart<keyof C & string>;

/** Figures that the console keeps over time, of the first thousand rows in the default order. */
export type Sampling<C extends Columns> = { everyMinutes: number; keepDays: number; values: (keyof C & string)[] };

type Common<P extends Params, C extends Columns, X extends Columns> = {
  name: string;
  title: string;
  /** Why anyone should care, in one sentence. */
  why: string;
  /** How the figures are obtained and what they cannot show. */
  how: string;
  permission: Permission;
  params: P;
  row: C;
  /** The columns that identify a row. */
  key: (keyof C & string)[];
  /** Columns that `q` searches, as a case-insensitive part. */
  search?: (keyof C & string)[];
  /** Default order: a column key, with a minus for descending. */
  sort: string;
  /** Columns that the table shows at first; the rest can be chosen. */
  show?: (keyof C & string)[];
  needs: Need[];
  charts: ChartSpec<C>[];
  /** Every code that `findings` can give, with what it means; docs and tests read it. */
  codes: Record<string, string>;
  findings: (rows: RowOf<C>[], context: FindingContext<P, X>) => Finding[];
  /** One row of facts about the whole: shown above the table and given to `findings`. */
  context?: { row: X; sql: SqlBuilder<P>; /** ISO time since when the figures count. */ since?: (facts: RowOf<X>) => string | null };
  /** How often an open panel asks again, in seconds. */
  refreshSeconds: number;
  /** Set where the question itself costs the server something, a scan say: what it costs. It is asked when a person says so, and by nothing else. */
  onDemand?: string;
  /** Where a row leads: the page of the one thing that it is about, and which column is which of that page's parameters. A row that lacks one has no link. */
  page?: { path: `/${string}`; by: Record<string, keyof C & string> };
  /** The parameter that names the one thing that it is asked about: it stands on that thing's page, is no tab of its room and adds nothing to the overview. */
  concerns?: keyof P & string;
  /** The longest that its statements may run; without it what every diagnostic may. */
  timeLimitMs?: number;
  /** What can be done about a row: an action by its id, and the column that each of its parameters is filled in from. */
  actions?: { action: string; from: Record<string, keyof C & string> }[];
  /** Set where its figures over time answer another question, of `source: 'history'`. */
  sample?: Sampling<C>;
};

type FromSql<P extends Params> = {
  source: 'sql';
  /** By minimum server major. */
  sql: Record<number, SqlBuilder<P>>;
  /** Which rows can give a finding, as a condition on the columns of `d` that are not `late`: where there are more rows than are shown, those are read for it. Every row can, without. */
  alarm?: SqlBuilder<P>;
  /**
   * Columns that cost the server something for each row (a file to open, a definition to write out): asked for the rows that are shown, and for all only where the order
   * needs them. `sql` has these columns and `by`, for the rows that `shown` (a query of the column `by`) names.
   */
  late?: { by: string; columns: string[]; sql: (shown: SQL) => SQL };
};
/** Where SQL finds the facts and a program the answer: a proof over the catalog, a parsed statement. The engine searches, sorts and limits what it returns. */
type FromFacts<P extends Params, C extends Columns> = { source: 'facts'; read: (ask: Ask, context: SqlContext<P> & { planner: Planner }) => Promise<RowOf<C>[]> };
type FromProcess<P extends Params, C extends Columns> = { source: 'process'; read: (facts: ProcessFacts, params: ParamsOf<P>) => RowOf<C>[] | Promise<RowOf<C>[]> };
/** The admin console of the PgBouncer at PGBOUNCER_URL, whatever the target: one console has one. */
type FromPgBouncer<P extends Params, C extends Columns> = { source: 'pgbouncer'; read: (show: Show, context: { params: ParamsOf<P>; server: AskServer }) => Promise<RowOf<C>[]> };

/** Another diagnostic of the room, over time: its kept samples, the oldest first, and what it says now as the last of them. Both have the same key. */
type FromHistory<P extends Params, C extends Columns> = {
  source: 'history';
  of: string;
  /** How many days back, from the parameters. */
  days: (params: ParamsOf<P>) => number;
  read: (history: { samples: Sample[]; now: Record<string, unknown>[] }, context: { params: ParamsOf<P> }) => { rows: RowOf<C>[]; lines: Line[] };
};

export type DiagnosticSpec<P extends Params, C extends Columns, X extends Columns> = Common<P, C, X> & (FromSql<P> | FromFacts<P, C> | FromProcess<P, C> | FromPgBouncer<P, C> | FromHistory<P, C>);

/** Any diagnostic, as the engine sees it. */
// The engine treats every diagnostic alike; what is specific was checked where it was declared.
export type Diagnostic = DiagnosticSpec<Params, Columns, Columns>;

/** Declares a question to PostgreSQL. The file's folder is its room; `<room>.<name>` is its public id. */
export function diagnostic<P extends Params, C extends Columns, X extends Columns = Record<never, never>>(spec: DiagnosticSpec<P, C, X>): Diagnostic {
  return spec as unknown as Diagnostic;
}
