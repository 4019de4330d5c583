import type { Registry, Upstream } from "../metadata/contract.ts";
import type { UpstreamError } from "../upstream/contract.ts";
import type { Candidate, Said } from "./choose.ts";
import type { Explanation } from "./contract.ts";
import { unsureRefusal } from "./errors.ts";
import type { ListPart } from "./list-form.ts";

/** What several upstreams have of one thing. */
export interface Gathered<T> {
  /** In the order in which they were asked. */
  found: (Candidate & { value: T })[];
  absent: Upstream[];
  unsure: UpstreamError[];
  /** Somebody was unsure, and those behind have no say. */
  stopped: boolean;
}

/**
 * Asks candidates as `choose` does, but for what all of them have: absent leads on to the next, and so does found; unsure
 * ends the walk unless the registry's `onUnsure` is `continue`. With `ask: parallel` all are asked at once, and those behind
 * one that ends the walk were asked in vain.
 */
export async function gather<T>(
  registry: Registry,
  candidates: readonly Candidate[],
  ask: (candidate: Candidate) => Promise<Said<T>>,
): Promise<Gathered<T>> {
  const gathered: Gathered<T> = { found: [], absent: [], unsure: [], stopped: false };
  const begun = registry.ask === "parallel" ? candidates.map((one) => begin(ask(one))) : [];
  for (const [i, candidate] of candidates.entries()) {
    const said = await (begun[i] ?? ask(candidate));
    if (said.says === "found") gathered.found.push({ ...candidate, value: said.value });
    if (said.says === "absent") gathered.absent.push(candidate.upstream);
    if (said.says !== "unsure") continue;
    gathered.unsure.push(said.error);
    gathered.stopped = registry.onUnsure === "stop";
    if (gathered.stopped) break;
  }
  return gathered;
}

/** An answer that nobody waits for any more must not end the process. */
function begin<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => undefined);
  return answer;
}

type GatheredLists<T> = Omit<Gathered<ListPart<T>>, "stopped">;

/** Whether anybody has it. Throws the refusal of those that were unsure where nobody has, and stores what came. */
export async function takeIn<T>({ found, unsure }: GatheredLists<T>): Promise<boolean> {
  if (found.length === 0 && unsure.length > 0) throw unsureRefusal(unsure);
  await Promise.all(found.map(({ value }) => value.keep()));
  return found.length > 0;
}

/** How a list came about: who it is from, and what kept them or others from saying more. */
export function explanationOf<T>(
  { found, absent, unsure }: GatheredLists<T>,
  now: number,
): Explanation {
  const names = (upstreams: readonly Upstream[]) => upstreams.map(({ name }) => name).join(", ");
  if (found.length === 0) return { status: "absent", upstream: names(absent), age: 0 };
  const parts = found.map(({ value }) => value);
  const has = (status: ListPart<T>["status"]) => parts.some((part) => part.status === status);
  const status = has("stale") ? "stale" : has("miss") ? "miss" : "hit";
  const oldest = Math.min(...parts.map(({ checkedAt }) => checkedAt));
  const reasons = [
    found.map(({ upstream: { name }, value: { reason } }) => {
      // Whose it is goes without saying where there is one.
      return reason === undefined ? [] : found.length === 1 ? reason : `${name}: ${reason}`;
    }),
    unsure.map((error) => `${error.upstream}: ${error.reason}`),
  ].flat(2);
  return {
    status,
    upstream: names(found.map(({ upstream }) => upstream)),
    age: Math.max(0, Math.floor((now - oldest) / 1000)),
    ...(reasons.length > 0 && { reason: reasons.join(", ") }),
  };
}
