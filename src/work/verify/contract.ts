import type { Digest } from "../../oci/digest.ts";
import type { ChildKind } from "../../oci/manifest.ts";

/** Looks through everything that is stored, one bounded step after the other. */
export interface Verifier {
  /**
   * Goes on where `cursor` says, from the beginning without one. Hashes some dozens of MiB, or the one blob that is larger, and
   * lets pulls have their turn meanwhile. What is wrong or missing does not count as stored from here on, so that the next
   * pull fetches it; with `repair` it is fetched at once. What cannot be read or put aside stays as it is. Throws where `cursor` is none.
   */
  step(cursor: string | undefined, options: { repair: boolean }): Promise<VerifyStep>;
}

/** Looks at single blobs. */
export interface Rechecker {
  /**
   * Hashes one stored blob that somebody has written to at `writtenAt`, for who waits to be served. That it is right is noted;
   * what is wrong goes the way that it goes in a step, and is not fetched. `finding`: what came of one that is not right; undefined
   * where others have taken it out, or stored it anew, meanwhile.
   */
  recheck(
    digest: Digest,
    size: number,
    writtenAt: number,
  ): Promise<{ isRight: true } | { isRight: false; finding: Finding | undefined }>;
}

export interface VerifyStep {
  /** Where to go on; undefined: everything has been looked at. */
  next: string | undefined;
  checked: { manifests: number; blobs: number; bytes: number; entries: number };
  findings: Finding[];
}

export interface Finding {
  kind: ChildKind;
  digest: Digest;
  /** `wrong`: the bytes are not those of the digest. `unreadable`: the disk errs, which is no proof of anything. */
  problem: "missing" | "wrong" | "unreadable";
  /** `lost`: the next pull asks the upstream for it. `unneeded`: nothing names it any more. `kept`: it stays, and is looked at again. */
  outcome: "repaired" | "lost" | "unneeded" | "kept";
  /** Where it belongs, and why it was not repaired, or read. */
  upstream: string | undefined;
  repository: string | undefined;
  reason: string | undefined;
}

/** Whether this is `<part> <after>`, as `next` is. */
export function isCursor(text: string): boolean {
  const digests = /^(?:manifests|blobs) (?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})?$/;
  return digests.test(text) || /^entries \d{0,15}$/.test(text);
}
