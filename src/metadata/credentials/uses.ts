import type { Clock, Timer } from "../../lib/clock.ts";
import { failureCode, type Log } from "../../lib/log.ts";
import { LruMap } from "../../lib/lru.ts";
import type { Db } from "../schema.ts";
import { inTransaction } from "../transactions.ts";

/** What is noted of a token's use is at most so much older than its last one. */
const grainMs = 600_000;
/** How long a use waits for its write; a crash loses at most these. */
const flushMs = 10_000;
const maxRemembered = 10_000;

/** When tokens were last used: written together, seldom, and behind everybody's back. */
export class Uses {
  /** By token, the use that was noted last, written or not. */
  readonly #noted = new LruMap<number, number>(maxRemembered);
  #waiting = new Map<number, number>();
  #timer: Timer | undefined;

  constructor(
    readonly db: Db,
    readonly clock: Clock,
    readonly log: Log,
  ) {}

  note(tokenId: number): void {
    const now = this.clock.now();
    const last = this.#noted.get(tokenId);
    if (last !== undefined && now - last < grainMs) return;
    this.#noted.set(tokenId, now);
    this.#waiting.set(tokenId, now);
    this.#timer ??= this.clock.after(flushMs, () => void this.flush());
  }

  /** Writes what was noted. A failing database costs these times, and nothing else. */
  async flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    const uses = [...this.#waiting].toSorted(([one], [other]) => one - other);
    this.#waiting = new Map();
    if (uses.length === 0) return;
    try {
      await inTransaction(this.db, async (tx) => {
        for (const [id, lastUsedAt] of uses) {
          const row = tx.updateTable("tokens").set({ last_used_at: lastUsedAt });
          await row.where("id", "=", id).execute();
        }
      });
    } catch (error) {
      const code = failureCode(error);
      this.log.warn("the last uses of tokens were lost", { tokens: uses.length, code });
    }
  }
}
