import { StoreFullError, StoreUnavailableError } from "../blobs/contract.ts";
import { failureCode, type Log } from "../lib/log.ts";
import { RegistryError } from "../oci/error.ts";
import { ring, UpstreamError } from "../upstream/contract.ts";

/** What a client is told when nothing better is known of when to come back. */
const retryAfterSeconds = 5;

/**
 * The refusal that a client gets when upstreams gave no definite answer: 429 where rate limits are all that stands in the
 * way, 508 where all lead in a ring, 502 where all sent nonsense, else 503. Each is named with its reason.
 */
export function unsureRefusal(errors: readonly UpstreamError[]): RegistryError {
  const upstreams = errors.map(({ upstream, reason }) => ({ upstream, reason }));
  const message = errors.map((error) => error.message).join("; ");
  const options = { detail: { upstreams }, cause: errors[0] };
  const all = (reason: string) => errors.every((error) => error.reason === reason);
  const isRing = errors.every((error) => error.cause === ring);
  if (isRing) return new RegistryError("loop", message, options);
  if (all("invalid")) return new RegistryError("upstream_invalid", message, options);
  const waits = errors.map((error) => error.retryAfterSeconds ?? retryAfterSeconds);
  const headers = { "Retry-After": String(Math.max(1, Math.min(...waits))) };
  const code = all("rate_limited") ? "rate_limited" : "upstream_unavailable";
  return new RegistryError(code, message, { ...options, headers });
}

/** The same for whatever was thrown; other errors pass as they are. */
export function refusal(error: unknown): unknown {
  if (error instanceof StoreUnavailableError) return storeAway(error);
  return error instanceof UpstreamError ? unsureRefusal([error]) : error;
}

/** What is stored cannot be had now, and nobody else has it. */
export function storeAway(cause: StoreUnavailableError): RegistryError {
  const headers = { "Retry-After": String(retryAfterSeconds) };
  const message = "the blob store does not answer at the moment; try again";
  return new RegistryError("unavailable", message, { headers, cause });
}

/** Each part of a blob that cannot be stored is the upstream's work, and many are under way. */
export function tooManyParts(): RegistryError {
  const headers = { "Retry-After": String(retryAfterSeconds) };
  const message = "too many parts of blobs that cannot be stored are asked for at once; try again";
  return new RegistryError("unavailable", message, { headers });
}

/** A manifest that is not what it should be: its upstream is as unsure as one that answers nonsense. */
export function invalidManifest(upstream: string, why: string, cause?: unknown): UpstreamError {
  const message = `upstream "${upstream}" sent an unusable manifest: ${why}`;
  return new UpstreamError("invalid", upstream, message, { cause });
}

/** Waits for a write that an answer does not depend on; its failure is logged. */
export async function tolerate(log: Log, message: string, write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    log.error(message, { code: failureCode(error) });
  }
}

/** Whether it failed because what an upstream sent was not what it was to be. */
export function isWrongContent(error: unknown): boolean {
  if (error instanceof RegistryError) return error.code === "upstream_invalid";
  return error instanceof UpstreamError && error.reason === "invalid";
}

/** Why the store did not take something, for the log: with the system's word for it, where it has one (`ENOSPC`). */
export function notStoredBecause(error: unknown): string {
  if (!(error instanceof StoreFullError)) return `${reasonOf(error)} ${failureCode(error)}`;
  return error.cause ? `${error.message} (${failureCode(error.cause)})` : error.message;
}

/** A short word for a log line or a reason: what stood in the way, without texts from outside. */
export function reasonOf(error: unknown): string {
  if (error instanceof UpstreamError) return error.reason;
  return error instanceof RegistryError ? error.code : "failed";
}
