import type { SQL } from '@/lib/pg/sql';
import type { Ask, ServerFacts } from './diagnostic';
import type { ExportFacts, ExportPlan, ImportPlan } from './export';
import type { Remedy } from './finding';
import type { Params, ParamsOf } from './param';
import type { Permission } from './permission';
import type { Planner } from './planner';

/** `destructive` asks to type the object's name. */
export const risks = ['light', 'heavy', 'destructive'] as const;
export type Risk = (typeof risks)[number];

/** PostgreSQL's modes of table locks, the weakest first. */
export const lockModes = ['ACCESS SHARE', 'ROW SHARE', 'ROW EXCLUSIVE', 'SHARE UPDATE EXCLUSIVE', 'SHARE', 'SHARE ROW EXCLUSIVE', 'EXCLUSIVE', 'ACCESS EXCLUSIVE'] as const;
export type LockMode = (typeof lockModes)[number];

/** One statement of a plan, or several as one transaction. What a preview shows of it is what runs. */
export type Step = {
  /**
   * Several are one transaction: rolled back whole and tried again where a lock was not to be had in time or two sessions stood in each other's way. A row of
   * one of them with a text in its column `refuses` rolls it back for good, and the job ends with that text.
   */
  sql: SQL | SQL[];
  /** What it does, in one sentence. */
  note: string;
  /** The strongest lock that it takes on the table. */
  lock: LockMode | null;
  /** Of a transaction with locks that stop reads or writes: how long others may wait for it at most, where a person has said so; 150 ms else. */
  holdMs?: number;
  /**
   * It runs again and again, each time as a transaction of its own, until its rows say that `moved` is 0. Where they say whether there
   * is `more`, it passes over a table: at the end of a pass `left` says whether there are rows that others held or have added, and it begins again until there are none. A cancel ends it
   * between two runs, and so that others get their turn it rests between them. The setting `riskdesk.pace`, 1 at first, says how much larger or smaller than planned a batch should be.
   */
  repeats?: { /** Rows to move in all, as far as is known. */ expected: number | null };
  /**
   * It is one transaction whose COPY … TO STDOUT, one a table in this order, go into the files of an export of the console; the row before each says in `rows` and `checksum` what it has to hold.
   * The files are read back and held against that before the export is seen and the step has ended.
   */
  exports?: ExportPlan;
  /** It is one transaction whose COPY … FROM STDIN, one a table in this order, are fed from the files of an export. All of them are held against its manifest before the transaction begins. */
  imports?: ImportPlan;
  /** Of a query: what it means where it returns no row, or one that begins with false. The job fails with it. */
  otherwise?: string;
} & Waiting;

/**
 * How it waits for a lock. `bounded`: it gives up soon and tries again, so that nobody queues behind it for longer; for short commands
 * with strong locks. `patient`: without a timeout, which would leave an invalid index behind a command CONCURRENTLY. That waits between its phases for others too, who have no lock
 * that is in the way of its own: `awaits` says with which mode theirs conflict, and whether every older snapshot in the database is waited for.
 */
type Waiting = { waits: 'bounded' } | { waits: 'patient'; awaits: { lock: LockMode; snapshots: boolean } };

/** What an action works on, as it stands. */
export type ActionObject = {
  /** As SQL writes it: what a person types to confirm. */
  name: string;
  /** Jobs with the same key do not run at the same time: `relation 16384`. */
  key: string;
  /** What makes it this very one: an OID, a process with its start. */
  identity: string;
  /** The table whose locks are asked for, by OID; null where none is. */
  table: string | null;
  /** Other relations that it locks as well, by OID: TOAST tables. */
  also?: string[];
  /** Its size; null where it has none. */
  bytes: number | null;
};

/** Why an action is not done, and what would be safer. */
export type Refusal = { name: string; says: string; saferWay: string | null };

/**
 * How an action stands whose end nobody saw, from the catalog alone: what was left half done is mended by `mend`. `resumable`: what is done stays done and is whole,
 * and starting the action again goes on from there.
 */
