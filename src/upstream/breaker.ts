import type { Health, UnsureReason } from "./contract.ts";

/** Seconds; `limited` is for a 429 that says nothing, `longest` what an upstream can ask for. */
const rest = { first: 10, most: 300, limited: 30, longest: 3600 };
/** Failures in a row that open it. */
const tolerated = 5;

/** What a call showed of its upstream; `nothing`, where it ended for a reason of ours. */
export type Outcome =
  | { kind: "answered" }
  | { kind: "failed"; reason: UnsureReason; retryAfterSeconds: number | undefined }
  | { kind: "limited"; retryAfterSeconds: number | undefined }
  | { kind: "nothing" };

/** Leave to make one call, to be given back with its outcome. */
export interface Pass {
  readonly epoch: number;
  readonly isTrial: boolean;
}

/** What outlives the process. */
export interface BreakerMemory {
  openings: number;
  retryAt: number;
  reason: UnsureReason;
}

/**
 * Spares an upstream that fails, and those who would wait for it. Five failures in a row open it (an answer in between
 * starts the count anew), for 10 s, and for twice as long each time the trial afterwards fails, up to 5 minutes, less
 * up to a fifth at random so that many servers do not come back at once. A 429 opens it by itself, for as long as the
 * upstream says, and neither counts as a failure nor doubles anything. When the time is over one call is let through:
 * an answer closes it. Outcomes of calls from before the last change say nothing of the time since, and are ignored.
 */
export class Breaker {
  #failures = 0;
  /** How often in a row it opened for failures. */
  #openings = 0;
  #retryAt: number | undefined;
  #reason: UnsureReason | undefined;
  #trying = false;
  #epoch = 0;

  /** Undefined: the call is to fail at once. */
  enter(now: number): Pass | undefined {
    if (this.#retryAt === undefined) return { epoch: this.#epoch, isTrial: false };
    // Where the machine's clock was set back, the time noted would not come for long.
    this.#retryAt = Math.min(this.#retryAt, now + rest.longest * 1000);
    if (this.#trying || now < this.#retryAt) return undefined;
    this.#trying = true;
    return { epoch: this.#epoch, isTrial: true };
  }

  /** True when it opened or closed. `random` is from 0 to 1. */
  leave(pass: Pass, outcome: Outcome, now: number, random: number): boolean {
    if (pass.epoch !== this.#epoch) return false;
    if (pass.isTrial) this.#trying = false;
    switch (outcome.kind) {
      case "nothing":
        return false;
      case "answered":
        return this.#answered();
      case "limited":
        this.#open("rate_limited", outcome.retryAfterSeconds ?? rest.limited, now);
        return true;
      case "failed":
        this.#reason = outcome.reason;
        if (++this.#failures < tolerated && !pass.isTrial) return false;
        this.#open(outcome.reason, this.#pause(outcome.retryAfterSeconds ?? 0, random), now);
        return true;
    }
  }

  /** All that it knows of. */
  health(now: number): Omit<Health, "budget" | "lastError"> {
    const retryAt = this.#retryAt;
    const isDue = retryAt !== undefined && now >= retryAt;
    const breaker = retryAt === undefined ? "closed" : isDue ? "half_open" : "open";
    return { breaker, retryAt, lastFailure: this.#reason };
  }

  /** Undefined while closed. */
  memory(): BreakerMemory | undefined {
    if (this.#retryAt === undefined || !this.#reason) return undefined;
    return { openings: this.#openings, retryAt: this.#retryAt, reason: this.#reason };
  }

  /** Goes on where another process stopped. */
  restore({ openings, retryAt, reason }: BreakerMemory): void {
    this.#openings = openings;
    this.#retryAt = retryAt;
    this.#reason = reason;
  }

  /** Somebody has seen the upstream answer: it is as if a trial had gone well. True where it was open. */
  close(): boolean {
    this.#trying = false;
    return this.#answered();
  }

  #answered(): boolean {
    const wasOpen = this.#retryAt !== undefined;
    this.#failures = 0;
    this.#openings = 0;
    this.#retryAt = undefined;
    this.#reason = undefined;
    if (wasOpen) this.#epoch++;
    return wasOpen;
  }

  #pause(asked: number, random: number): number {
    const usual = Math.min(rest.first * 2 ** this.#openings, rest.most);
    this.#openings++;
    return Math.max(asked, usual * (1 - random / 5));
  }

  #open(reason: UnsureReason, seconds: number, now: number): void {
    this.#failures = 0;
    this.#reason = reason;
    this.#retryAt = now + Math.ceil(seconds * 1000);
    this.#epoch++;
  }
}
