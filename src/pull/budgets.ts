import type { Clock } from "../lib/clock.ts";
import type { Upstream } from "../metadata/contract.ts";
import { RegistryError } from "../oci/error.ts";
import type { Health, UpstreamClient } from "../upstream/contract.ts";
import { candidatesOf } from "./choose.ts";
import type { Road } from "./road.ts";
import type { Asked } from "./asked.ts";

type Budget = Health["budget"];

/** Below this part of an upstream's rate limit a GET is spent only where a HEAD, which is not counted, does not do. */
const scarce = 0.1;
/** What is told of a limit can be out of date sooner than its window ends: others may have more left by then. */
const maxWaitMs = 3_600_000;

export function isScarce(budget: Budget): boolean {
  return budget !== undefined && budget.remaining < budget.limit * scarce;
}

/** What upstreams' rate limits leave, for work that nobody waits for. */
export class Budgets {
  constructor(readonly options: { client: UpstreamClient; clock: Clock }) {}

  /** Throws `rate_limited` where an upstream that this road may ask has little left, which is for those who wait. */
  require({ registry, repository, reference }: Asked, road: Road): void {
    const tag = reference.kind === "tag" ? reference.tag : undefined;
    const upstreams =
      "entry" in road
        ? [road.entry.upstream]
        : candidatesOf(registry, repository, tag, []).asked.map(({ upstream }) => upstream);
    for (const upstream of upstreams) this.#require(upstream);
  }

  #require(upstream: Upstream): void {
    const { client, clock } = this.options;
    const { budget } = client.health(upstream);
    if (!budget || !isScarce(budget)) return;
    const left = budget.at + budget.windowSeconds * 1000 - clock.now();
    if (left <= 0) return;
    const seconds = Math.ceil(Math.min(left, maxWaitMs) / 1000);
    const message = `the rate limit of upstream "${upstream.name}" is nearly used up, and what is left is for clients`;
    throw new RegistryError("rate_limited", message, {
      headers: { "Retry-After": String(seconds) },
    });
  }
}
