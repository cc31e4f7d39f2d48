import type { Risk } from './action';
import type { ColumnView } from './column';
import type { TypedUnit } from '@/lib/units';
import type { Chart } from './diagnostic';
import type { Finding, Remedy } from './finding';
import type { Line } from './history';

export type Row = Record<string, string | number | boolean | null>;

/** Why a question has no answer. `code` is for programs, `says` for people. */
export type UnmeasuredReason = {
  code:
    | 'unreachable'
    | 'not_configured'
    | 'busy'
    | 'timeout'
    | 'privilege'
    | 'extension_missing'
    | 'extension_not_loaded'
    | 'extension_outdated'
    | 'setting'
    | 'standby'
    | 'unsupported_version'
    /** Kept figures do not reach back far enough. */
    | 'too_early'
    | 'failed';
  says: string;
};

export type Measured = {
  state: 'measured';
  rows: Row[];
  /** More rows than `limit` exist. */
  truncated: boolean;
  /** Made of every row, whether it is among `rows` or not. */
  findings: Finding[];
  /** There are more findings than these. */
  more_findings: boolean;
  /** The statement as it ran, parameters as `$n`; null where no server was asked. */
  sql: string | null;
  took_ms: number;
  /** When it was measured, by the server's or this process's clock. */
  at: string;
  /** Since when cumulative figures count; null where unknown or not cumulative. */
  stats_since: string | null;
  /** Facts about the whole (eviction, limits …), by the keys of `DiagnosticView.contextColumns`. */
  context: Row | null;
  /** Values over time, where the question is about time. */
  lines?: Line[];
};

export type Unmeasured = { state: 'unmeasured'; reason: UnmeasuredReason; remedy: Remedy | null };

/** There is no third state: what failed is unmeasured, never healthy. */
export type DiagnosticResult = Measured | Unmeasured;

export type ParamView = { key: string; label: string; kind: 'number' | 'text' | 'choice'; unit?: TypedUnit; default: string; choices?: string[]; /** Rows fill it in, and no form asks for it. */ seen?: boolean };

/** `GET /api/actions`: an action as its form needs it. */
export type ActionView = { id: string; title: string; about: string; risk: Risk; /** It may be scheduled. */ recurs: boolean; /** The questions whose rows offer it. */ offeredBy: OfferingQuestion[]; params: ParamView[] };

/** A question whose rows fill an action in, and where it stands. */
export type OfferingQuestion = { href: string; label: string };

/** An action that a row of a diagnostic offers. `from` is the column that each parameter is filled in from. */
export type OfferedAction = { id: string; title: string; from: Record<string, string> };

/** A diagnostic as the browser gets it. */
export type DiagnosticView = {
  id: `${string}.${string}`;
  room: string;
  name: string;
  title: string;
  why: string;
  how: string;
  columns: ColumnView[];
  contextColumns: ColumnView[];
  key: string[];
  search: string[];
  sort: string;
  show: string[];
  params: ParamView[];
  charts: Chart[];
  refreshSeconds: number;
  /** What asking costs the server; null where it may be asked at any time. */
  onDemand: string | null;
  /** Where a row leads: parameter of that page → column. */
  page: { path: string; by: Record<string, string> } | null;
  actions: OfferedAction[];
};

/** What somebody decided about a finding: it comes back when a snooze is over, or when it has become worse. */
export type Decision = { kind: 'snoozed' | 'accepted'; until: string | null; reason: string; by: string; at: string };

/** One finding in the list of all rooms' findings. */
export type FoundItem = Finding & { id: string; diagnostic: string };

/** `GET /api/findings`: what is open, what somebody has decided about, and what could not be asked. */
export type FindingsAnswer = {
  items: FoundItem[];
  decided: (FoundItem & { decision: Decision })[];
  /** There are more of either than these. */
  more: boolean;
  unmeasured: { diagnostic: string; reason: UnmeasuredReason }[];
};

/** The body of `PUT /api/findings/{id}/decision`. */
export type NewDecision = { target: string; kind: Decision['kind']; until?: string | undefined; reason: string };

/** What a target lacks: what is not seen for it, and what a person runs there to change that. */
export type Lack = { what: string; says: string; sql: string | null };

/** One of `GET /api/targets`. What was not reached is null. */
export type TargetView = { name: string; reachable: boolean; version: string | null; inRecovery: boolean | null; role: string | null; superuser: boolean | null; lacks: Lack[] };
