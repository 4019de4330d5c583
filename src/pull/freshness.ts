import { LruMap } from "../lib/lru.ts";
import type { CachedManifest, Upstream } from "../metadata/contract.ts";
import { parseDigest } from "../oci/digest.ts";
import type { Reference } from "../oci/reference.ts";
import { UpstreamError } from "../upstream/contract.ts";
import { tolerate } from "./errors.ts";
import type { PullerOptions } from "./puller.ts";

const hourMs = 3_600_000;
/** How long a cached tag outlives its disappearance at its own upstream. */
const staleIfAbsentHours = 168;
const maxPostponed = 10_000;

/** What becomes of a stale entry. */
export type Verdict =
  | { kind: "same"; checkedAt: number }
  | { kind: "changed" }
  | { kind: "keep"; reason: string }
  | { kind: "gone" };

/** Whether a cached tag may be served without asking, and what its upstream says when it may not. */
export class Freshness {
  readonly #options: PullerOptions;
  /** Entry id → when, by `Clock.elapsed`, a check may be tried again after one that failed. */
  readonly #postponed = new LruMap<number, number>(maxPostponed);

  constructor(options: PullerOptions) {
    this.#options = options;
  }

  isFresh(entry: CachedManifest, { cacheValidityHours }: Upstream): boolean {
    if (cacheValidityHours === 0) return true;
    // A clock that was set back must not make anything fresh for longer than its time.
    const age = Math.abs(this.#options.clock.now() - entry.checkedAt);
    return age < cacheValidityHours * hourMs;
  }

  /** HEAD at the entry's own upstream. Throws only where there is no copy that could be served instead. */
  async check(entry: CachedManifest, upstream: Upstream, reference: Reference): Promise<Verdict> {
    if (entry.proof !== "shown" || !entry.payload) return { kind: "changed" };
    const { client, clock, cache, log, checkTimeoutMs } = this.#options;
    if ((this.#postponed.get(entry.id) ?? 0) > clock.elapsed()) {
      return { kind: "keep", reason: "check postponed" };
    }
    try {
      const said = await client.checkManifest(
        upstream,
        entry.repository,
        reference,
        checkTimeoutMs,
      );
      if (!said.found) return this.#absent(entry);
      const claimed = parseDigest(said.claimedDigest ?? "");
      const same = claimed
        ? claimed === entry.digest
        : said.etag !== undefined && said.etag === entry.etag;
      if (!same) return { kind: "changed" };
      const checkedAt = clock.now();
      await tolerate(log, "check was not noted", cache.confirm(entry.id, checkedAt));
      return { kind: "same", checkedAt };
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      this.postpone(entry);
      return { kind: "keep", reason: error.reason };
    }
  }

  #absent(entry: CachedManifest): Verdict {
    if (this.#options.clock.now() - entry.checkedAt > staleIfAbsentHours * hourMs)
      return { kind: "gone" };
    this.postpone(entry);
    return { kind: "keep", reason: "absent at its upstream" };
  }

  /** A check has just failed: the next one waits. */
  postpone({ id }: { id: number }): void {
    this.#postponed.set(id, this.#options.clock.elapsed() + this.#options.recheckMs);
  }
}
