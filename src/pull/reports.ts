import { LruMap } from "../lib/lru.ts";
import type { Log } from "../lib/log.ts";
import type { CacheEvent, Upstream } from "../metadata/contract.ts";
import { type Asked, tagOf } from "./asked.ts";
import type { Chosen } from "./choose.ts";
import type { KnownManifest } from "./fetching.ts";
import { isServable } from "./road.ts";

/** One name that two upstreams hold is reported once, not at each pull. */
const maxReported = 1000;

interface Options {
  log: Log;
  told: (event: CacheEvent) => void;
}

/** What pulls find out about upstreams, for operators: once each. */
export class Reports {
  readonly #options: Options;
  readonly #reported = new LruMap<string, true>(maxReported);

  constructor(options: Options) {
    this.#options = options;
  }

  /** Says so when an answer that was paid for anyway shows that a name is held twice. Asks nobody for it. */
  async holders(
    asked: Asked,
    known: readonly KnownManifest[],
    chosen: Chosen<unknown>,
  ): Promise<void> {
    const cached = known.filter(isServable).map(({ upstream }) => upstream);
    const winner = chosen.found ? [chosen.found.upstream] : [];
    const all = new Set([...winner, ...(await chosen.alsoFound), ...cached]);
    if (all.size > 1) this.#event("two upstreams hold one name", asked, [...all]);
  }

  /** Its tag is gone at its own upstream. */
  gone(asked: Asked, { upstream, repository, digest }: KnownManifest, message: string): void {
    const tag = tagOf(asked);
    if (!this.#event(message, asked, [upstream]) || tag === undefined) return;
    const details = { digest, kept: message.endsWith("kept") };
    const { told } = this.#options;
    told({ event: "cache.tag_gone", upstreamId: upstream.id, repository, tag, details });
  }

  /** Whether it had not been said before. */
  #event(
    message: string,
    { registry, repository }: Asked,
    upstreams: readonly Upstream[],
  ): boolean {
    const names = upstreams.map(({ name }) => name).join(", ");
    const key = `${message} ${registry.id} ${repository} ${names}`;
    if (this.#reported.get(key)) return false;
    this.#reported.set(key, true);
    this.#options.log.warn(message, { registry: registry.id, repository, upstreams: names });
    return true;
  }
}
