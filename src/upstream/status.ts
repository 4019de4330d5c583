import type { Answer } from "./answer.ts";
import type { UpstreamError } from "./contract.ts";
import { failure, ringFailure } from "./failure.ts";

/** Seconds that a wish of an upstream for rest is held to. */
const rest = { least: 1, most: 3600 };

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

/** `Date.parse` alone finds a date in almost anything. */
const httpDate = /^\w{3}, \d{2} \w{3} \d{4} [\d:]{8} GMT$/;

/** Seconds from `Retry-After`, a number or a date (RFC 9110, section 10.2.3); undefined when it says nothing. */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const isNumber = /^\d{1,12}$/.test(header);
  if (!isNumber && !httpDate.test(header)) return undefined;
  const seconds = isNumber ? Number(header) : (Date.parse(header) - now) / 1000;
  if (Number.isNaN(seconds)) return undefined;
  return Math.min(Math.max(Math.ceil(seconds), rest.least), rest.most);
}
