import { maybeTime, timeText } from "../../lib/time-text.ts";
import { z } from "@hono/zod-openapi";
import type { CleanupPolicy, CleanupSettings } from "../../metadata/contract.ts";
import { atLeastOne, removed } from "./changes.ts";
import { tagged } from "./conditions.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { forbidden, notFound } from "./errors.ts";
import { cleanupPolicy, cleanupPolicyFields, cleanupPreviewQuery } from "./cleanup-fields.ts";
import { findGroup, groupParams } from "./groups.ts";
import { purgePreview } from "./entry-fields.ts";
import type { ApiOptions } from "./options.ts";
import { previewJson } from "./purges.ts";

const path = "/groups/{id}/-/virtual_registries/cleanup/policy";
const common = { path, params: groupParams } as const;
const ofPolicy = { ...common, answer: cleanupPolicy } as const;

/** Endpoints 21 to 24. */
export function cleanupEndpoints(api: Api, options: ApiOptions): void {
  getPolicy(api, options);
  createPolicy(api, options);
  changePolicy(api, options);
  deletePolicy(api, options);
  previewPolicy(api, options);
}

function previewPolicy(api: Api, options: ApiOptions): void {
  const { management } = options;
  endpoint(
    api,
    {
      method: "get",
      path: `${path}/preview`,
      params: groupParams,
      summary: "What a group's cleanup would give up now",
      action: "read_cleanup_policy",
      query: cleanupPreviewQuery,
      answer: purgePreview,
      status: 200,
    },
    async ({ params, query, granted }) => {
      const { id } = await policyGroup(options, params, granted);
      const days = query.keep_n_days_after_download ?? defaults.keepDays;
      return { body: previewJson(await management.cleanupPolicies.preview(id, days)) };
    },
  );
}

/** The group, if the caller may and it is at the top. */
async function policyGroup(
  { management, directory }: ApiOptions,
  params: z.output<typeof groupParams>,
  granted: <T extends { groupId?: number }>(found: T | undefined) => T,
): Promise<{ id: number }> {
  const found = await findGroup(management, params);
  // With the registries that it is for switched off, it is not there either.
  const isOff = found && (await directory.switchedOff()).has(found.id);
  const group = granted(isOff ? undefined : found);
  if (group.lineage.length > 1) throw forbidden();
  return group;
}

function getPolicy(api: Api, options: ApiOptions): void {
  const { management } = options;
  endpoint(
    api,
    {
      ...ofPolicy,
      method: "get",
      summary: "Get a group's cleanup policy, and how its last run has ended",
      action: "read_cleanup_policy",
      tagged: true,
      status: 200,
    },
    async ({ params, granted }) => {
      const { id } = await policyGroup(options, params, granted);
      const policy = await management.cleanupPolicies.get(id);
      if (!policy) throw notFound();
      return { body: policyJson(policy), headers: tagged(policy) };
    },
  );
}

function createPolicy(api: Api, options: ApiOptions): void {
  const { management } = options;
  endpoint(
    api,
    {
      ...ofPolicy,
      method: "post",
      summary: "Give a group a cleanup policy",
      action: "change_cleanup_policy",
      body: cleanupPolicyFields,
      tagged: true,
      status: 201,
    },
    async ({ params, granted, body, author }) => {
      const { id } = await policyGroup(options, params, granted);
      const settings = { ...defaults, ...settingsGiven(await body()) };
      const created = await management.by(author).cleanupPolicies.create(id, settings);
      return { body: policyJson(created), headers: tagged(created) };
    },
  );
}

function changePolicy(api: Api, options: ApiOptions): void {
  const { management } = options;
  endpoint(
    api,
    {
      ...ofPolicy,
      method: "patch",
      conditional: true,
      summary: "Change a group's cleanup policy; its next run is a cadence from now",
      action: "change_cleanup_policy",
      body: cleanupPolicyFields,
      tagged: true,
      status: 200,
    },
    async ({ params, granted, body, condition, author }) => {
      const { id } = await policyGroup(options, params, granted);
      const changes = settingsGiven(atLeastOne(cleanupPolicyFields, await body()));
      const changed = await management.by(author).cleanupPolicies.change(id, changes, condition());
      if (!changed) throw notFound();
      return { body: policyJson(changed), headers: tagged(changed) };
    },
  );
}

function deletePolicy(api: Api, options: ApiOptions): void {
  const { management } = options;
  endpoint(
    api,
    {
      ...common,
      method: "delete",
      conditional: true,
      summary: "Delete a group's cleanup policy",
      action: "change_cleanup_policy",
      status: 204,
    },
    async ({ params, granted, condition, author }) => {
      const { id } = await policyGroup(options, params, granted);
      return removed(await management.by(author).cleanupPolicies.remove(id, condition()));
    },
  );
}

const defaults: CleanupSettings = {
  enabled: false,
  keepDays: 30,
  cadence: 7,
  notifyOnSuccess: false,
  notifyOnFailure: false,
};

function settingsGiven(given: z.output<typeof cleanupPolicyFields>): Partial<CleanupSettings> {
  const { enabled, keep_n_days_after_download: keepDays, cadence } = given;
  const { notify_on_success: notifyOnSuccess, notify_on_failure: notifyOnFailure } = given;
  return {
    ...(enabled !== undefined && { enabled }),
    ...(keepDays !== undefined && { keepDays }),
    ...(cadence !== undefined && { cadence }),
    ...(notifyOnSuccess !== undefined && { notifyOnSuccess }),
    ...(notifyOnFailure !== undefined && { notifyOnFailure }),
  };
}

function policyJson(policy: CleanupPolicy) {
  return {
    group_id: policy.groupId,
    next_run_at: timeText(policy.nextRunAt),
    last_run_at: maybeTime(policy.lastRunAt),
    last_run_deleted_size: policy.deleted.size,
    last_run_deleted_entries_count: policy.deleted.entries,
    keep_n_days_after_download: policy.keepDays,
    status: policy.status,
    cadence: policy.cadence,
    enabled: policy.enabled,
    failure_message: policy.failureMessage ?? null,
    last_run_detailed_metrics: policy.metrics,
    notify_on_success: policy.notifyOnSuccess,
    notify_on_failure: policy.notifyOnFailure,
    created_at: timeText(policy.createdAt),
    updated_at: timeText(policy.updatedAt),
  };
}
