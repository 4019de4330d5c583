import { type Clock, sleep, yieldTurn } from "../../lib/clock.ts";

/** A step that took longer has waited for somebody, and not held up anyone. */
const maxTookMs = 1000;
/** A rest is this many times the step: background work has a third of the process's time, a tenth beside requests. */
const idleShare = 2;
const busyShare = 9;
const maxRestMs = 250;
/** A rest that ended so much late has kept others waiting: they have a backlog. */
const lateMs = 10;
/** Work goes on, if slowly, however busy the process is. */
const maxRests = 4;
/** So often it looks whether the database has written back its log, and so long it waits for that at most. */
const [lookMs, maxHeldMs] = [5, 10_000];

/** Rests between the steps of background work, so that pulls do not wait for it. */
export class Pace {
  constructor(
    readonly clock: Clock,
    /** How many requests are under way. */
    readonly underWay: () => number,
    /** `Metadata.isWritingBack`. */
    readonly isWritingBack: () => boolean,
  ) {}

  /** After a step that took so long, one of `lanes` works that go on side by side. `signal` ends it; see `WorkStep.urgency`. */
  async rest(tookMs: number, lanes: number, signal: AbortSignal, urgency?: number): Promise<void> {
    await yieldTurn();
    if (urgency === undefined) await this.#share(tookMs, lanes, signal);
    else await this.#wait(Math.min(maxRestMs, Math.ceil(tookMs * (1 - urgency))), signal);
    for (let waited = 0; waited < maxHeldMs && this.isWritingBack(); waited += lookMs) {
      if (signal.aborted) return;
      await sleep(lookMs);
    }
  }

  async #share(tookMs: number, lanes: number, signal: AbortSignal): Promise<void> {
    const share = this.underWay() > 0 ? busyShare : idleShare;
    const ms = Math.min(maxRestMs, Math.ceil(tookMs * share * lanes));
    if (tookMs > maxTookMs) return;
    for (let rests = 0; rests < maxRests; rests++) {
      if ((await this.#wait(ms, signal)) < lateMs) return;
    }
  }

  /** How late the end of the wait came. */
  async #wait(ms: number, signal: AbortSignal): Promise<number> {
    if (ms < 1 || signal.aborted) return 0;
    const started = this.clock.elapsed();
    const over = Promise.withResolvers<void>();
    const timer = this.clock.after(ms, over.resolve);
    const end = () => over.resolve();
    signal.addEventListener("abort", end, { once: true });
    await over.promise;
    signal.removeEventListener("abort", end);
    timer.cancel();
    return this.clock.elapsed() - started - ms;
  }
}
