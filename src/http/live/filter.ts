import type { Caller } from "../../access/contract.ts";
import { yieldTurn } from "../../lib/clock.ts";
import { matchesGlob } from "../../lib/glob.ts";
import { readPath } from "../v2/path.ts";
import type { PastPull } from "./pulls.ts";

/** Which pulls somebody wants to see. */
export interface PullsWanted {
  registryId: number | undefined;
  upstreamId: number | undefined;
  /** A part of the name or, with an asterisk, a glob for all of it. */
  repository: string | undefined;
  /** Only those that failed. */
  failed: boolean;
}

/** What somebody may see, as his rights were a moment ago. */
export interface PullSight {
  readonly caller: Caller;
  /** Upstreams of the group whose names are not for him. */
  readonly hidden: ReadonlySet<number>;
}

const maxKnown = 1000;
/** Names that a glob is compared with before others have their turn: at worst a fifth of a millisecond each, cold several. */
const namesAtOnce = 25;

/** Those that somebody wants to see and may. */
export class PullFilter {
  readonly #groupId: number;
  readonly #wanted: PullsWanted;
  /** What the glob says of names: comparing takes long, and the same names come again. */
  #known = new Map<string, boolean>();
  /** Names that may still be compared with the glob. */
  #left = Number.POSITIVE_INFINITY;

  /** `sight` may be put in anew: what he may is asked at each pull. */
  constructor(
    groupId: number,
    wanted: PullsWanted,
    public sight: PullSight,
  ) {
    this.#groupId = groupId;
    this.#wanted = wanted;
  }

  /** From now on, so many names that were not compared before may be. */
  allow(names: number): void {
    this.#left = names;
  }

  /** Undefined where it was not looked at, since too many names would have had to be. */
  admits(pull: PastPull): boolean | undefined {
    const { registryId, upstreamId, failed } = this.#wanted;
    if (pull.groupId !== this.#groupId) return false;
    if (registryId !== undefined && pull.registryId !== registryId) return false;
    if (failed && pull.failure === undefined) return false;
    if (upstreamId !== undefined && !pull.upstreamIds.includes(upstreamId)) return false;
    return this.#mayKnow(pull) && this.#matches(pull);
  }

  /** Those of these that are to be seen, however many there are, in steps. */
  async *of(pulls: readonly PastPull[]): AsyncGenerator<PastPull> {
    this.allow(namesAtOnce);
    for (const pull of pulls) {
      let admitted = this.admits(pull);
      while (admitted === undefined) {
        await yieldTurn();
        this.allow(namesAtOnce);
        admitted = this.admits(pull);
      }
      if (admitted) yield pull;
    }
  }

  /** As it was for then, and as its upstreams are now. */
  #mayKnow({ readers, upstreamIds }: PastPull): boolean {
    const { caller, hidden } = this.sight;
    if (upstreamIds.some((id) => hidden.has(id))) return false;
    return readers.every((lineage) => {
      const subject = { kind: "group", lineage } as const;
      return caller.judge("read_verified_upstream", subject) === "allowed";
    });
  }

  #matches({ path }: PastPull): boolean | undefined {
    const { repository: pattern } = this.#wanted;
    if (pattern === undefined) return true;
    const { repository } = readPath(path).place;
    if (!pattern.includes("*")) return repository.includes(pattern);
    const known = this.#known.get(repository);
    if (known !== undefined) return known;
    if (this.#left <= 0) return undefined;
    this.#left--;
    if (this.#known.size >= maxKnown) this.#known = new Map();
    const is = matchesGlob(pattern, repository);
    this.#known.set(repository, is);
    return is;
  }
}
