import type { Clock } from "../lib/clock.ts";

/** What is under way beyond the step that began it, by key. */
export class UnderWay<Result> {
  /** With the group that has its place. */
  readonly #all = new Map<
    number,
    { groupId: number; over: Promise<Result | { error: unknown }> }
  >();

  constructor(readonly clock: Clock) {}

  get size(): number {
    return this.#all.size;
  }

  get keys(): number[] {
    return [...this.#all.keys()];
  }

  has(key: number): boolean {
    return this.#all.has(key);
  }

  /** How many are of this group. */
  of(groupId: number): number {
    return [...this.#all.values()].filter((one) => one.groupId === groupId).length;
  }

  add(key: number, groupId: number, work: Promise<Result>): void {
    this.#all.set(key, { groupId, over: work.catch((error: unknown) => ({ error })) });
  }

  /** What comes first, which is then not under way any more; undefined where nothing does within `ms`. Throws what it threw. */
  async first(signal: AbortSignal, ms: number): Promise<Result | undefined> {
    const ended = Promise.withResolvers<undefined>();
    const end = () => ended.resolve(undefined);
    const timer = this.clock.after(ms, end);
    signal.addEventListener("abort", end, { once: true });
    try {
      const all = [...this.#all].map(async ([key, { over }]) => ({ key, result: await over }));
      const first = await Promise.race([...all, ended.promise]);
      if (!first) return undefined;
      this.#all.delete(first.key);
      const { result } = first;
      if (isFailure(result)) throw result.error;
      return result;
    } finally {
      timer.cancel();
      signal.removeEventListener("abort", end);
    }
  }
}

function isFailure(result: unknown): result is { error: unknown } {
  return typeof result === "object" && result !== null && "error" in result;
}
