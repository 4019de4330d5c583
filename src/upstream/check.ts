import { Answer } from "./answer.ts";
import { type Absent, absent, type Described } from "./contract.ts";
import { describe } from "./describe.ts";
import type { Wanted } from "./wanted.ts";

/**
 * What came of asking for an object: an answer whose body is still to be taken; that it is not there, or not for us where
 * that means the same; that the upstream does not know HEAD; that a blob has not even a first byte.
 */
export type Said = Answer | "not found" | "refused" | "no head" | "empty";

export const firstByte = "bytes=0-0";
const nothingSaid = {
  found: true,
  contentType: undefined,
  claimedDigest: undefined,
  etag: undefined,
} as const;

/** Asks an upstream. Throws `UpstreamError` where it gives no definite answer. */
export type Ask = (wanted: Wanted) => Promise<Said>;

/**
 * What an upstream says of an object, by HEAD. Where that is of no use (not known there; a 404 from an upstream whose
 * HEAD has never been seen to work; a blob without its size) by a GET of which the body is left: of a blob, the first byte.
 */
export async function check(
  wanted: Omit<Wanted, "method">,
  ask: Ask,
  heads: Set<string>,
): Promise<Described | Absent> {
  const { kind } = wanted;
  const said = await ask({ ...wanted, method: "HEAD" });
  if (said === "refused" || (said === "not found" && heads.has(kind))) return absent;
  if (said instanceof Answer) {
    const described = take(said);
    if (kind !== "blobs" || described.size !== undefined) {
      heads.add(kind);
      return described;
    }
  }
  const headers = kind === "blobs" ? { ...wanted.headers, Range: firstByte } : wanted.headers;
  const got = await ask({ ...wanted, method: "GET", headers });
  if (got === "empty") return { ...nothingSaid, size: 0 };
  return got instanceof Answer ? take(got) : absent;
}

function take(answer: Answer): Described {
  answer.abandon(); // of a GET
  return describe(answer);
}
