import { type Clock, yieldTurn } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { EvictedEntry } from "../../metadata/contract.ts";
import type { Work, WorkRun, WorkStep } from "../runner/contract.ts";
import { Ages } from "./ages.ts";
import type { EvictionPreview, EvictionPreviewer, Overfull, SpaceCounts } from "./contract.ts";
import { whyItStays } from "./stays.ts";
import { type LimitsOptions, overfull } from "./limits.ts";

export interface EvictionOptions extends LimitsOptions {
  clock: Clock;
  log: Log;
  counts: SpaceCounts;
}

/** Entries that a preview names. */
const maxNamed = 100;

const keyOf = ({ of, why }: Overfull) => `${of.scope} ${of.id} ${why}`;

/** Brings what holds more than it may below its limit, each minute and when woken: those entries go first that were not pulled for the longest time. */
export class Eviction implements Work, EvictionPreviewer {
  readonly name = "eviction";
  readonly everyMs = 60_000;
  readonly afterStartMs = 60_000;
  /** Limits hold whatever the clock says, and the order is all that it is asked for. */
  readonly goesByAge = false;
  readonly #options: EvictionOptions;
  /** What is being gone through in this run. */
  #current: { key: string; ages: Ages; entries: number; bytes: number } | undefined;
  /** What there is no more to give up of, by key, with the words for it. */
  #stuck = new Map<string, string>();
  /** When the last run came to its end, and whether some limit could not be kept. */
  #last = { at: Number.NEGATIVE_INFINITY, isKept: true };

  constructor(options: EvictionOptions) {
    this.#options = options;
  }

  /** Whether there is any limit, so that what comes to be stored can be too much. */
  async isBounded(): Promise<boolean> {
    const { cacheMaxBytes, minFreeBytes, space } = this.#options;
    return cacheMaxBytes !== undefined || minFreeBytes > 0 || (await space.bounded()).length > 0;
  }

  async step({ state, done }: Pick<WorkRun, "state" | "done">): Promise<WorkStep> {
    if (state === undefined) this.#reset();
    const { clock, counts, space } = this.#options;
    const over = (await overfull(this.#options)).find((one) => !this.#stuck.has(keyOf(one)));
    await this.#end(over);
    if (!over) return this.#over(done);
    this.#current ??= {
      key: keyOf(over),
      ages: await Ages.of(space, over.of),
      entries: 0,
      bytes: 0,
    };
    const evicted = await this.#current.ages.evict(over.excess, clock.now(), false);
    if (!evicted) {
      this.#note(over);
      return { isOver: false, state: over.of.scope, done };
    }
    const { length } = evicted.entries;
    this.#current.entries += length;
    this.#current.bytes += evicted.bytes;
    counts.evictedEntries += length;
    counts.evictedBytes += evicted.bytes;
    return { isOver: false, state: over.of.scope, done: done + length, urgency: over.urgency };
  }

  /**
   * That more is cached than may be, in words that name nothing; undefined: not that this server knew of. Which one of several
   * runs the work can change, so what it has found is not told for long.
   */
  unkept(): string | undefined {
    const { at, isKept } = this.#last;
    if (isKept || this.#options.clock.elapsed() - at > 3 * this.everyMs) return undefined;
    return "more is cached than a limit allows, and nothing of it can go: weir evict --dry-run says why";
  }

  async bounds() {
    const { cacheMaxBytes, blobs } = this.#options;
    return { cacheMaxBytes, freeBytes: await blobs.room() };
  }

  async preview(): Promise<EvictionPreview[]> {
    const { space, clock } = this.#options;
    const previews: EvictionPreview[] = [];
    for (const over of await overfull(this.#options)) {
      const ages = await Ages.of(space, over.of);
      const entries: EvictedEntry[] = [];
      let [count, size] = [0, 0];
      while (size < over.excess) {
        const evicted = await ages.evict(over.excess - size, clock.now(), true);
        if (!evicted) break;
        count += evicted.entries.length;
        size += evicted.bytes;
        entries.push(...evicted.entries.slice(0, maxNamed - entries.length));
        await yieldTurn();
      }
      previews.push({ ...over, entries, count, size, left: Math.max(0, over.excess - size) });
    }
    return previews;
  }

  #reset(): void {
    this.#current = undefined;
    this.#stuck = new Map();
  }

  /** What was gone through is as it should be, or something else comes first. */
  async #end(over: Overfull | undefined): Promise<void> {
    const { log, space } = this.#options;
    const current = this.#current;
    if (!current || (over && keyOf(over) === current.key)) return;
    this.#current = undefined;
    if (current.entries === 0) return;
    await space.settle();
    const { key, entries, bytes } = current;
    log.info("entries were evicted", { of: key, entries, bytes });
  }

  #over(done: number): WorkStep {
    // Free space is told of by the store, where there is too little of it.
    const isKept = [...this.#stuck.keys()].every((key) => !key.endsWith(" limit"));
    this.#last = { at: this.#options.clock.elapsed(), isKept };
    const message = [...this.#stuck.values()].join("; ") || undefined;
    return { isOver: true, done, message };
  }

  #note(over: Overfull): void {
    const { name, why, bytes, bound } = over;
    const { scope, id } = over.of;
    const what = scope === "instance" ? "the cache" : `${scope} ${id} (${name})`;
    const has =
      why === "limit"
        ? `${what} has ${bytes} bytes and may have ${bound}`
        : `${bytes} bytes of disk are free and ${bound} should be`;
    const text = `${has}: what is left ${whyItStays(why)}`;
    this.#stuck.set(keyOf(over), text);
    this.#options.log.warn("a limit cannot be kept", { scope, id, name, why, bytes, bound });
  }
}
