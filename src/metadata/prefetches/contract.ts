import type { Digest } from "../../oci/digest.ts";
import type { Condition, Page, Removal } from "../management/contract.ts";

export interface PrefetchSettings {
  /** No other of the registry has it; what a configuration file finds it by. */
  name?: string | undefined;
  /** As the registry calls them: `<repository>[:<tag>][@<digest>]`. */
  images: readonly string[];
  /** `os/architecture[/variant]`, or `all`: which members of indexes. */
  platforms: readonly string[];
  /** From one run to the next; undefined: it runs once. */
  everyHours: number | undefined;
}

/** Objects, and bytes of them, as far as is known. */
export interface PrefetchCounts {
  objects: number;
  bytes: number;
}

export interface PrefetchImage {
  /** From 0. */
  position: number;
  image: string;
  status: "pending" | "done" | "failed";
  /** Why it failed, or is tried again later. */
  reason: string | undefined;
  /** What the reference was found to be in this run. */
  digest: Digest | undefined;
  /** How often in a row no definite answer came. */
  attempts: number;
  /** It is not gone on with before this time. */
  notBefore: number;
  done: PrefetchCounts;
  total: PrefetchCounts;
}

/** Of the last run: `finished` with all images, or `failed`, with what it had of them. */
export type PrefetchStatus = "scheduled" | "running" | "finished" | "failed";

/** Images that are brought into a registry's cache before anybody asks for them. */
export interface Prefetch extends Omit<PrefetchSettings, "images"> {
  id: number;
  groupId: number;
  registryId: number;
  status: PrefetchStatus;
  images: PrefetchImage[];
  /** Undefined while it runs, and where it has run and does so once. */
  nextRunAt: number | undefined;
  lastRunAt: number | undefined;
  runStartedAt: number | undefined;
  createdAt: number;
  updatedAt: number;
}

export interface ManagedPrefetches {
  /** In order of id. */
  list(registryId: number, page: { page: number; perPage: number }): Promise<Page<Prefetch>>;
  get(id: number): Promise<Prefetch | undefined>;
  /** To run at once. Undefined for an unknown registry. */
  create(registryId: number, settings: PrefetchSettings): Promise<Prefetch | undefined>;
  /** Creates the one of this name, or makes it anew where it is another; nothing where it is so. */
  declare(registryId: number, prefetch: PrefetchSettings & { name: string }): Promise<void>;
  /** A run under way ends; what it has brought stays. */
  remove(id: number, condition: Condition): Promise<Removal>;
}

/** Runs of prefetches: where each has come to, image by image, so that after a kill it is gone on with. */
export interface PrefetchRuns {
  /** Begins what is due, and forgets what has run once and long ago. */
  begin(): Promise<void>;
  /** Those that run and can be gone on with now, those first that have waited longest for their turn. */
  running(): Promise<Prefetch[]>;
  /** Where an image has come to. False where the run is over, or another one has begun. */
  note(run: Pick<Prefetch, "id" | "runStartedAt">, image: PrefetchImage): Promise<boolean>;
  /** Ends the run, if no image is pending; with its record. Undefined where one is, or where it was over already. */
  end(run: Pick<Prefetch, "id" | "runStartedAt">): Promise<Prefetch | undefined>;
}
