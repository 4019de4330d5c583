import { failureCode } from "../../lib/log.ts";
import type { PrefetchImage } from "../../metadata/contract.ts";
import { type ErrorCode, RegistryError } from "../../oci/error.ts";
import { ManifestError } from "../../oci/manifest.ts";
import { UnfitImage } from "./walk.ts";

const minuteMs = 60_000;
const maxWaitMs = 3_600_000;
/** How often in a row there may be no definite answer. */
const maxAttempts = 4;

/** Answers that do not change by asking again soon. */
const words: Partial<Record<ErrorCode, string>> = {
  manifest_unknown: "absent",
  blob_unknown: "absent",
  name_unknown: "absent",
  upstream_invalid: "wrong content",
  loop: "loop",
};

type Outcome = Pick<PrefetchImage, "status" | "reason" | "attempts" | "notBefore">;

/** What becomes of an image of which something could not be brought: it is tried again later, or has failed. */
export function outcomeOf(
  error: unknown,
  { attempts }: Pick<PrefetchImage, "attempts">,
  now: number,
): Outcome {
  const code = error instanceof RegistryError ? error.code : undefined;
  const reason = reasonOf(error);
  // To be asked to slow down is a definite answer, to which one keeps.
  if (code === "rate_limited") {
    return { status: "pending", reason, attempts, notBefore: now + waitOf(error, minuteMs) };
  }
  const isFinal = isUnfit(error) || (code !== undefined && words[code] !== undefined);
  if (isFinal || attempts + 1 >= maxAttempts) {
    return { status: "failed", reason, attempts: attempts + 1, notBefore: 0 };
  }
  const wait = waitOf(error, minuteMs * 2 ** attempts);
  return { status: "pending", reason, attempts: attempts + 1, notBefore: now + wait };
}

const isUnfit = (error: unknown): error is Error =>
  error instanceof UnfitImage || error instanceof ManifestError;

/** In words that name no address, header or body of an upstream. */
function reasonOf(error: unknown): string {
  if (isUnfit(error)) return `not fit: ${error.message}`;
  if (!(error instanceof RegistryError)) return `failed: ${failureCode(error)}`;
  const { code, message } = error;
  if (code === "rate_limited") return `waits: ${message}`;
  if (code === "unavailable") {
    return "not stored: the disk is full, the object too large, or too many transfers are running";
  }
  const word = words[code] ?? (isDenied(error) ? "denied" : "unsure");
  return `${word}: ${message}`;
}

/** All upstreams that stood in the way have refused their login. */
function isDenied({ detail }: RegistryError): boolean {
  const upstreams = detail?.["upstreams"] as { reason: string }[] | undefined;
  return upstreams?.every(({ reason }) => reason === "denied") === true;
}

/** As the upstream wants it, but no sooner than this. */
function waitOf(error: unknown, least: number): number {
  const asked = error instanceof RegistryError ? Number(error.headers["Retry-After"] ?? 0) : 0;
  return Math.min(maxWaitMs, Math.max(least, asked * 1000));
}
