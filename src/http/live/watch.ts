import type { PullFilter } from "./filter.ts";
import type { PastPull, PullWatcher } from "./pulls.ts";

/** Of each kind between two looks: pulls that failed, and others. */
const most = 25;
/** Names that a glob is compared with between two looks. */
const maxNames = 50;

/** What somebody is to be told of pulls since the last look: so much at most, and how many were left out. */
export class PullWatch implements PullWatcher {
  #pulls: PastPull[] = [];
  #failed = 0;
  #skipped = 0;

  constructor(readonly filter: PullFilter) {
    filter.allow(maxNames);
  }

  offer(pull: PastPull): void {
    const admitted = this.filter.admits(pull);
    if (admitted === false) return;
    const isFailed = pull.failure !== undefined;
    const before = isFailed ? this.#failed : this.#pulls.length - this.#failed;
    if (admitted === undefined || before >= most) {
      this.#skipped++;
      return;
    }
    if (isFailed) this.#failed++;
    this.#pulls.push(pull);
  }

  /** In the order in which they ended. */
  take(): { pulls: PastPull[]; skipped: number } {
    const taken = { pulls: this.#pulls, skipped: this.#skipped };
    this.#pulls = [];
    this.#failed = 0;
    this.#skipped = 0;
    this.filter.allow(maxNames);
    return taken;
  }
}
