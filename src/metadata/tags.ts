import { MetadataError } from "./error.ts";
import type { Condition } from "./management/contract.ts";

/**
 * What a record is now, in a few letters: another one after each change. Passwords have no part in it; that they have
 * changed is seen by the `version` beside them.
 */
export function tagOf(record: object): string {
  const { password: _, ...rest } = record as Record<string, unknown>;
  return new Bun.CryptoHasher("sha256").update(JSON.stringify(rest)).digest("hex").slice(0, 32);
}

/** Throws a `MetadataError` (`changed`) where the record is not what whoever asks has seen; to be called in the transaction that writes. */
export function requireUnchanged(
  { tags, unmodifiedSince }: Condition,
  record: object & { updatedAt?: number },
): void {
  const isOther = tags !== undefined && !tags.includes(tagOf(record));
  // The time is from a header, which tells seconds.
  const second = Math.floor((record.updatedAt ?? 0) / 1000) * 1000;
  const isLater = unmodifiedSince !== undefined && second > unmodifiedSince;
  if (isOther || isLater) throw new MetadataError("changed", "it has been changed meanwhile");
}
