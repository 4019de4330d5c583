import type { CachedList, ListKey, NamedObjects, Upstream } from "../metadata/contract.ts";
import type { Candidate } from "./choose.ts";
import type { Known } from "./names.ts";
import { revisionOf } from "./rules.ts";

export type HeldList = Known<CachedList>;

/** One request's way along the lists of a registry's upstreams. */
export interface ListWalk {
  /** When it looked for those that are here, as `FlightsAfterLook` have it. */
  lookedAt: number;
  /** Resolves when what it takes in of what was fetched is stored, and the rest is given up. */
  over: Promise<void>;
}

/** One list of one upstream. */
export interface WantedList extends Candidate {
  walk: ListWalk;
  key: ListKey;
  /** See `PullOptions`. */
  marks: readonly string[];
  waits: () => void;
}

/** What one upstream adds to an answer. */
export interface ListPart<T> {
  items: readonly T[];
  status: "hit" | "stale" | "miss";
  checkedAt: number;
  /** Why it is not simply a hit or a miss. */
  reason?: string;
  /** Stores what was fetched; to be called when the answer takes it in. */
  keep: () => Promise<void>;
}

/** What the lists of one kind have for themselves. */
export interface ListForm<T> {
  validityMs: (upstream: Upstream) => number;
  /** Undefined for absent. Throws `UpstreamError`. */
  ask: (wanted: WantedList) => Promise<T[] | undefined>;
  encode: (items: readonly T[]) => string;
  decode: (content: string) => T[];
  /** Objects that the list says to be there. */
  names: (items: readonly T[]) => NamedObjects["objects"];
}

/** What a list is known by, for as long as its upstream is what it is. */
export function keyOf({ upstream, repository, key }: Candidate & { key: ListKey }): string {
  return `${revisionOf(upstream)} ${repository} ${referenceOf(key)}`;
}

/** The same of a question that is under way: what other servers ask for flies alone. */
export function flightKeyOf(
  wanted: Pick<WantedList, "upstream" | "repository" | "key" | "marks">,
): string {
  return `${keyOf(wanted)} ${wanted.marks.join()}`;
}

/** No tag and no digest is written like this, so that it can stand beside them. */
export function referenceOf(key: ListKey): string {
  return key.kind === "tags" ? "tags/list" : `referrers/${key.subject}`;
}