export type Settled = { state: 'done' | 'undone' | 'resumable'; says: string; mend: Step[] };

/** Where something new goes: beside these relations, by OID, and their indexes; or in a tablespace, empty for the database’s own. */
export type Place = { relations: string[] } | { tablespace: string };

export type ProgressView = 'vacuum' | 'analyze' | 'create_index' | 'cluster';

export type ActionContext<P extends Params> = { params: ParamsOf<P>; server: ServerFacts; /** The role that would run it. */ role: string; exports: ExportFacts };

/** A figure before and after, by a key with its unit: `size_bytes`. One that a double would round is text. */
export type Figures = Record<string, number | string | null>;

/** What figures may need besides. */
export type Measuring = { server: ServerFacts; planner: Planner };

/** A question of the same room that tells beforehand what an action would do, and what its rows come to, for the preview. */
export type Rehearsal<O> = { diagnostic: string; query: (object: O) => Record<string, string>; says: (rows: Record<string, unknown>[]) => string };

export type ActionSpec<P extends Params, O extends ActionObject> = {
  name: string;
  title: string;
  /** What it does and what for, in one sentence. */
  about: string;
  permission: Extract<Permission, 'maintenance:run' | 'maintenance:destroy'>;
  risk: Risk;
  /** The same where it depends on what is asked for; `risk` is then the least. */
  riskOf?: (params: ParamsOf<P>) => Risk;
  /** Whether it makes sense to do it again and again, by a schedule; what is done once is neither offered for one nor taken. */
  recurs: boolean;
  params: P;
  /** The object as it stands now; null where there is none of this name. */
  find: (ask: Ask, context: ActionContext<P>) => Promise<O | null>;
  guards: (object: O, context: ActionContext<P>) => Refusal[];
  plan: (object: O, context: ActionContext<P>) => Step[];
  /** Who waits while it runs, in one sentence. */
  blocks: string;
  /** The same of one object, where it depends on that. */
  blocksOf?: (object: O) => string;
  /** Disk that it needs besides, at most. */
  disk?: (object: O) => number | null;
  /** Where it needs it; beside its table, without this. */
  place?: (object: O, context: ActionContext<P>) => Place;
  progress: ProgressView | null;
  /** What a job's log keeps of one of the server's notices, null for nothing; all of every one, without it. */
  tells?: (notice: string) => string | null;
  /** What the server's notices say of how far it got, for the outcome; null where all was done. */
  concludes?: (notices: readonly string[]) => string | null;
  figures?: (ask: Ask, object: O, measuring: Measuring) => Promise<Figures>;
  rehearsal?: Rehearsal<O>;
  /** What takes it back. */
  inverse?: (object: O, context: ActionContext<P>) => Remedy | null;
  /** Asked again after what it said was to be mended has been: `mended`. */
  settle: (ask: Ask, object: O, context: ActionContext<P>, mended: boolean) => Promise<Settled>;
  /** Rooms whose answers are out of date after it. */
  stale: string[];
};

/** Any action, as the engine sees it. */
export type Action = ActionSpec<Params, ActionObject>;

/** Declares a change to the server. The file's folder is its room; `<room>.<name>` is its public id. */
export function action<P extends Params, O extends ActionObject>(spec: ActionSpec<P, O>): Action {
  return spec as unknown as Action;
}

/** The modes that wait for `mode` and that it waits for: the table of conflicts in PostgreSQL's documentation of explicit locking. */
export function conflictsWith(mode: LockMode): LockMode[] {
  const row: Record<LockMode, number> = {
    'ACCESS SHARE': 0b10000000, 'ROW SHARE': 0b11000000, 'ROW EXCLUSIVE': 0b11110000, 'SHARE UPDATE EXCLUSIVE': 0b11111000,
    SHARE: 0b11101100, 'SHARE ROW EXCLUSIVE': 0b11111100, EXCLUSIVE: 0b11111110, 'ACCESS EXCLUSIVE': 0b11111111,
  };
  return lockModes.filter((_, index) => (row[mode] >> index) & 1);
}
