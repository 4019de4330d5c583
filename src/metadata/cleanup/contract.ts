import type { Condition, Removal } from "../management/contract.ts";
import type { PurgePreview } from "../purges/contract.ts";

/** After how many days a run follows a run. */
export const cadences = [1, 7, 14, 30, 90] as const;
export type Cadence = (typeof cadences)[number];

export interface CleanupSettings {
  enabled: boolean;
  /** From 1 to 365. */
  keepDays: number;
  cadence: Cadence;
  notifyOnSuccess: boolean;
  notifyOnFailure: boolean;
}

export interface CleanupCounts {
  entries: number;
  /** Bytes of these entries. */
  size: number;
}

export interface CleanupPolicy extends CleanupSettings {
  groupId: number;
  status: "scheduled" | "running" | "failed";
  failureMessage: string | undefined;
  nextRunAt: number;
  lastRunAt: number | undefined;
  /** Of the last run. */
  deleted: CleanupCounts;
  /** Of the last run that ended well, by format. */
  metrics: Readonly<Record<string, unknown>>;
  createdAt: number;
  updatedAt: number;
}

/** Which cached content top-level groups give up when nobody pulls it any more: at most one policy each. */
export interface ManagedCleanupPolicies {
  get(groupId: number): Promise<CleanupPolicy | undefined>;
  create(groupId: number, settings: CleanupSettings): Promise<CleanupPolicy>;
  /** Each change puts the next run off to a cadence from now. */
  change(
    groupId: number,
    changes: Partial<CleanupSettings>,
    condition?: Condition,
  ): Promise<CleanupPolicy | undefined>;
  remove(groupId: number, condition: Condition): Promise<Removal>;
  /** What a run would give up now that keeps what was pulled in so many days. */
  preview(groupId: number, keepDays: number): Promise<PurgePreview>;
}

/**
 * Runs of policies, one after another. An entry that was last pulled longer ago than its group wants goes, with a record; not
 * where it is pinned, or a pinned one needs it. A run that was interrupted is gone on with; one of more than a day has failed.
 */
export interface CleanupRuns {
  /** Goes on with a policy that runs, or begins one that is due. Undefined where there is none. */
  step(): Promise<CleanupStep | undefined>;
}

export interface CleanupStep extends CleanupCounts {
  groupId: number;
  /** Undefined: it goes on. */
  ended: "success" | "failure" | undefined;
  /** Why it failed. */
  message: string | undefined;
}
