import type { Clock } from "../../lib/clock.ts";
import { failureCode, type Log } from "../../lib/log.ts";
import type {
  Directory,
  Prefetch,
  PrefetchImage,
  PrefetchRuns,
  Registry,
} from "../../metadata/contract.ts";
import { parseImage } from "../../oci/reference.ts";
import type { Work, WorkRun, WorkStep } from "../runner/contract.ts";
import { UnderWay } from "../under-way.ts";
import type { Bringing } from "./contract.ts";
import { outcomeOf } from "./outcome.ts";
import { ImageWalk } from "./walk.ts";

export const prefetchWorkName = "prefetches";

const minuteMs = 60_000;
/** Prefetches that go on side by side, each of another group. */
const maxAtOnce = 4;
/** A step does not wait longer for objects: meanwhile another prefetch may have been asked for. */
const lookMs = 5000;
/** A run of more has failed, with what it has not brought. */
const longestMs = 86_400_000;

export interface PrefetchOptions {
  runs: PrefetchRuns;
  directory: Directory;
  bringing: Bringing;
  clock: Clock;
  log: Log;
}

/** Nothing goes through it: clients do not pull either. */
const switchedOff = "waits: the group's registries are switched off";
const switchedOffMs = 600_000;

interface Walking {
  startedAt: number | undefined;
  position: number;
  walk: ImageWalk;
}

/** How many images have come to their end. */
interface Advanced {
  images: number;
}

/**
 * Brings what prefetches want, a few objects at a time. Objects that are under way when a step ends go on and are looked for
 * by the next one. What has been brought is in the cache, where the pull's own road finds it: after a kill nothing of it is asked
 * for again.
 */
export class PrefetchWork implements Work {
  readonly name = prefetchWorkName;
  readonly everyMs = minuteMs;
  readonly afterStartMs = minuteMs;
  readonly goesByAge = false;
  readonly #options: PrefetchOptions;
  readonly #walks = new Map<number, Walking>();
  /** By prefetch. */
  readonly #underWay: UnderWay<Advanced>;

  constructor(options: PrefetchOptions) {
    this.#options = options;
    this.#underWay = new UnderWay(options.clock);
  }

  async step({ done, signal }: WorkRun): Promise<WorkStep> {
    const { runs } = this.#options;
    await runs.begin();
    this.#take(await runs.running(), signal);
    if (this.#underWay.size === 0) return { isOver: true, done };
    const advanced = await this.#underWay.first(signal, lookMs);
    return { isOver: false, state: "running", done: done + (advanced?.images ?? 0) };
  }

  /** Goes on with those whose turn it is, as far as there are places. */
  #take(running: readonly Prefetch[], signal: AbortSignal): void {
    for (const id of this.#walks.keys()) {
      if (!this.#underWay.has(id) && !running.some((one) => one.id === id)) this.#walks.delete(id);
    }
    for (const prefetch of running) {
      const { id, groupId } = prefetch;
      if (this.#underWay.size >= maxAtOnce) return;
      if (this.#underWay.of(groupId) > 0) continue;
      this.#underWay.add(id, groupId, this.#advance(prefetch, signal));
    }
  }

  /** Some objects of the image whose turn it is. */
  async #advance(prefetch: Prefetch, signal: AbortSignal): Promise<Advanced> {
    const { runs, directory, clock, log } = this.#options;
    const now = clock.now();
    const image = prefetch.images.find(
      ({ status, notBefore }) => status === "pending" && notBefore <= now,
    );
    if (!image) {
      const ended = await runs.end(prefetch);
      if (ended) log.info("a prefetch has run", { prefetch: ended.id, status: ended.status });
      return { images: 0 };
    }
    const registry = await directory.registry(prefetch.registryId);
    const late = now - (prefetch.runStartedAt ?? now) > longestMs;
    const after = late
      ? givenUp(image)
      : registry
        ? await this.#bring(prefetch, image, openTo(registry))
        : { ...image, reason: switchedOff, notBefore: now + switchedOffMs };
    // What has failed because this server stops says nothing of the image.
    if (signal.aborted && after.status !== "done") return { images: 0 };
    await runs.note(prefetch, after);
    if (after.status !== "pending") this.#walks.delete(prefetch.id);
    return { images: after.status === "pending" ? 0 : 1 };
  }

  async #bring(
    prefetch: Prefetch,
    image: PrefetchImage,
    registry: Registry,
  ): Promise<PrefetchImage> {
    const { clock, log } = this.#options;
    const walk = this.#walk(prefetch, image);
    try {
      await walk.advance(registry);
      const status = walk.isOver ? "done" : "pending";
      return { ...image, ...progress(walk), status, reason: undefined, attempts: 0, notBefore: 0 };
    } catch (error) {
      const outcome = outcomeOf(error, image, clock.now());
      const { id: prefetchId } = prefetch;
      log.info("an image was not prefetched", {
        prefetch: prefetchId,
        image: image.image,
        code: failureCode(error),
        again: outcome.status === "pending",
      });
      return { ...image, ...progress(walk), ...outcome };
    }
  }

  /** The one under way, or one from the beginning: what is there already costs a look into the cache. */
  #walk({ id, runStartedAt: startedAt, platforms }: Prefetch, image: PrefetchImage): ImageWalk {
    const { position, digest } = image;
    const known = this.#walks.get(id);
    if (known?.startedAt === startedAt && known?.position === position) return known.walk;
    const name = parseImage(image.image);
    if (!name) throw new Error("an image is stored whose name cannot be read");
    const { bringing } = this.#options;
    const walk = new ImageWalk({ bringing, name, platforms, digest });
    this.#walks.set(id, { startedAt, position, walk });
    return walk;
  }
}

const progress = ({ digest, done, total }: ImageWalk) => ({
  digest,
  done: { ...done },
  total: { ...total },
});

function givenUp(image: PrefetchImage): PrefetchImage {
  const reason = image.reason ?? "failed: the run took more than 24 hours";
  return { ...image, status: "failed", reason };
}

const views = new WeakMap<Registry, Registry>();

/**
 * The registry as it is to somebody who is in no group that an upstream is for: how a prefetch goes would otherwise tell its
 * readers what there is at such an upstream.
 */
function openTo(registry: Registry): Registry {
  const upstreams = registry.upstreams.filter(({ verifiedGroup }) => verifiedGroup === undefined);
  if (upstreams.length === registry.upstreams.length) return registry;
  const known = views.get(registry) ?? Object.freeze({ ...registry, upstreams });
  views.set(registry, known);
  return known;
}
