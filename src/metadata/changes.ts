import type { Transaction } from "kysely";
import { LruMap } from "../lib/lru.ts";
import type { Schema } from "./schema.ts";

/** Changes of configuration and rights, counted. */
export interface Changes {
  /** Grows with each change that has been committed. */
  generation(): Promise<number>;
  /**
   * Runs `work` in one transaction that survives a power failure once this resolves. Where `work` calls `changed`,
   * the generation rises in the same transaction.
   */
  run<T>(work: (tx: Transaction<Schema>, changed: () => void) => Promise<T>): Promise<T>;
}

/** The generation after the change that is being made. */
export async function raise(tx: Transaction<Schema>): Promise<number> {
  const { value } = await tx
    .updateTable("generation")
    .set((eb) => ({ value: eb("value", "+", 1) }))
    .returning("value")
    .executeTakeFirstOrThrow();
  return value;
}

/** Values derived from configuration or rights, kept for as long as the generation stands still. */
export class Remembered<K, V extends object> {
  readonly #values: LruMap<K, V>;
  #generation = -1;

  constructor(
    readonly changes: Changes,
    capacity: number,
    readonly load: (key: K) => Promise<V | undefined>,
    /** Whether what was kept still holds, where time alone can end it. */
    readonly holds: (value: V) => boolean = () => true,
  ) {
    this.#values = new LruMap(capacity);
  }

  async get(key: K): Promise<V | undefined> {
    const generation = await this.changes.generation();
    if (generation !== this.#generation) {
      this.#values.clear();
      this.#generation = generation;
    }
    const known = this.#values.get(key);
    if (known && this.holds(known)) return known;
    const loaded = await this.load(key);
    // A change may have been committed while this was read, and others may remember newer values by now.
    if (loaded && generation === this.#generation) this.#values.set(key, loaded);
    return loaded;
  }
}
