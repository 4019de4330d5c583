import type { AgePosition, Evicted, Space, SpaceScope } from "../../metadata/contract.ts";

/** What was pulled so little before is as old: uses are noted by the hour. */
const sameAgeMs = 3_600_000;
/** Whoever has just pulled a manifest is about to pull what it names. */
const justPulledMs = 1000;
/** Caches that are asked at once for how old their oldest entry is. */
const asked = 50;

/** Goes through the entries of several caches from those on that were not pulled for the longest time. */
export class Ages {
  readonly #waiting: number[];
  readonly #heads = new Map<number, number>();
  readonly #positions = new Map<number, AgePosition>();

  constructor(
    readonly space: Space,
    cacheIds: readonly number[],
  ) {
    this.#waiting = [...cacheIds];
  }

  static async of(space: Space, scope: SpaceScope): Promise<Ages> {
    return new Ages(space, await space.cachesOf(scope));
  }

  /** A step: gives up some entries, of so many bytes in all or a little more. Undefined where there are no more to give up. */
  async evict(bytes: number, now: number, isDry: boolean): Promise<Evicted | undefined> {
    if (this.#waiting.length > 0) return this.#look();
    const [oldest, second] = [...this.#heads].sort(([, a], [, b]) => a - b);
    if (!oldest) return undefined;
    const [cacheId] = oldest;
    const latest = now - justPulledMs;
    const before = second ? Math.min(latest, second[1] + sameAgeMs) : latest;
    const after = this.#positions.get(cacheId);
    const evicted = await this.space.evict({ cacheId, after, before, bytes, isDry });
    const { next, position } = evicted;
    if (position) this.#positions.set(cacheId, position);
    if (next === undefined || next >= latest) this.#heads.delete(cacheId);
    else this.#heads.set(cacheId, next);
    return evicted;
  }

  async #look(): Promise<Evicted> {
    for (const id of this.#waiting.splice(0, asked)) {
      const at = await this.space.oldest(id);
      if (at !== undefined) this.#heads.set(id, at);
    }
    return { entries: [], bytes: 0, position: undefined, next: undefined };
  }
}
