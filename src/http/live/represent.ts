import { maybeTime, timeText } from "../../lib/time-text.ts";
import type { FillUnderWay } from "../../pull/contract.ts";
import type { Health } from "../../upstream/contract.ts";
import { readPath } from "../v2/path.ts";
import { nextByReason, pullError } from "./next.ts";
import type { PastPull } from "./pulls.ts";
import type { RequestsSeen } from "./requests.ts";

const rounded = (ms: number) => Math.round(ms * 1000) / 1000;
const maybeRounded = (ms: number | undefined) => (ms === undefined ? null : rounded(ms));

/** Without who has pulled, unless that is wanted. */
export function pullJson(pull: PastPull, id: string, showsActor: boolean) {
  const { told, path, upstreamIds, failure } = pull;
  const [upstreamId] = upstreamIds;
  return {
    id,
    at: timeText(pull.at),
    request_id: pull.requestId,
    method: pull.method,
    registry_id: pull.registryId,
    registry: pull.registry,
    upstream_id: upstreamIds.length === 1 ? (upstreamId ?? null) : null,
    upstream: told.upstream || null,
    repository: readPath(path).place.repository,
    reference: pull.kind === "tags" ? null : path.tail,
    kind: pull.kind,
    cache_status: told.status,
    reason: told.reason ?? null,
    status: pull.status,
    bytes: pull.bytes,
    duration_ms: rounded(pull.ms),
    outcome: pull.outcome,
    error: failure === undefined ? null : pullError(failure),
    actor: showsActor ? (pull.actor ?? null) : null,
  };
}

export function fillJson(fill: FillUnderWay) {
  return {
    upstream_id: fill.upstreamId,
    repository: fill.repository,
    digest: fill.digest,
    size: fill.size ?? null,
    received: fill.received,
    followers: fill.followers,
    started_at: timeText(fill.startedAt),
  };
}

/** `now`: what a limit has left is told until it is reset. */
export function healthJson(
  { id, name }: { id: number; name: string },
  { breaker, retryAt, lastError, budget }: Health,
  { requests, errors, p50, p95 }: RequestsSeen,
  now: number,
) {
  const resetsAt = budget ? budget.at + budget.windowSeconds * 1000 : 0;
  return {
    id,
    name,
    breaker,
    retry_at: maybeTime(retryAt),
    requests,
    errors,
    latency_ms: { p50: maybeRounded(p50), p95: maybeRounded(p95) },
    last_error: lastError
      ? {
          at: timeText(lastError.at),
          reason: lastError.reason,
          message: lastError.message,
          next: nextByReason[lastError.reason],
        }
      : null,
    budget:
      budget && resetsAt > now
        ? {
            limit: budget.limit,
            remaining: budget.remaining,
            at: timeText(budget.at),
            resets_at: timeText(resetsAt),
          }
        : null,
  };
}
