import type { Clock } from "../../lib/clock.ts";
import type { Attempt, DueDelivery } from "../../metadata/contract.ts";
import type { Poster } from "./contract.ts";
import { signedHeaders } from "./signature.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Waits after attempts that failed; after the last one it is given up, ten hours after the first. */
const waits = [
  minuteMs / 2,
  2 * minuteMs,
  10 * minuteMs,
  hourMs / 2,
  hourMs,
  2 * hourMs,
  3 * hourMs,
  3 * hourMs,
];
/** A webhook that has taken nothing for so long is switched off. */
const longestMs = 72 * hourMs;
/** As far as a receiver can put it off. */
const maxAskedMs = hourMs;

/** Classes of what has gone wrong, which tell nothing of what is there. */
const words: Readonly<Record<string, string>> = {
  timeout: "the receiver did not answer in time",
  invalid: "the receiver's answer is not acceptable HTTP, or too large",
};
/** An address that is not allowed looks like one where nobody answers (security S46). */
const unreachable = "there is no connection to the receiver";

/** Sends the message once. Rejects only where this server itself fails. */
export async function attempt(
  due: DueDelivery,
  { poster, clock }: { poster: Poster; clock: Clock },
): Promise<Attempt> {
  const now = clock.now();
  const { secret, body, webhookId, ca, url } = due;
  if (secret === undefined) {
    return failed(due, now, "the webhook's secret cannot be opened: give it anew");
  }
  const headers = {
    "Content-Type": "application/json",
    ...signedHeaders({ ...due, secret }, now),
  };
  const peer = { id: webhookId, name: `webhook ${webhookId}`, ca };
  try {
    const request = { method: "POST", url: new URL(url), headers, body } as const;
    const answer = await poster.ask(peer, request);
    return judged(due, clock.now(), answer);
  } catch (error) {
    const { reason } = error as { reason?: unknown };
    if (typeof reason !== "string") throw error;
    return failed(due, clock.now(), words[reason] ?? unreachable);
  }
}

function judged(
  due: DueDelivery,
  now: number,
  { status, headers }: { status: number; headers: Headers },
): Attempt {
  if (status >= 200 && status < 300) return { status: "delivered", responseStatus: status };
  if (status === 410) {
    const reason = "the receiver is gone (410)";
    const attempt = failed(due, now, reason, { responseStatus: status });
    return { ...attempt, disable: reason, nextAttemptAt: undefined };
  }
  const isRedirect = status >= 300 && status < 400;
  const reason = isRedirect
    ? "the receiver answered with a redirect, which is not followed"
    : "the receiver did not take it";
  const asked = Number(headers.get("retry-after") ?? 0) * 1000;
  const askedMs = Number.isFinite(asked) ? Math.min(maxAskedMs, Math.max(0, asked)) : 0;
  return failed(due, now, reason, { responseStatus: status, askedMs });
}

type Failed = Extract<Attempt, { status: "failed" }>;

function failed(
  { attempts, failingSince, event }: DueDelivery,
  now: number,
  reason: string,
  { responseStatus, askedMs = 0 }: { responseStatus?: number; askedMs?: number } = {},
): Failed {
  const isLong = now - (failingSince ?? now) >= longestMs;
  // Whoever tests sees at once how it goes, and can do it again.
  const wait = event === "test" ? undefined : waits[attempts];
  return {
    status: "failed",
    responseStatus,
    reason,
    nextAttemptAt: wait === undefined || isLong ? undefined : now + Math.max(wait, askedMs),
    disable: isLong ? `nothing was taken for 72 hours; the last time ${reason}` : undefined,
  };
}
