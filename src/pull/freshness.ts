import { LruMap } from "../lib/lru.ts";
import type { CachedManifest, Upstream } from "../metadata/contract.ts";
import { parseDigest } from "../oci/digest.ts";
import { UpstreamError } from "../upstream/contract.ts";
import type { Wanted } from "./fetching.ts";
import type { PullerOptions } from "./puller.ts";
import { entryValidityMs, hourMs } from "./validity.ts";

const maxPostponed = 10_000;

/** What becomes of a stale entry. */
export type Verdict =
  | { kind: "same" }
  | { kind: "changed" }
  /** `failed`: the upstream gave no answer to go by, and is not to be asked again for a while. */
  | { kind: "keep"; reason: string; failed: boolean; missing?: boolean }
  | { kind: "gone" };

/** Whether a cached tag may be served without asking, and what its upstream says when it may not. */
export class Freshness {
  readonly #options: PullerOptions;
  /** Entry id → when, by `Clock.elapsed`, a check may be tried again after one that failed. */
  readonly #postponed = new LruMap<number, number>(maxPostponed);

  constructor(options: PullerOptions) {
    this.#options = options;
  }

  isFresh(entry: CachedManifest, upstream: Upstream): boolean {
    // A clock that was set back must not make anything fresh for longer than its time.
    const age = Math.abs(this.#options.clock.now() - entry.checkedAt);
    return age < entryValidityMs(entry, upstream);
  }

  /** When a tag stops being fresh, in milliseconds since the epoch; undefined: never. */
  freshUntil(entry: CachedManifest, upstream: Upstream): number | undefined {
    const ms = entryValidityMs(entry, upstream);
    return ms === Infinity ? undefined : entry.checkedAt + ms;
  }

  isPostponed({ id }: { id: number }): boolean {
    return (this.#postponed.get(id) ?? 0) > this.#options.clock.elapsed();
  }

  /** HEAD at the entry's own upstream. Changes nothing. */
  async judge(
    entry: CachedManifest,
    upstream: Upstream,
    { reference, marks }: Wanted,
  ): Promise<Verdict> {
    if (entry.proof !== "shown" || !entry.payload) return { kind: "changed" };
    if (this.isPostponed(entry)) return { kind: "keep", reason: "check postponed", failed: false };
    const { client, checkTimeoutMs } = this.#options;
    try {
      const said = await client.checkManifest(
        upstream,
        entry.repository,
        reference,
        checkTimeoutMs,
        marks,
      );
      if (!said.found) return this.#missing(entry, upstream, "absent at its upstream");
      const claimed = parseDigest(said.claimedDigest ?? "");
      const hasSameEtag = said.etag !== undefined && said.etag === entry.etag;
      const isSame = claimed ? claimed === entry.digest : hasSameEtag;
      return isSame ? { kind: "same" } : { kind: "changed" };
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      // No longer ours to see: for a while that may be a mistake, for long it is not.
      if (error.reason === "denied") return this.#missing(entry, upstream, error.reason);
      return { kind: "keep", reason: error.reason, failed: true };
    }
  }

  #missing(entry: CachedManifest, { staleIfAbsentHours }: Upstream, reason: string): Verdict {
    const age = this.#options.clock.now() - entry.checkedAt;
    if (age > staleIfAbsentHours * hourMs) return { kind: "gone" };
    return { kind: "keep", reason, failed: true, missing: true };
  }

  /** A check has just failed: the next one waits. */
  postpone({ id }: { id: number }): void {
    this.#postponed.set(id, this.#options.clock.elapsed() + this.#options.recheckMs);
  }

  /** What was put off is due again. */
  hasten({ id }: { id: number }): void {
    this.#postponed.delete(id);
  }
}
