import { promisify } from "node:util";
import { brotliCompress, brotliDecompress, constants, gzip } from "node:zlib";

export type Encoding = "br" | "gzip";

const brotli = promisify(brotliCompress);
const unbrotli = promisify(brotliDecompress);
const zipped = promisify(gzip);

type Bytes = Uint8Array<ArrayBuffer>;

/** Of a clone: a start is not to wait for it for long. */
export const quickQuality = 9;

/** `quality` up to 11, which takes ten times as long as 9 for a tenth less. */
export async function compress(bytes: Bytes, quality: number): Promise<Bytes> {
  const params = { [constants.BROTLI_PARAM_QUALITY]: quality };
  return new Uint8Array(await brotli(bytes, { params }));
}

export async function decompress(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await unbrotli(bytes));
}

/** For browsers that are not on https: they do not take brotli. */
export async function gzipped(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await zipped(bytes, { level: 9 }));
}

/** The best of what a client takes (RFC 9110, section 12.5.3); undefined: nothing but the bytes as they are. */
export function encodingFor(accepted: string | null): Encoding | undefined {
  const taken = new Set(
    (accepted ?? "")
      .toLowerCase()
      .split(",")
      .map((part) => part.split(";").map((word) => word.trim()))
      .filter(([, weight]) => !/^q=0(?:\.0*)?$/.test(weight ?? ""))
      .map(([coding]) => coding),
  );
  if (taken.has("br")) return "br";
  return taken.has("gzip") ? "gzip" : undefined;
}
