import type { Clock, Timer } from "../../lib/clock.ts";
import { failureCode, type Log } from "../../lib/log.ts";
import type { WorkEnding, WorkProgress, WorkState, WorkStates } from "../../metadata/contract.ts";
import type { Work } from "./contract.ts";
import type { Pace } from "./pace.ts";

/** How long a server has a work after it was last heard of. */
export const leaseMs = 60_000;
const renewMs = leaseMs / 3;
/** Others may have woken it, or lost it. */
const lookMs = 60_000;
/** How far the clock may have moved otherwise than time does. */
const steadyMs = 300_000;
const firstRetryMs = 60_000;
const maxRetryMs = 3_600_000;

type Ending = Omit<WorkEnding, "wakes" | "now">;

export interface LaneOptions {
  states: WorkStates;
  clock: Clock;
  log: Log;
  pace: Pace;
  /** This server, as others know it. */
  owner: string;
  /** How many works run here. */
  running: () => number;
}

/** One kind of work on this server: when it runs next, and its run. */
export class Lane {
  readonly #around: LaneOptions;
  readonly #startedAt: number;
  /** What the clock says beyond the time that has passed: the same for as long as nobody sets it. */
  #offset: number;
  #timer: Timer | undefined;
  #abort: AbortController | undefined;
  /** A look that is under way, with the run that came of it. */
  #busy: Promise<void> | undefined;
  #isWoken = false;
  #isStopped = false;
  #failures: number | undefined;

  constructor(
    readonly work: Work,
    around: LaneOptions,
  ) {
    this.#around = around;
    this.#startedAt = around.clock.elapsed();
    this.#offset = this.#present();
  }

  get isRunning(): boolean {
    return this.#abort !== undefined;
  }

  /** How often it has failed in a row, on whatever server, as of the last look; undefined before the first one. */
  get failures(): number | undefined {
    return this.#failures;
  }

