import type { Upstream } from "../metadata/contract.ts";
import type { Digest } from "../oci/digest.ts";
import type { Absent } from "../upstream/contract.ts";
import type { Download } from "./download.ts";
import type { Fill } from "./fill.ts";

/** The object as one upstream has it. */
export interface Wanted {
  upstream: Upstream;
  /** As it is called there. */
  repository: string;
  digest: Digest;
  /** The size, where a manifest names the digest there. */
  expected: number | undefined;
  /** See `PullOptions`. */
  marks: readonly string[];
  /** When the pull began to look for it, as `Endings` have it: what has come to rest since it may not have seen. */
  lookedAt: number;
}

export interface Running {
  found: true;
  fill: Fill;
  wanted: Wanted;
  /** When it was begun. */
  startedAt: number;
  /** Resolves when the fill is over: whether its bytes rest in the store. Never rejects. */
  stored: Promise<boolean>;
  abort: AbortController;
}

/** The download cannot be stored; whoever takes it first may have it, others open their own. */
export interface Unstorable {
  found: true;
  take: () => Download | undefined;
}

/** From the first request for an object until its bytes rest in the store, or nothing came of it. */
export class Flight {
  /** What the upstream said, and what was made of it. Rejects where the upstream is unsure. */
  readonly started: Promise<Running | Unstorable | Absent>;
  /** Once the upstream has answered and the store takes it. */
  running: Running | undefined;
  /** Until then it has a reader even while no request is open: somebody comes for part after part. */
  attendedUntil = Number.NEGATIVE_INFINITY;

  constructor(started: Flight["started"]) {
    this.started = started;
  }

  get fill(): Fill | undefined {
    return this.running?.fill;
  }
}

/** Joining needs the same upstream, credentials, repository and object: rights are never shared through a fill. */
export function flightKey({ upstream, repository, digest }: Wanted): string {
  return `${upstream.id} ${upstream.version} ${repository} ${digest}`;
}
