/** A part of a body, both offsets inclusive. */
export interface ByteRange {
  first: number;
  last: number;
}

/** The one range of a `Range` header, as it can be read before the size is known: from `first` on, or the last so many bytes. */
export type RangeSpec = { first: number; last: number | undefined } | { suffix: number };

/** `unsatisfiable` is answered 416. */
export type RangeAnswer = ByteRange | "unsatisfiable";

/**
 * Reads a `Range` header (RFC 9110, section 14.2). Undefined for several ranges and anything malformed, backwards or of
 * another unit: these are ignored, as the RFC allows, and the whole body is the answer. Of stored files the runtime
 * reads the header itself where we do not: so what it takes for a range has to be one here, however many digits it has.
 */
export function readRange(header: string | null | undefined): RangeSpec | undefined {
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? "");
  if (!match) return undefined;
  const [, from = "", to = ""] = match;
  if (from === "") return to === "" ? undefined : { suffix: position(to) };
  const first = position(from);
  const last = to === "" ? undefined : position(to);
  return last !== undefined && last < first ? undefined : { first, last };
}

/** Far beyond the end of anything is all the same. */
function position(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}

/** What a range means for a body of `size` bytes. */
export function rangeWithin(spec: RangeSpec, size: number): RangeAnswer {
  if ("suffix" in spec) {
    if (spec.suffix === 0 || size === 0) return "unsatisfiable";
    return { first: Math.max(0, size - spec.suffix), last: size - 1 };
  }
  const { first, last = Number.POSITIVE_INFINITY } = spec;
  return first >= size ? "unsatisfiable" : { first, last: Math.min(last, size - 1) };
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
