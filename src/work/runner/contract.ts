/** What a step is told. */
export interface WorkRun {
  /** What the step before has left, in an earlier process maybe; undefined at the beginning of a run. */
  state: string | undefined;
  /** What was done so far in this run. */
  done: number;
  /** Aborted when the step should come to an end: this server stops, the work was cancelled, or another server has it. */
  signal: AbortSignal;
}

/** Where a run has come to after a step. */
export interface WorkStep {
  isOver: boolean;
  /** For the next step. At most some kilobytes: it is written after each one. */
  state?: string | undefined;
  /** In all, in this run. */
  done: number;
  /** From 0, where waiting does more harm than the work does to pulls: it rests no longer than it works. At 1 it does not rest. */
  urgency?: number | undefined;
  /** Undefined where nobody knows. */
  total?: number | undefined;
  /** What an operator should know of the run that is over. */
  message?: string | undefined;
  /** From the end of the run to the next one, where that is to be sooner than usual. */
  nextMs?: number | undefined;
}

/**
 * A kind of work that nobody waits for. A run is a series of steps; between two of them pulls have their turn. One server at a
 * time runs it. What a step has done may be done once more, where the process is killed before that is noted: it has to
 * be safe to repeat.
 */
export interface Work {
  /** `lower_case`; the same on all servers, and in all releases. */
  readonly name: string;
  /** From one run to the next, where nobody wakes it sooner. */
  readonly everyMs: number;
  /** Of itself it does not run before this server has been there for so long. */
  readonly afterStartMs: number;
  /**
   * Whether it gives up what is old. Where the clock has been set since the last run, or the start, it does not run: what
   * is old by a wrong clock may have been pulled today, and a right one will tell the next time.
   */
  readonly goesByAge: boolean;
  /**
   * A step: at most some milliseconds of the process's time, however long it waits for others. A throw ends the run, which
   * is gone on with from the last step's state: after a minute, then after two, at most an hour.
   */
  step(run: WorkRun): Promise<WorkStep>;
}

/** `waiting`: it is due, and goes on soon. `failed`: it is tried again at `nextRunAt`. */
export type WorkStatus = "scheduled" | "waiting" | "running" | "failed";

export interface WorkReport {
  name: string;
  status: WorkStatus;
  done: number;
  total: number | undefined;
  lastRunAt: number | undefined;
  nextRunAt: number;
  /** Why it failed, or what there is to know of a run that did not. */
  message: string | undefined;
}

export interface Runner {
  /** Runs it now; once more where it runs already. Resolves when that is noted, not when it has run. */
  wake(name: string): Promise<void>;
  /** Ends the run that is under way, on whatever server, and forgets it; the next one comes by schedule. */
  cancel(name: string): Promise<void>;
  /** In order of name. */
  list(): Promise<WorkReport[]>;
  /**
   * How often each work has failed in a row, on whatever server, as it was found within the last minute, or when the database
   * last answered. Asks it nothing.
   */
  failures(): Promise<ReadonlyMap<string, number>>;
  /** Resolves when the steps under way are over; what was not finished is gone on with by the next start. */
  stop(): Promise<void>;
}
