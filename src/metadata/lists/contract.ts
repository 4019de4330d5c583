import type { Digest } from "../../oci/digest.ts";

/** The tags of a repository, or what refers to a digest in it. */
export type ListKey = { kind: "tags" } | { kind: "referrers"; subject: Digest };

/** A list as an upstream gave it. */
export interface CachedList {
  id: number;
  upstreamId: number;
  repository: string;
  /** In the form that whoever stored it chose. */
  content: string;
  /** When the upstream gave it. */
  checkedAt: number;
}

export interface FetchedList {
  groupId: number;
  upstreamId: number;
  /** `version` of the upstream when it was asked: what came under another one is not stored. */
  upstreamVersion: number;
  repository: string;
  key: ListKey;
  content: string;
  now: number;
}

/**
 * Lists that upstreams gave. Other credentials, authorities or another URL of an upstream end its lists at once, as do
 * its purge and its end. `upstreamIds` are always those of one registry.
 */
export interface Lists {
  /** In no order, at most one an upstream. */
  find(upstreamIds: readonly number[], repository: string, key: ListKey): Promise<CachedList[]>;
  /** Replaces what there was. */
  store(list: FetchedList): Promise<void>;
  delete(id: number): Promise<void>;
  /** Gives up all lists of a repository. */
  forget(upstreamId: number, repository: string): Promise<void>;
  /**
   * A step: gives up some of the lists that upstreams have not given again since `before`, but for
   * those that are valid for ever, or, where there are more than `most`,
   * of those that they gave the longest time ago; how many. 0: there are no more to give up.
   */
  expire(before: number, most: number): Promise<number>;
  /**
   * Tags by which manifests of the repository are cached, *shown* and confirmed since then, in ascending order;
   * undefined where nothing of it is. What is cached by digest alone makes an empty list.
   */
  shownTags(upstreamId: number, repository: string, since: number): Promise<string[] | undefined>;
}
