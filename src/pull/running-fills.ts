import type { Clock } from "../lib/clock.ts";
import type { Activity, FillUnderWay } from "./contract.ts";
import type { Flight, Running, Wanted } from "./flight.ts";

/** All fills together; beyond it blobs are passed through. */
const maxFills = 256;
/** Fills of one group that nobody reads any more; beyond it the newest is given up. */
const maxAbandonedPerGroup = 8;

/** The fills that run, and how many of them there may be. */
export class RunningFills {
  readonly #running = new Set<Running>();

  constructor(
    readonly clock: Clock,
    /** The flight of an object, if there is one. */
    readonly flying: (wanted: Wanted) => Flight | undefined,
  ) {}

  add(running: Running): void {
    this.#running.add(running);
    void running.stored.then(() => this.#running.delete(running));
  }

  get activity(): Activity {
    const running = [...this.#running];
    const followers = running.reduce((sum, { fill }) => sum + fill.readers, 0);
    return { fills: running.length, followers };
  }

  /** What is under way, from the one begun first to the last. */
  get underWay(): FillUnderWay[] {
    return [...this.#running].map(({ fill, wanted, startedAt }) => ({
      upstreamId: wanted.upstream.id,
      repository: wanted.repository,
      digest: wanted.digest,
      size: fill.size ?? wanted.expected,
      received: fill.arrived,
      followers: fill.readers,
      startedAt,
    }));
  }

  /** A group has at most as many fills as it leaves places free: half of all when it is alone, and one that comes later still finds some. */
  hasPlace(groupId: number): boolean {
    const own = [...this.#running].filter(({ wanted }) => wanted.upstream.groupId === groupId);
    return own.length < maxFills - this.#running.size;
  }

  /** Gives up a fill that nobody reads any more, where its group has too many of them. */
  limitAbandoned(newest: Running): void {
    const now = this.clock.elapsed();
    const { groupId } = newest.wanted.upstream;
    const abandoned = [...this.#running].filter(
      ({ fill, wanted, abort }) =>
        wanted.upstream.groupId === groupId &&
        fill.readers === 0 &&
        fill.state === "filling" &&
        !abort.signal.aborted &&
        (this.flying(wanted)?.attendedUntil ?? 0) <= now,
    );
    if (abandoned.length > maxAbandonedPerGroup && abandoned.includes(newest)) newest.abort.abort();
  }

  /** Resolves when each of those that run now has come to its end. */
  async ended(): Promise<void> {
    await Promise.all([...this.#running].map(({ stored }) => stored));
  }
}
