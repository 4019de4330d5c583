/** A kind of background work, as all servers on this database know it. */
export interface WorkState {
  name: string;
  /** Where its run has come to, in whatever words the work has for it; undefined: none is under way. */
  state: string | undefined;
  done: number;
  /** Undefined where nobody knows. */
  total: number | undefined;
  /** In a row. */
  failures: number;
  /** Why the last run failed, or what there is to know of it; undefined: nothing. */
  message: string | undefined;
  /** How often it was woken since the last run began. */
  wakes: number;
  /** When a run last ended well. */
  lastRunAt: number | undefined;
  nextRunAt: number;
  /** Until when somebody has it to himself; in the past: nobody has. */
  leasedUntil: number;
}

/** What a step has come to. */
export type WorkProgress = Pick<WorkState, "state" | "done" | "total">;

export interface WorkEnding extends WorkProgress {
  lastRunAt: number | undefined;
  nextRunAt: number;
  failures: number;
  message: string | undefined;
  /** `wakes` as it was when the run began, which are answered by that; woken since then it runs again at once. */
  wakes: number;
  now: number;
}

/**
 * Who runs which background work, and where it has come to. One at a time has a work, by a lease: whoever does not renew
 * it in time has lost it, and finds that out by the next call, which is false and changes nothing.
 */
export interface WorkStates {
  /** What time it is, by the clock of all servers on this database: the one that all these times are of. */
  now(): Promise<number>;
  /** Makes it known, where it is not. */
  add(name: string, nextRunAt: number): Promise<void>;
  /** In order of name. */
  all(): Promise<WorkState[]>;
  get(name: string): Promise<WorkState | undefined>;
  /** It is to run now, and once more where it runs already. */
  wake(name: string, now: number): Promise<void>;
  /** It is to run at this time, whatever was said before, unless somebody has it. */
  schedule(name: string, at: number, now: number): Promise<void>;
  /** Takes the lease of what is due; undefined where it is not, or where another has it. */
  claim(name: string, owner: string, until: number, now: number): Promise<WorkState | undefined>;
  renew(name: string, owner: string, until: number): Promise<boolean>;
  /** Notes where it has come to, and renews the lease. */
  save(name: string, owner: string, progress: WorkProgress, until: number): Promise<boolean>;
  /** Ends the lease. */
  release(name: string, owner: string, ending: WorkEnding): Promise<boolean>;
  /** Forgets the run, and takes the lease from whoever has it. */
  cancel(name: string, nextRunAt: number): Promise<void>;
}
