import type { Health } from "./contract.ts";

export type Budget = NonNullable<Health["budget"]>;

/** As Docker Hub writes it: `100;w=21600`, so many in a window of so many seconds. */
const form = /^(\d{1,9})(?:;w=(\d{1,9}))?$/;

/** What `RateLimit-Limit` and `RateLimit-Remaining` say; undefined where they do not say all of it in that form. */
export function readBudget(headers: Headers, at: number): Budget | undefined {
  const [, limitText, windowText] = form.exec(headers.get("ratelimit-limit") ?? "") ?? [];
  const [, remainingText] = form.exec(headers.get("ratelimit-remaining") ?? "") ?? [];
  if (limitText === undefined || windowText === undefined || remainingText === undefined) {
    return undefined;
  }
  const limit = Number(limitText);
  const remaining = Math.min(Number(remainingText), limit);
  return { limit, remaining, windowSeconds: Number(windowText), at };
}
