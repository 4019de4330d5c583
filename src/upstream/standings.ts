import type { Clock } from "../lib/clock.ts";
import { LruMap } from "../lib/lru.ts";
import { failureCode, type Log } from "../lib/log.ts";
import { maybeTime } from "../lib/time-text.ts";
import { Breaker, type Outcome, type Pass } from "./breaker.ts";
import { type Budget, readBudget } from "./budget.ts";
import {
  type Health,
  type HealthEvent,
  type StateStore,
  type Upstream,
  UpstreamError,
} from "./contract.ts";
import { failure, isCrowded } from "./failure.ts";
import { readMemory } from "./memory.ts";
import type { Scheme } from "./scheme.ts";

/** What one version of an upstream has shown of itself. */
export class Standing {
  readonly breaker = new Breaker();
  budget: Budget | undefined;
  lastError: Health["lastError"];
  /** How it wants to be told who asks. */
  scheme: Scheme | undefined;
  /** Of what kinds of objects its HEAD has been seen to say that they are there: then it is believed when it says no. */
  readonly heads = new Set<string>();
  /** Until then, by `Clock.elapsed`, nobody is told once more that we are refused. */
  deniedUntil = Number.NEGATIVE_INFINITY;

  constructor(readonly version: number) {}

  /** Takes note of what an answer of the registry itself says of its limits. */
  note(headers: Headers, now: number): void {
    this.budget = readBudget(headers, now) ?? this.budget;
  }
}

export interface StandingsOptions {
  clock: Clock;
  log: Log;
  states: StateStore;
  /** From 0 to 1. */
  random: () => number;
  /** Another version of the upstream is asked for than before: what belongs to the old one is to go. */
  changed: (upstreamId: number) => void;
  /** Told of how upstreams are doing when that changes. Must not take long, nor throw. */
  told: (event: HealthEvent) => void;
}

/** That an upstream refuses us is told once in so long: of others of its repositories it may not. */
const deniedMs = 3_600_000;

const maxUpstreams = 1024;

/** How each upstream is doing. Remembers over restarts who was not to be asked, and until when. */
export class Standings {
  readonly #kept = new LruMap<number, Standing>(maxUpstreams);
  #writing: Promise<void> = Promise.resolve();

  /** Loads what was noted, without anybody waiting for it. */
  constructor(readonly options: StandingsOptions) {
    void this.#load();
  }

  /** Runs the call if the upstream may be asked now, and learns from how it ends. Throws `UpstreamError` where not. */
  async guard<T>(upstream: Upstream, call: (standing: Standing) => Promise<T>): Promise<T> {
    const { clock } = this.options;
    const standing = this.#of(upstream);
    const pass = standing.breaker.enter(clock.now());
    if (!pass) throw spared(upstream, standing.breaker.health(clock.now()), clock.now());
    try {
      const result = await call(standing);
      this.#leave(upstream, standing, pass, { kind: "answered" });
      return result;
    } catch (error) {
      this.#leave(upstream, standing, pass, outcomeOf(error));
      if (error instanceof UpstreamError) this.#failed(upstream, standing, error);
      throw error;
    }
  }

  /** Closes the breaker, where it is open, of an upstream that has answered somebody else; `why` is for the log. */
  revive(upstream: Upstream, why: string): void {
    const standing = this.#of(upstream);
    if (!standing.breaker.close()) return;
    this.options.log.info("upstream is back", { upstream: upstream.name, why });
    this.#changed(upstream, standing);
  }

  health({ id, version }: Upstream): Health {
    const kept = this.#kept.get(id);
    const standing = kept?.version === version ? kept : new Standing(version);
    const { breaker, budget, lastError } = standing;
    return { ...breaker.health(this.options.clock.now()), budget, lastError };
  }

  /** Resolves when everything is written that is to be remembered. */
  close(): Promise<void> {
    return this.#writing;
  }

