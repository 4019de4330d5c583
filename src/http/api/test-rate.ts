import type { Clock } from "../../lib/clock.ts";
import { LruMap } from "../../lib/lru.ts";
import { tooMany } from "./errors.ts";

const maxTests = 10;
const perMs = 60_000;
const maxUsers = 10_000;

/** How often a user may have something tested. */
export class TestRate {
  readonly #times = new LruMap<number, number[]>(maxUsers);

  constructor(readonly clock: Clock) {}

  /** Throws when it is too often. */
  take(userId: number): void {
    const now = this.clock.elapsed();
    const recent = (this.#times.get(userId) ?? []).filter((time) => now - time < perMs);
    const [first = now] = recent;
    if (recent.length >= maxTests) throw tooMany(Math.ceil((first + perMs - now) / 1000));
    this.#times.set(userId, [...recent, now]);
  }
}
