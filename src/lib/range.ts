/** A part of a body, both offsets inclusive. */
export interface ByteRange {
  first: number;
  last: number;
}

/** `unsatisfiable` is answered 416; `undefined` means that the header is to be ignored. */
export type RangeRequest = ByteRange | "unsatisfiable" | undefined;

/** Longer than any single range with two numbers that JavaScript holds exactly. */
const maxHeaderLength = 64;

/**
 * Reads a `Range` header for a body of `size` bytes (RFC 9110, section 14.2). Several ranges and anything
 * malformed or of another unit are ignored, as the RFC allows: the whole body is the answer.
 */
export function parseRange(header: string | null | undefined, size: number): RangeRequest {
  if (!header || header.length > maxHeaderLength) return undefined;
  const match = /^bytes=[ \t]*(\d{0,16})-(\d{0,16})[ \t]*$/i.exec(header);
  if (!match) return undefined;
  const [, from = "", to = ""] = match;
  if (from === "") return to === "" ? undefined : suffix(Number(to), size);
  const first = Number(from);
  const last = to === "" ? size - 1 : Number(to);
  if (to !== "" && last < first) return undefined;
  if (first >= size) return "unsatisfiable";
  return { first, last: Math.min(last, size - 1) };
}

function suffix(length: number, size: number): RangeRequest {
  if (length === 0 || size === 0) return "unsatisfiable";
  return { first: Math.max(0, size - length), last: size - 1 };
}

/** Reads `Content-Range: bytes first-last/size` of a 206; undefined where it is malformed or open. */
export function parseContentRange(
  header: string | null,
): { first: number; last: number; size: number } | undefined {
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/i.exec(header ?? "");
  if (!match) return undefined;
  const [first = 0, last = 0, size = 0] = match.slice(1).map(Number);
  return first <= last && last < size ? { first, last, size } : undefined;
}
