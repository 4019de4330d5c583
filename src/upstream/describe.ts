import { parseContentRange } from "../lib/range.ts";
import type { Answer } from "./answer.ts";
import type { Described } from "./contract.ts";

/** No type, digest or etag that means anything is longer; `fetch` lets headers of 1 MB pass. */
const maxHeader = 512;

/** What the head of an answer says of the object. */
export function describe(answer: Answer): Described {
  return {
    found: true,
    contentType: short(answer, "content-type"),
    size: answer.status === 206 ? partOf(answer)?.size : announcedSize(answer),
    claimedDigest: short(answer, "docker-content-digest"),
    etag: readEtag(answer)?.text,
  };
}

/** From `Content-Length`; beside `Transfer-Encoding` it says nothing (RFC 9112, section 6.3). */
export function announcedSize({ headers }: Answer): number | undefined {
  const length = headers.get("content-length") ?? "";
  return /^\d{1,15}$/.test(length) && !headers.has("transfer-encoding")
    ? Number(length)
    : undefined;
}

/** The etag where it is strong, and so fit for `If-Range` (RFC 9110, section 13.1.5). */
export function strongEtag(answer: Answer): string | undefined {
  const etag = readEtag(answer);
  return etag?.strong ? etag.text : undefined;
}

/** Where the body of a 206 begins and ends, and the size of the whole; undefined when it does not say. */
export function partOf({
  headers,
}: Answer): { first: number; last: number; size: number } | undefined {
  return parseContentRange(headers.get("content-range"));
}

function readEtag(answer: Answer): { text: string; strong: boolean } | undefined {
  const match = /^(W\/)?"([!#-~]*)"$/.exec(short(answer, "etag") ?? "");
  if (!match) return undefined;
  const [, weak, text = ""] = match;
  return { text, strong: weak === undefined };
}

function short({ headers }: Answer, name: string): string | undefined {
  const value = headers.get(name);
  return value === null || value === "" || value.length > maxHeader ? undefined : value;
}
