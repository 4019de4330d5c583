import type { BreakerMemory } from "./breaker.ts";
import type { UnsureReason } from "./contract.ts";

const reasons: readonly UnsureReason[] = ["unreachable", "timeout", "broken", "rate_limited"];
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);

/** What was written of an open breaker; undefined for a closed one, and for what another release may have written. */
export function readMemory(text: string): BreakerMemory | undefined {
  let fields: Record<keyof BreakerMemory, unknown> | null;
  try {
    fields = JSON.parse(text) as typeof fields;
  } catch {
    return undefined;
  }
  const { openings, retryAt, reason: said } = fields ?? {};
  const reason = reasons.find((known) => known === said);
  if (!reason || !isWhole(retryAt) || !isWhole(openings) || openings < 0) return undefined;
  return { openings, retryAt, reason };
}
