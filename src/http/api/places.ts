import { tooMany } from "./errors.ts";

/** Places for work that costs much: so many in all, and so many of one group, which leaves others theirs (security S34). */
export class Places {
  /** By group. */
  readonly #taken = new Map<number, number>();
  #all = 0;

  constructor(readonly most: { all: number; ofGroup: number; retrySeconds: number }) {}

  /** A place, until what is returned is called; once more does nothing. Throws where there is none. */
  take(groupId: number): () => void {
    const own = this.#taken.get(groupId) ?? 0;
    const { all, ofGroup, retrySeconds } = this.most;
    if (this.#all >= all || own >= ofGroup) throw tooMany(retrySeconds);
    this.#all++;
    this.#taken.set(groupId, own + 1);
    let isFree = false;
    return () => {
      if (isFree) return;
      isFree = true;
      this.#all--;
      const left = (this.#taken.get(groupId) ?? 0) - 1;
      if (left > 0) this.#taken.set(groupId, left);
      else this.#taken.delete(groupId);
    };
  }
}
