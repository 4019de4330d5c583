import type { CacheEntry } from "../metadata/contract.ts";
import type { Known } from "./names.ts";

const dayMs = 86_400_000;

/**
 * Whether nobody has pulled an entry for so long that it does not count any more: it is asked for as if it were not
 * there. That it is deleted some time later changes nothing for who pulls.
 */
export function isExpired({ downloadedAt, upstream }: Known<CacheEntry>, now: number): boolean {
  const { ttlDays } = upstream;
  return ttlDays !== undefined && now - downloadedAt >= ttlDays * dayMs;
}
