import { MetadataError } from "./error.ts";
import type { Condition } from "./management/contract.ts";

/** A password, whose change is seen by the `version` beside it; and what use alone changes. */
const others = [
  "password",
  "lastUsedAt",
  "downloads",
  "downloadedAt",
  "failingSince",
  "lastDeliveredAt",
  "dropped",
];

/** What a record is now, in a few letters: another one after each change that somebody has made. */
export function tagOf(record: object): string {
  const rest = Object.fromEntries(Object.entries(record).filter(([key]) => !others.includes(key)));
  return new Bun.CryptoHasher("sha256").update(JSON.stringify(rest)).digest("hex").slice(0, 32);
}

/** Throws a `MetadataError` (`changed`) where the record is not what whoever asks has seen; to be called in the transaction that writes. */
export function requireUnchanged({ tags, unmodifiedSince }: Condition, record: object): void {
  const isOther = tags !== undefined && !tags.includes(tagOf(record));
  // The time is from a header, which tells seconds.
  const { updatedAt = 0 } = record as { updatedAt?: number };
  const second = Math.floor(updatedAt / 1000) * 1000;
  const isLater = unmodifiedSince !== undefined && second > unmodifiedSince;
  if (isOther || isLater) throw new MetadataError("changed", "it has been changed meanwhile");
}
