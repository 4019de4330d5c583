import type { Selectable } from "kysely";
import type { CleanupPoliciesTable } from "../schema.ts";
import type { Cadence, CleanupPolicy, CleanupSettings } from "./contract.ts";

export const dayMs = 86_400_000;

export type PolicyRow = Selectable<CleanupPoliciesTable>;

export function policyOf(row: PolicyRow): CleanupPolicy {
  return {
    groupId: row.group_id,
    enabled: row.enabled === 1,
    keepDays: row.keep_n_days_after_download,
    cadence: row.cadence as Cadence,
    notifyOnSuccess: row.notify_on_success === 1,
    notifyOnFailure: row.notify_on_failure === 1,
    status: row.status,
    failureMessage: row.failure_message ?? undefined,
    nextRunAt: row.next_run_at,
    lastRunAt: row.last_run_at ?? undefined,
    deleted: { entries: row.last_run_deleted_entries_count, size: row.last_run_deleted_size },
    metrics: JSON.parse(row.last_run_detailed_metrics) as Record<string, unknown>,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export function columnsOf(settings: CleanupSettings) {
  return {
    enabled: settings.enabled ? 1 : 0,
    keep_n_days_after_download: settings.keepDays,
    cadence: settings.cadence,
    notify_on_success: settings.notifyOnSuccess ? 1 : 0,
    notify_on_failure: settings.notifyOnFailure ? 1 : 0,
  };
}

/** Nothing of a run that is under way. */
export const noRun = {
  run_started_at: null,
  run_position: null,
  run_deleted_size: 0,
  run_deleted_count: 0,
} as const;
