import type { Upstream } from "../metadata/contract.ts";
import { isReferrerTag } from "../oci/reference.ts";

export const hourMs = 3_600_000;
/** A signature must be seen soon after it was made. */
const referrerMs = 60_000;

/** How long what an upstream said of a tag, or of all its tags, is gone by; infinite where it is not asked again. */
export function validityMs({ alwaysCheck, cacheValidityHours }: Upstream): number {
  if (alwaysCheck) return 0;
  return cacheValidityHours === 0 ? Infinity : cacheValidityHours * hourMs;
}

/** The same for what refers to a digest, which is added to after the image has been pushed. */
export function referrerValidityMs(upstream: Upstream): number {
  return Math.min(referrerMs, validityMs(upstream));
}

/** The same for a tag, whichever of the two it is for. */
export function entryValidityMs({ reference }: { reference: string }, upstream: Upstream): number {
  return isReferrerTag(reference) ? referrerValidityMs(upstream) : validityMs(upstream);
}