  #of({ id, version }: Upstream): Standing {
    const kept = this.#kept.get(id);
    if (kept?.version === version) return kept;
    // Something begun under older credentials is still going on: it must not undo what the new ones have.
    if (kept && kept.version > version) return new Standing(version);
    if (kept) this.options.changed(id);
    const standing = new Standing(version);
    this.#kept.set(id, standing);
    return standing;
  }

  #leave(upstream: Upstream, standing: Standing, pass: Pass, outcome: Outcome): void {
    const { clock, log, random } = this.options;
    const { breaker } = standing;
    if (!breaker.leave(pass, outcome, clock.now(), random())) return;
    const { breaker: state, retryAt, lastFailure: reason } = breaker.health(clock.now());
    if (state === "closed") log.info("upstream is back", { upstream: upstream.name });
    else {
      const until = retryAt === undefined ? undefined : new Date(retryAt).toISOString();
      log.warn("upstream is not asked for now", {
        upstream: upstream.name,
        reason,
        retryAt: until,
      });
    }
    this.#changed(upstream, standing);
  }

  /** Notes, and tells, that the breaker has opened or closed. */
  #changed(upstream: Upstream, standing: Standing): void {
    // What happens to an older version is of no use to anybody.
    if (this.#kept.get(upstream.id) !== standing) return;
    const { breaker } = standing;
    this.#save(upstream, breaker);
    const health = breaker.health(this.options.clock.now());
    const { retryAt, lastFailure: reason } = health;
    const isBack = health.breaker === "closed";
    const details = isBack ? {} : { reason: reason ?? null, retry_at: maybeTime(retryAt) };
    const event = isBack ? "upstream.recovered" : "upstream.unavailable";
    this.options.told({ event, upstreamId: upstream.id, details });
  }

  #failed(upstream: Upstream, standing: Standing, error: UpstreamError): void {
    // The upstream has no part in our own limits.
    if (isCrowded(error)) return;
    const { reason, message } = error;
    standing.lastError = { at: this.options.clock.now(), reason, message };
    if (reason === "denied") this.#denied(upstream, standing);
  }

  #denied({ id: upstreamId }: Upstream, standing: Standing): void {
    const { clock, told } = this.options;
    if (clock.elapsed() < standing.deniedUntil) return;
    standing.deniedUntil = clock.elapsed() + deniedMs;
    told({ event: "upstream.denied", upstreamId, details: {} });
  }

  #save({ id: upstreamId, version }: Upstream, breaker: Breaker): void {
    const state = JSON.stringify(breaker.memory() ?? {});
    const { log, states } = this.options;
    this.#writing = this.#writing
      .then(() => states.save({ upstreamId, version, state }))
      .catch((error: unknown) => {
        log.warn("state of upstream not written", { upstreamId, code: failureCode(error) });
      });
  }

  async #load(): Promise<void> {
    const { log, states } = this.options;
    try {
      for (const { upstreamId, version, state } of await states.all()) {
        const memory = readMemory(state);
        // Whoever was asked meanwhile has shown something newer.
        if (!memory || this.#kept.get(upstreamId)) continue;
        const standing = new Standing(version);
        standing.breaker.restore(memory);
        this.#kept.set(upstreamId, standing);
      }
    } catch (error) {
      log.warn("states of upstreams not read", { code: failureCode(error) });
    }
  }
}

/** An answer is a sign of life, whatever it says; 404, 401 and 403 are answers. */
function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof UpstreamError) || isCrowded(error)) return { kind: "nothing" };
  const { reason, retryAfterSeconds } = error;
  switch (reason) {
    case "blocked":
      return { kind: "nothing" };
    case "denied":
    case "invalid":
      return { kind: "answered" };
    case "rate_limited":
      return { kind: "limited", retryAfterSeconds };
    case "unreachable":
    case "timeout":
    case "broken":
      return { kind: "failed", reason, retryAfterSeconds };
  }
}

function spared(
  { name }: Upstream,
  { lastFailure, retryAt }: Omit<Health, "budget" | "lastError">,
  now: number,
): UpstreamError {
  const wait = Math.max(0, (retryAt ?? now) - now);
  const seconds = Math.max(1, Math.ceil(wait / 1000));
  const reason = lastFailure ?? "unreachable";
  const did = reason === "rate_limited" ? "asked us to slow down" : "failed again and again";
  const next = wait > 0 ? `is tried again in ${seconds} s` : "is being tried right now";
  return failure(reason, name, `${did} and ${next}`, seconds);
}
