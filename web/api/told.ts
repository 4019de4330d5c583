import { hashKey, type QueryKey } from "@tanstack/react-query";
import { queries } from "./queries.ts";

type Change = (known: unknown) => unknown;

/** What a stream has told since a request began, by the key of its query. */
const meanwhile = new Map<string, Change[]>();

/**
 * Changes what is known under this key by what a stream tells. A request that is under way may have been answered before: the
 * same is done to its answer (`asked`).
 */
export function told<T>(key: QueryKey, change: (known: T) => T): void {
  meanwhile.get(hashKey(key))?.push((known) => change(known as T));
  queries.setQueryData<T>(key, (known) => (known === undefined ? undefined : change(known)));
}

/** An answer, with all that was told since it was asked for. */
export async function asked<T>(key: QueryKey, answer: Promise<T>): Promise<T> {
  const changes: Change[] = [];
  meanwhile.set(hashKey(key), changes);
  try {
    const known: unknown = await answer;
    return changes.reduce((before, change) => change(before), known) as T;
  } finally {
    // Another request may have begun in the place of one that was given up.
    if (meanwhile.get(hashKey(key)) === changes) meanwhile.delete(hashKey(key));
  }
}
