import { parseRetryAfter } from "../lib/retry-after.ts";
import type { Answer } from "./answer.ts";
import type { UpstreamError } from "./contract.ts";
import { failure, ringFailure } from "./failure.ts";

/** What an answer that is neither the object nor "absent" means. `whose` begins the words where it is not its own. */
export function statusFailure(
  { status, headers, upstream }: Answer,
  now: number,
  whose = "",
): UpstreamError {
  const retryAfter = parseRetryAfter(headers.get("retry-after"), now);
  const answered = `${whose}answered with status ${status}`;
  if (status === 401 || status === 403) return failure("denied", upstream, answered);
  if (status === 429) return failure("rate_limited", upstream, answered, retryAfter);
  // Loop Detected (RFC 5842, section 7.2): says something of how servers are joined, not how this one is doing.
  if (status === 508) return ringFailure(upstream);
  if (status >= 500) return failure("broken", upstream, answered, retryAfter);
  return failure("invalid", upstream, answered);
}
