import { algorithmOf, parseDigest } from "../oci/digest.ts";
import { type Described, UpstreamError } from "../upstream/contract.ts";
import type { Wanted } from "./flight.ts";

/** What an upstream claims of an object must not contradict the digest it was asked for, or the size that is known. */
export function requireSame(wanted: Wanted, described: Described, size: number | undefined): void {
  const claimed = parseDigest(described.claimedDigest ?? "");
  const isOther = claimed !== undefined && claimed !== wanted.digest;
  const isOfOtherSize =
    size !== undefined && described.size !== undefined && described.size !== size;
  // Two algorithms may name the same bytes; then only the size can be compared.
  const isComparable = claimed && algorithmOf(claimed) === algorithmOf(wanted.digest);
  if ((isOther && isComparable) || isOfOtherSize) {
    throw contradiction(wanted, "describes another blob than it was asked for");
  }
}

function contradiction({ upstream: { name } }: Wanted, did: string): UpstreamError {
  return new UpstreamError("invalid", name, `upstream "${name}" ${did}`);
}

export function lost(wanted: Wanted): UpstreamError {
  return contradiction(wanted, "lost the blob while it was being transferred");
}
