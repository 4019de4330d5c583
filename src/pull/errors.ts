import { failureCode, type Log } from "../lib/log.ts";
import { ManifestError } from "../oci/manifest.ts";
import { RegistryError } from "../oci/error.ts";
import { UpstreamError } from "../upstream/contract.ts";

/** What a client is told when nothing better is known of when to come back. */
const retryAfterSeconds = 5;

/** The refusal that a client gets for an upstream that gave no definite answer; other errors pass as they are. */
export function refusal(error: unknown): unknown {
  if (!(error instanceof UpstreamError)) return error;
  const { reason, upstream, message } = error;
  const options = { detail: { upstream, reason }, cause: error };
  if (reason === "invalid") return new RegistryError("upstream_invalid", message, options);
  const code = reason === "rate_limited" ? "rate_limited" : "upstream_unavailable";
  const retryAfter = String(error.retryAfterSeconds ?? retryAfterSeconds);
  return new RegistryError(code, message, { ...options, headers: { "Retry-After": retryAfter } });
}

/** A manifest that is not what it should be: a 502, never content. */
export function invalidManifest(upstream: string, error: ManifestError | string): RegistryError {
  const why = typeof error === "string" ? error : error.message;
  return new RegistryError(
    "upstream_invalid",
    `upstream "${upstream}" sent an unusable manifest: ${why}`,
    {
      detail: { upstream, reason: "invalid" },
      cause: error,
    },
  );
}

/** Waits for a write that an answer does not depend on; its failure is logged. */
export async function tolerate(log: Log, message: string, write: Promise<void>): Promise<void> {
  try {
    await write;
  } catch (error) {
    log.error(message, { code: failureCode(error) });
  }
}

/** A short word for a log line or a reason: what stood in the way, without texts from outside. */
export function reasonOf(error: unknown): string {
  if (error instanceof UpstreamError) return error.reason;
  return error instanceof RegistryError ? error.code : "failed";
}
