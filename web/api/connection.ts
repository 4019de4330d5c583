import { Store } from "./store.ts";

/** Whether the server answers, as far as the last request has told. */
export const reachable = new Store(true);

const firstWaitMs = 1000;
const longestWaitMs = 8000;

/** Tells that a request got no answer. From then on the server is asked again and again, until it gives one. */
export function lost(): void {
  if (!reachable.value) return;
  reachable.set(false);
  ask(firstWaitMs);
}

function ask(waitMs: number): void {
  setTimeout(() => {
    void fetch("/readyz", { cache: "no-store" })
      .then(({ ok }) => ok)
      .catch(() => false)
      .then((isBack) => (isBack ? reachable.set(true) : ask(Math.min(waitMs * 2, longestWaitMs))));
  }, waitMs);
}
