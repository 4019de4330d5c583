import type { Clock } from "../lib/clock.ts";
import { LruMap } from "../lib/lru.ts";
import type { Upstream } from "../metadata/contract.ts";
import { isReferrerTag } from "../oci/reference.ts";
import { revisionOf } from "./rules.ts";

/** Names that somebody invents must not fill the memory. */
const maxRemembered = 20_000;
/** What has a digest appears all at once when it is pushed, and clients come for it at once; signatures are looked for as soon. */
const briefMs = 10_000;

export interface AbsenceMemory {
  has(upstream: Upstream, repository: string, reference: string): boolean;
  note(upstream: Upstream, repository: string, reference: string): void;
}

/** What an upstream has said not to have, for a short time. After a change of settings it is asked anew. */
export class Absences implements AbsenceMemory {
  readonly #clock: Clock;
  readonly #tagMs: number;
  readonly #until = new LruMap<string, number>(maxRemembered);

  constructor(clock: Clock, tagMs: number) {
    this.#clock = clock;
    this.#tagMs = tagMs;
  }

  has(upstream: Upstream, repository: string, reference: string): boolean {
    const until = this.#until.get(keyOf(upstream, repository, reference));
    return until !== undefined && this.#clock.elapsed() < until;
  }

  note(upstream: Upstream, repository: string, reference: string): void {
    const isBrief = reference.includes(":") || isReferrerTag(reference);
    const ms = isBrief ? Math.min(briefMs, this.#tagMs) : this.#tagMs;
    this.#until.set(keyOf(upstream, repository, reference), this.#clock.elapsed() + ms);
  }

  forget(upstream: Upstream, repository: string, reference: string): void {
    this.#until.delete(keyOf(upstream, repository, reference));
  }
}

function keyOf(upstream: Upstream, repository: string, reference: string): string {
  return `${revisionOf(upstream)} ${repository} ${reference}`;
}
