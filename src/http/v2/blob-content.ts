import { type ByteRange, readRange, rangeWithin } from "../../lib/range.ts";
import { RegistryError } from "../../oci/error.ts";
import type { BlobContent, ByteSource, PartWanted, PulledBlob } from "../../pull/contract.ts";

type Body = Blob | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;

interface Options {
  headers: Headers;
  head: boolean;
  /** What the request asks for, as `wantedPart` read it. */
  part: PartWanted | undefined;
  follow: (source: ByteSource) => ReadableStream<Uint8Array>;
  /** Is told how many bytes of content the answer has, where that is known. */
  known: (bytes: number) => void;
}

/**
 * The part of a blob that a request asks for (RFC 9110, section 14); undefined for the whole. `If-Range` is compared with
 * the ETag that answers carry, the quoted digest: with any other validator the whole is meant.
 */
export function wantedPart(request: Request, digest: string): PartWanted | undefined {
  if (request.method !== "GET") return undefined;
  const range = readRange(request.headers.get("range"));
  if (!range) return undefined;
  const condition = request.headers.get("if-range");
  if (condition !== null && condition !== `"${digest}"`) return undefined;
  return { range, signal: request.signal };
}

/**
 * The answer to a request for a blob, with a part of it where one was asked for. HEAD describes the whole, as a GET
 * without `Range` would be answered.
 */
export function contentResponse({ content, explanation }: PulledBlob, options: Options): Response {
  const { head, part, follow, known, headers } = options;
  headers.set("Accept-Ranges", "bytes");
  // Not verified (yet): nobody is to put it together with other parts under this ETag later.
  if (explanation.status === "window") headers.set("Cache-Control", "no-store");
  const size = sizeOf(content);
  if (head) {
    if (size === undefined) return new Response(unread(), { headers });
    headers.set("Content-Length", String(size));
    return new Response(null, { headers });
  }
  if (content.kind === "address") return elsewhere(content.url, headers);
  const range = part && rangeOf(part, content, size);
  const isHere = content.kind === "stored" || content.kind === "bytes";
  if (isHere) known(range ? range.last - range.first + 1 : (size ?? 0));
  if (!range) return new Response(body(content, undefined, follow), { headers });
  headers.set("Content-Range", `bytes ${range.first}-${range.last}/${size}`);
  return new Response(body(content, range, follow), { status: 206, headers });
}

/** The receiver asks there for the part that it wants. The address ends soon, so nobody is to keep it. */
function elsewhere(url: string, headers: Headers): Response {
  headers.set("Location", url);
  headers.set("Cache-Control", "no-store");
  return new Response(null, { status: 307, headers });
}

/** A body that nobody looks at, so that HEAD does not say that there are 0 bytes. */
function unread(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.close() }, { highWaterMark: 0 });
}

function sizeOf(content: BlobContent): number | undefined {
  switch (content.kind) {
    case "bytes":
      return content.bytes.length;
    case "source":
      return undefined;
    default:
      return content.size;
  }
}

function rangeOf(
  { range: spec }: PartWanted,
  content: BlobContent,
  size: number | undefined,
): ByteRange | undefined {
  if (content.kind === "part" || content.kind === "stored") return content.range;
  if (size === undefined) return undefined;
  const range = rangeWithin(spec, size);
  if (range !== "unsatisfiable") return range;
  throw new RegistryError("range_invalid", `the blob has ${size} bytes`, {
    headers: { "Content-Range": `bytes */${size}` },
  });
}

function body(content: BlobContent, range: ByteRange | undefined, follow: Options["follow"]): Body {
  switch (content.kind) {
    case "stored":
      // Of an empty file the runtime would answer 416 to what is no range at all.
      if (content.size === 0) return new Uint8Array();
      return content.blob;
    case "bytes": {
      const { bytes } = content;
      return (
        range ? bytes.subarray(range.first, range.last + 1) : bytes
      ) as Uint8Array<ArrayBuffer>;
    }
    case "part":
    case "source":
      return follow(content.source);
    case "none":
    case "address":
      return null;
  }
}
