import { pipeline, Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { ByteReader } from "./byte-reader.ts";

/** The bytes are compressed in a way that is not taken, or not the way that they say; the message says which. */
export class CompressionError extends Error {
  override readonly name = "CompressionError";
}

const magics = [
  { name: "gzip", bytes: [0x1f, 0x8b] },
  { name: "zstd", bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { name: "bzip2", bytes: [0x42, 0x5a, 0x68] },
  { name: "xz", bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a] },
] as const;

/**
 * The same bytes, unpacked where they are gzip or zstd, as their first bytes tell. Throws `CompressionError`, in the midst
 * too where they turn out broken, or gzip that is cut. Of zstd that is cut, only what was packed can tell.
 */
export async function* decompressed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(source);
  const start = await reader.exactly(5);
  const magic = magics.find(({ bytes }) => bytes.every((byte, i) => start[i] === byte));
  if (magic?.name === "gzip" || magic?.name === "zstd") {
    yield* unpacked(joined(start, reader), magic.name);
  } else if (magic) {
    throw new CompressionError(`it is compressed with ${magic.name}; gzip, zstd or none is taken`);
  } else {
    yield* joined(start, reader);
  }
}

async function* joined(start: Uint8Array, reader: ByteReader): AsyncGenerator<Uint8Array> {
  try {
    if (start.length > 0) yield start;
    yield* reader.all();
  } finally {
    await reader.cancel();
  }
}

async function* unpacked(
  source: AsyncIterable<Uint8Array>,
  name: "gzip" | "zstd",
): AsyncGenerator<Uint8Array> {
  let failure: unknown;
  const watched = async function* () {
    try {
      yield* source;
    } catch (error) {
      failure = error; // the source's own, which is not about compression
      throw error;
    }
  };
  const unpacker = name === "gzip" ? createGunzip() : createZstdDecompress();
  // What goes wrong is thrown to whoever reads the unpacker.
  pipeline(
    Readable.from(watched(), { objectMode: true, highWaterMark: 1 }),
    unpacker,
    () => undefined,
  );
  try {
    for await (const bytes of unpacker) yield bytes as Uint8Array;
  } catch (error) {
    if (failure !== undefined) throw failure;
    throw new CompressionError(`it says to be ${name} and is broken or cut`, { cause: error });
  } finally {
    unpacker.destroy();
  }
}
