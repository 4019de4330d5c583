import { type Family, Histogram, type Sample } from "../../lib/metrics.ts";
import type { PullKind, Told } from "../exchange.ts";

/** Seconds: a hit is a matter of one millisecond, a cold layer may be one of minutes. */
const bounds = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

/** What pulls have been like. Noting one costs an addition or two: hits are many. */
export class PullMetrics {
  /** By kind and cache status, of which both are few. Its count is that of the pulls, too. */
  readonly #times = new Map<PullKind, Map<Told["status"], Histogram>>();
  #sent = 0;

  /** `seconds` until the head of the answer was there. */
  answered(kind: PullKind, status: Told["status"], seconds: number): void {
    const times = this.#times.get(kind) ?? new Map<Told["status"], Histogram>();
    const time = times.get(status) ?? new Histogram(bounds);
    if (time.count === 0) this.#times.set(kind, times.set(status, time));
    time.observe(seconds);
  }

  /** Bytes of content have gone to a client, or will, by the head of the answer. */
  sent(bytes: number): void {
    this.#sent += bytes;
  }

  get bytesSent(): number {
    return this.#sent;
  }

  families(): Family[] {
    const each = (samples: (time: Histogram, labels: Sample["labels"]) => Sample[]) =>
      [...this.#times].flatMap(([kind, times]) =>
        [...times].flatMap(([status, time]) => samples(time, { kind, cache_status: status })),
      );
    return [
      {
        name: "weir_pulls_total",
        help: "Pulls that were answered or refused, by what was asked for and how it was answered.",
        type: "counter",
        samples: async () => each(({ count: value }, labels) => [{ labels, value }]),
      },
      {
        name: "weir_pull_first_byte_seconds",
        help: "Time from a pull's request until the head of its answer was ready.",
        type: "histogram",
        samples: async () => each((time, labels) => time.samples(labels)),
      },
    ];
  }
}
