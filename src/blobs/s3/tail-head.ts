import { type ByteRange, parseContentRange } from "../../lib/range.ts";

/** What an answer has to be the part of: of that object, that part. */
export interface ExpectedPart {
  range: ByteRange;
  /** Of the whole object. */
  size: number;
  etag: string;
}

/** Longer ones are not read. */
export const maxHead = 16 << 10;

/**
 * What is sent for a GET whose answer ends with its connection; undefined where a value has something in it that no header
 * should have.
 */
export function requestHead(
  { pathname, search, host }: URL,
  headers: Readonly<Record<string, string>>,
): string | undefined {
  const sent = { host, ...headers, "accept-encoding": "identity", connection: "close" };
  const lines = Object.entries(sent).map(([name, value]) => `${name}: ${value}`);
  if (!lines.every((line) => /^[\x20-\x7e]+$/.test(line))) return undefined;
  return `GET ${pathname}${search} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
}

/**
 * Reads the head of an answer, of which `bytes` are what has come so far: where the body begins, if the body is just the part
 * that is expected; `more`: the head has not come whole; `another`: anything else.
 */
export function readHead(bytes: Uint8Array, expected: ExpectedPart): number | "more" | "another" {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, maxHead));
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return bytes.length < maxHead ? "more" : "another";
  return isExpected(text.toString("latin1", 0, end), expected) ? end + 4 : "another";
}

function isExpected(head: string, { range, size, etag }: ExpectedPart): boolean {
  const [status = "", ...lines] = head.split("\r\n");
  if (!/^HTTP\/1\.1 206( |$)/.test(status)) return false;
  const fields = fieldsOf(lines);
  if (!fields || fields.has("transfer-encoding") || fields.get("etag") !== etag) return false;
  const part = parseContentRange(fields.get("content-range") ?? null);
  if (part?.first !== range.first || part.last !== range.last || part.size !== size) return false;
  return fields.get("content-length") === String(range.last + 1 - range.first);
}

/** By their names in lower case; a field that comes twice has no value. Undefined where a line is none of a field. */
function fieldsOf(lines: readonly string[]): Map<string, string | undefined> | undefined {
  const fields = new Map<string, string | undefined>();
  for (const line of lines) {
    // Tabs, and whatever is not ASCII, are taken as they are (RFC 9110, section 5.5); other controls are not.
    const match = /^([!#$%&'*+.^`|~\w-]+):([\t\x20-\x7e\x80-\xff]*)$/.exec(line);
    if (!match) return undefined;
    const [name = "", value = ""] = [match[1]?.toLowerCase(), match[2]?.trim()];
    fields.set(name, fields.has(name) ? undefined : value);
  }
  return fields;
}
