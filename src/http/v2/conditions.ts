import type { Digest } from "../../oci/digest.ts";

/** No client lists more validators than this many characters hold. */
const maxHeader = 4096;

/**
 * Whether the client has the object already, by its `If-None-Match` (RFC 9110, section 13.1.2): the entity tag of
 * whatever has a digest is the digest. Quotes are not insisted upon, since clients exist that leave them out.
 */
export function hasAlready(request: Request, digest: Digest): boolean {
  const header = request.headers.get("if-none-match");
  if (header === null || header.length > maxHeader) return false;
  return header.split(",").some((part) => {
    const tag = part
      .trim()
      .replace(/^W\//, "")
      .replace(/^"(.*)"$/, "$1");
    return tag === digest || tag === "*";
  });
}

/** What a 304 leaves out: the headers that describe a body (RFC 9110, section 15.4.5). */
const ofBody = ["Content-Type", "Content-Length", "Content-Disposition", "Accept-Ranges"];

/** 304 with the headers that an answer with the object would have. */
export function notModified(headers: Headers): Response {
  for (const name of ofBody) headers.delete(name);
  return new Response(null, { status: 304, headers });
}
