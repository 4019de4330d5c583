import { type ByteRange, parseContentRange } from "../../lib/range.ts";
import { plainCode } from "./requests.ts";
import type { Incoming } from "./transport.ts";
import { BucketError, refusalTrouble } from "./trouble.ts";
import { element } from "./xml.ts";

/** A part of an object. */
export interface ReadObject {
  bytes: Uint8Array;
  /** Of the whole object. */
  size: number;
  etag: string | undefined;
}

/** Of a 404: the object is not there, or something else is not. */
export function absentKey(text: string): "absent" {
  const code = plainCode(element(text, "Code"));
  if (code === "NoSuchKey") return "absent";
  throw refusalTrouble(404, code);
}

export async function partOf(
  incoming: Incoming,
  range: ByteRange | undefined,
): Promise<ReadObject> {
  const { status, headers } = incoming;
  const etag = headers.get("etag") ?? undefined;
  const part = parseContentRange(headers.get("content-range"));
  if (status === 206 && range && part?.first === range.first) {
    const { size, last } = part;
    if (last > range.last) throw another(incoming);
    return { bytes: await incoming.bytes(last + 1 - range.first), size, etag };
  }
  const none = new Uint8Array();
  if (status === 416) {
    await incoming.text();
    return { bytes: none, size: sizeBeyond(headers) ?? Number.NaN, etag };
  }
  if (range || status !== 200) throw another(incoming);
  const size = lengthOf(headers);
  incoming.abandon();
  return { bytes: none, size, etag };
}

function another(incoming: Incoming): BucketError {
  incoming.abandon();
  return new BucketError("invalid", { code: "another part" });
}

/** As the answer to a part beyond the end says it (RFC 9110, section 15.5.17). */
function sizeBeyond(headers: Headers): number | undefined {
  const [, size] = /^bytes \*\/(\d{1,16})$/.exec(headers.get("content-range") ?? "") ?? [];
  return size === undefined ? undefined : Number(size);
}

export function lengthOf(headers: Headers): number {
  const length = headers.get("content-length") ?? "";
  if (!/^\d{1,16}$/.test(length)) throw new BucketError("invalid", { code: "no Content-Length" });
  return Number(length);
}

export async function documentOf(incoming: Incoming, root: string): Promise<string> {
  const text = await incoming.text();
  if (text.includes(`<${root}`)) return text;
  throw refusalTrouble(500, plainCode(element(text, "Code")));
}
