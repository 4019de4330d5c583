import type { Clock } from "../../lib/clock.ts";
import { LruMap } from "../../lib/lru.ts";
import {
  type Asked,
  isFailedRequest,
  type RequestOutcome,
  type RequestWatch,
} from "../../upstream/contract.ts";

const minuteMs = 60_000;
/** So far back requests are told of. */
export const windowMinutes = 5;
const maxUpstreams = 1024;
/** Of an upstream: the newest, of which percentiles are made. */
const maxTimes = 256;

/** How requests to one upstream went lately; `p50` and `p95` in milliseconds, undefined where there was none. */
export interface RequestsSeen {
  requests: number;
  errors: number;
  p50: number | undefined;
  p95: number | undefined;
}

interface Minute {
  /** Since the clock's beginning. */
  minute: number;
  requests: number;
  errors: number;
}

/** One upstream's requests of the last minutes. */
class Lately {
  readonly #minutes: Minute[] = [];
  readonly #times = new Float64Array(maxTimes);
  readonly #ats = new Float64Array(maxTimes).fill(Number.NEGATIVE_INFINITY);
  #next = 0;

  note(now: number, ms: number, isFailed: boolean): void {
    this.#times[this.#next] = ms;
    this.#ats[this.#next] = now;
    this.#next = (this.#next + 1) % maxTimes;
    const minute = Math.floor(now / minuteMs);
    const place = minute % windowMinutes;
    const kept = this.#minutes[place];
    const counted = kept?.minute === minute ? kept : { minute, requests: 0, errors: 0 };
    counted.requests++;
    if (isFailed) counted.errors++;
    this.#minutes[place] = counted;
  }

  seen(now: number): RequestsSeen {
    const oldest = Math.floor(now / minuteMs) - windowMinutes;
    const minutes = this.#minutes.filter((one) => one.minute > oldest);
    const since = (oldest + 1) * minuteMs;
    const times = this.#times.filter((_, i) => (this.#ats[i] ?? 0) >= since).sort();
    return {
      requests: minutes.reduce((sum, one) => sum + one.requests, 0),
      errors: minutes.reduce((sum, one) => sum + one.errors, 0),
      p50: times[Math.floor(times.length * 0.5)],
      p95: times[Math.floor(times.length * 0.95)],
    };
  }
}

/** What upstreams were asked in the last minutes, in memory. */
export class RecentRequests implements RequestWatch {
  readonly #clock: Clock;
  readonly #kept = new LruMap<number, Lately>(maxUpstreams);

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock;
  }

  answered({ id }: Asked, _method: string, outcome: RequestOutcome, ms: number): void {
    if (id < 1 || outcome === "left") return;
    const kept = this.#kept.get(id) ?? new Lately();
    kept.note(this.#clock.elapsed(), ms, isFailedRequest(outcome));
    this.#kept.set(id, kept);
  }

  received(): void {}

  of(upstreamId: number): RequestsSeen {
    const kept = this.#kept.get(upstreamId);
    const nothing = { requests: 0, errors: 0, p50: undefined, p95: undefined };
    return kept?.seen(this.#clock.elapsed()) ?? nothing;
  }
}
