/** What goes on around a step: whether somebody wants it to end, and who is told how it goes. */
export type Watch = {
  target: string;
  job: string;
  cancelled: () => boolean;
  /** Its session is being ended, because a cancel did not help. */
  terminated: () => boolean;
  log: (says: string) => void;
  /** What is logged of a notice; all of it, without this. */
  tells?: ((notice: string) => string | null) | undefined;
  moved: (rows: number, expected: number | null) => void;
  /** How long a strong lock was asked for and held, and how long the longest of those who waited at its end had waited. */
  held: (ms: number, waitedMs: number) => void;
  /** How long somebody has waited for this job, when it was last looked at. */
  waitedNow: () => number;
};
