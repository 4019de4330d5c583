import type { PastPull } from "../live/pulls.ts";
import type { PullWatch } from "../live/watch.ts";
import type { Outlet, Teller } from "./event-stream.ts";
import type { LiveView } from "./live-view.ts";

/** Looks from one telling of fills to the next, and of health. */
const fillsEvery = 2;
const healthEvery = 10;
/** Pulls that who comes again is told of at most: the newest. */
const maxMissed = 100;

/** Tells of pulls as they end, and how fills and upstreams are doing whenever that is otherwise. */
export class LiveStream implements Teller {
  readonly everyMs = 500;
  readonly #watch: PullWatch;
  readonly #forget: () => void;
  /** What ended since the listener was here last; undefined where that is not known any more. */
  #missed: PastPull[] | undefined;
  #looks = 0;
  readonly #told = new Map<string, string>();

  /** `position`: what the listener heard last, where he has been here before. */
  constructor(
    public view: LiveView,
    watch: PullWatch,
    position: string | undefined,
  ) {
    this.#watch = watch;
    const { recentPulls } = view.options;
    this.#missed = position === undefined ? [] : recentPulls.since(position);
    this.#forget = recentPulls.watch(watch);
  }

  async tell(outlet: Outlet): Promise<"on"> {
    if (this.#looks === 0) this.#tellPulls(outlet, await this.#since());
    this.#missed = [];
    this.#tellPulls(outlet, this.#watch.take());
    if (this.#looks % fillsEvery === 0) this.#tellChange(outlet, "fills", await this.view.fills());
    if (this.#looks % healthEvery === 0) this.#tellChange(outlet, "health", this.view.health());
    this.#looks++;
    return "on";
  }

  left(): void {
    this.#forget();
  }

  async #since(): Promise<{ pulls: PastPull[]; skipped: number | null }> {
    if (!this.#missed) return { pulls: [], skipped: null };
    const admitted: PastPull[] = [];
    for await (const pull of this.#watch.filter.of(this.#missed)) admitted.push(pull);
    const skipped = Math.max(0, admitted.length - maxMissed);
    return { pulls: admitted.slice(skipped), skipped };
  }

  /** Null: nobody knows how many were left out. */
  #tellPulls(
    outlet: Outlet,
    { pulls, skipped }: { pulls: readonly PastPull[]; skipped: number | null },
  ): void {
    if (skipped !== 0) outlet.event("skipped", { pulls: skipped });
    for (const pull of pulls)
      outlet.event("pull", this.view.pull(pull), this.view.positionOf(pull));
  }

  #tellChange(outlet: Outlet, name: string, data: unknown): void {
    const seen = JSON.stringify(data);
    if (seen === this.#told.get(name)) return;
    this.#told.set(name, seen);
    outlet.event(name, data);
  }
}
