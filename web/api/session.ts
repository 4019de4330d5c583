import type { components } from "./schema.ts";
import { Store } from "./store.ts";

export type Me = components["schemas"]["Me"];

/** Who is signed in; undefined: that is not known yet; null: nobody. */
export const me = new Store<Me | null | undefined>(undefined);

/** Whether somebody must sign in before what waits can go on. */
export const expired = new Store(false);

let waiting: PromiseWithResolvers<void> | undefined;

/**
 * The session has ended while the page is in use: resolves when the same user has signed in again, over the page, so that
 * what was begun goes on; rejects when that does not happen. Before anybody has signed in, there is the page for that.
 */
export function signedInAgain(): Promise<void> {
  if (!me.value) return Promise.reject(new Error("nobody is signed in"));
  waiting ??= Promise.withResolvers<void>();
  expired.set(true);
  return waiting.promise;
}

/** Somebody has signed in. Where it is somebody else, what waits was not his: it is refused. */
export function signedIn(now: Me): { isSame: boolean } {
  const isSame = me.value?.user.id === now.user.id;
  me.set(now);
  end(isSame);
  return { isSame };
}

export function signedOut(): void {
  me.set(null);
  end(false);
}

function end(isSame: boolean): void {
  expired.set(false);
  if (isSame) waiting?.resolve();
  else waiting?.reject(new Error("somebody else has signed in"));
  waiting = undefined;
}
