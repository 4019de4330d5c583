import { type ByteRange, parseRange } from "../../lib/range.ts";
import { RegistryError } from "../../oci/error.ts";
import type { BlobContent, ByteSource, PulledBlob } from "../../pull/contract.ts";

type Body = Blob | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;

interface Options {
  headers: Headers;
  head: boolean;
  follow: (source: ByteSource) => ReadableStream<Uint8Array>;
}

/**
 * The answer to a request for a blob, with a part of it where one was asked for (RFC 9110, section 14). HEAD describes
 * the whole, as a GET without `Range` would be answered.
 */
export function blobResponse(
  request: Request,
  { digest, content }: PulledBlob,
  options: Options,
): Response {
  const { head, follow, headers } = options;
  headers.set("Accept-Ranges", "bytes");
  const { size } = shape(content);
  if (head) {
    if (size !== undefined) headers.set("Content-Length", String(size));
    return new Response(null, { headers });
  }
  const range = rangeOf(request, digest, content);
  if (!range) return new Response(body(content, undefined, follow), { headers });
  headers.set("Content-Range", `bytes ${range.first}-${range.last}/${size}`);
  return new Response(body(content, range, follow), { status: 206, headers });
}

function shape(content: BlobContent): { size: number | undefined } {
  return content.kind === "bytes" ? { size: content.bytes.length } : content;
}

function rangeOf(request: Request, digest: string, content: BlobContent): ByteRange | undefined {
  if (content.kind === "source") return undefined;
  try {
    return requestedRange(request, digest, shape(content).size ?? 0);
  } catch (error) {
    if (content.kind === "fill") void content.source.cancel();
    throw error;
  }
}

function requestedRange(request: Request, digest: string, size: number): ByteRange | undefined {
  const header = request.headers.get("range");
  if (header === null) return undefined;
  const condition = request.headers.get("if-range");
  if (condition !== null && condition !== `"${digest}"`) return undefined;
  const range = parseRange(header, size);
  if (range !== "unsatisfiable") return range;
  throw new RegistryError("range_invalid", `the blob has ${size} bytes`, {
    headers: { "Content-Range": `bytes */${size}` },
  });
}

function body(content: BlobContent, range: ByteRange | undefined, follow: Options["follow"]): Body {
  switch (content.kind) {
    case "stored":
      return range ? content.part(range.first, range.last) : content.whole();
    case "bytes": {
      const { bytes } = content;
      return (
        range ? bytes.subarray(range.first, range.last + 1) : bytes
      ) as Uint8Array<ArrayBuffer>;
    }
    case "fill":
      if (range) content.source.limit(range);
      return follow(content.source);
    case "source":
      return follow(content.source);
    case "none":
      return null;
  }
}
