import { SingleFlight } from "../../lib/single-flight.ts";
import type { CachedList, FetchedList, ListKey, Lists } from "../contract.ts";

/**
 * Whoever asks for the same at the same time gets the same answer, at the same time, and none from before a write that has
 * ended since: those who then have to ask the upstream do it as one.
 */
export class SharedLists implements Lists {
  readonly #flights = new SingleFlight<CachedList[]>();
  /** By repository, what is being written. */
  readonly #pending = new Map<string, Promise<void>>();
  #writes = 0;

  constructor(readonly inner: Lists) {}

  find(upstreamIds: readonly number[], repository: string, key: ListKey): Promise<CachedList[]> {
    const what = key.kind === "tags" ? "" : key.subject;
    return this.#flights.do(`${upstreamIds.join()} ${repository} ${what}`, async () => {
      const writes = this.#writes;
      const found = await this.inner.find(upstreamIds, repository, key);
      const pending = this.#pending.get(repository);
      if (!pending && writes === this.#writes) return found;
      await pending;
      return this.inner.find(upstreamIds, repository, key);
    });
  }

  store(list: FetchedList): Promise<void> {
    return this.#writing(list.repository, this.inner.store(list));
  }

  delete(id: number): Promise<void> {
    return this.#writing(undefined, this.inner.delete(id));
  }

  forget(upstreamId: number, repository: string): Promise<void> {
    return this.#writing(repository, this.inner.forget(upstreamId, repository));
  }

  /** Of nothing that anybody is waiting for. */
  expire(before: number, most: number): Promise<number> {
    return this.inner.expire(before, most);
  }

  shownTags(upstreamId: number, repository: string, since: number): Promise<string[] | undefined> {
    return this.inner.shownTags(upstreamId, repository, since);
  }

  async #writing(repository: string | undefined, write: Promise<void>): Promise<void> {
    const ended = write.then(noted, noted);
    if (repository !== undefined) this.#pending.set(repository, ended);
    try {
      await write;
    } finally {
      this.#writes++;
      if (repository !== undefined && this.#pending.get(repository) === ended) {
        this.#pending.delete(repository);
      }
    }
  }
}

/** How a write has ended is for who wrote. */
const noted = () => undefined;