  /** Looks at once whether there is something to do. */
  look(): void {
    if (this.#isStopped) return;
    if (this.#busy) {
      this.#isWoken = true;
      return;
    }
    this.#timer?.cancel();
    this.#busy = this.#attempt().then((ms) => {
      this.#busy = undefined;
      const isWoken = this.#isWoken;
      this.#isWoken = false;
      if (isWoken) this.look();
      else this.next(ms);
    });
  }

  /** Looks again after so long. */
  next(ms: number): void {
    if (this.#isStopped) return;
    this.#timer = this.#around.clock.after(Math.max(1, Math.min(ms, lookMs)), () => this.look());
  }

  /** Lets the step under way come to its end and begins none. */
  cancel(): void {
    this.#abort?.abort();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.cancel();
    await this.#busy;
  }

  /** Runs what is due; how long until it may be again. Never rejects. */
  async #attempt(): Promise<number> {
    const { states, log } = this.#around;
    const { name } = this.work;
    try {
      const state = await states.get(name);
      this.#failures = state?.failures;
      if (!state) return lookMs;
      const ms = await this.#dueIn(state);
      if (ms > 0) return ms;
      const now = await states.now();
      const claimed = await states.claim(name, this.#around.owner, now + leaseMs, now);
      if (!claimed) return lookMs;
      await this.#run(claimed);
      return 1;
    } catch (error) {
      log.error("background work could not be looked at", { work: name, code: failureCode(error) });
      return lookMs;
    }
  }

  /** Milliseconds until it is due. A time that the clock has been set away from is brought near again. */
  async #dueIn({ nextRunAt, failures, wakes, state, lastRunAt }: WorkState): Promise<number> {
    const { clock, log, states } = this.#around;
    const { name, everyMs, afterStartMs, goesByAge } = this.work;
    const now = await states.now();
    const isFar = nextRunAt - now > Math.max(everyMs, maxRetryMs);
    const isDue = nextRunAt <= now;
    const hasWaited = clock.elapsed() - this.#startedAt;
    if (!isFar && !isDue) return nextRunAt - now;
    // Somebody wants it now, or it was begun: that does not wait for anything.
    const isByItself = wakes === 0 && state === undefined && failures === 0;
    if (isDue && isByItself && hasWaited < afterStartMs) return afterStartMs - hasWaited;
    const isSteady = Math.abs(this.#present() - this.#offset) <= steadyMs;
    this.#offset = this.#present();
    if (!isFar && (isSteady || !goesByAge)) return 0;
    log.warn("the clock was set: background work waits for its next time", {
      work: name,
      last_run_at: lastRunAt,
    });
    await states.schedule(name, now + everyMs, now);
    return everyMs;
  }

  async #run(claimed: WorkState): Promise<void> {
    const { states, owner } = this.#around;
    const abort = new AbortController();
    this.#abort = abort;
    const renewing = this.#renewing(abort);
    try {
      const ending = await this.#steps(claimed, abort.signal);
      if (ending) {
        const { wakes } = claimed;
        const now = await states.now();
        await states.release(this.work.name, owner, { ...ending, wakes, now });
      }
    } finally {
      renewing.cancel();
      this.#abort = undefined;
    }
  }

  /** How the run has ended; undefined where the lease was lost. */
  async #steps(claimed: WorkState, signal: AbortSignal): Promise<Ending | undefined> {
    const { states, owner, clock, pace, running } = this.#around;
    const { name, everyMs } = this.work;
    let at: WorkProgress = claimed;
    // What a run has come to that ended is of no use for the next.
    if (at.state === undefined) at = { state: undefined, done: 0, total: undefined };
    const good = { lastRunAt: claimed.lastRunAt, failures: 0, message: undefined };
    while (!signal.aborted) {
      const started = clock.elapsed();
      let urgency: number | undefined;
      try {
        const step = await this.work.step({ ...at, signal });
        ({ urgency } = step);
        const { isOver, state, done, total, message, nextMs = everyMs } = step;
        at = { state: isOver ? undefined : state, done, total };
        const now = await states.now();
        if (isOver) return { ...good, ...at, message, lastRunAt: now, nextRunAt: now + nextMs };
        if (!(await states.save(name, owner, at, now + leaseMs))) return undefined;
      } catch (error) {
        return { ...at, ...(await this.#failed(claimed, error)) };
      }
      await pace.rest(clock.elapsed() - started, running(), signal, urgency);
    }
    // To be gone on with at once, by whoever comes first.
    return { ...good, ...at, nextRunAt: await states.now() };
  }

  async #failed({ name, failures: before, lastRunAt }: WorkState, error: unknown) {
    const { states, log } = this.#around;
    const message = failureCode(error);
    const failures = before + 1;
    log.error("background work failed", { work: name, code: message, failures });
    const waitMs = Math.min(maxRetryMs, firstRetryMs * 2 ** (failures - 1));
    return { lastRunAt, failures, message, nextRunAt: (await states.now()) + waitMs };
  }

  /** Keeps the lease through steps that wait for long. */
  #renewing(abort: AbortController): Timer {
    const { states, owner, clock, log } = this.#around;
    const { name } = this.work;
    let timer: Timer | undefined;
    let isOver = false;
    const renew = async () => {
      try {
        const isOurs = await states.renew(name, owner, (await states.now()) + leaseMs);
        if (!isOurs) abort.abort();
      } catch (error) {
        log.warn("the lease of background work was not renewed", {
          work: name,
          code: failureCode(error),
        });
      }
      if (!isOver) arm();
    };
    const arm = () => {
      timer = clock.after(renewMs, () => void renew());
    };
    arm();
    return {
      cancel() {
        isOver = true;
        timer?.cancel();
      },
    };
  }

  #present(): number {
    const { clock } = this.#around;
    return clock.now() - clock.elapsed();
  }
}
