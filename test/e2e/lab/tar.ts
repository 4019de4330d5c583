import { createCipheriv, createHash } from "node:crypto";

/** One entry of an archive: a folder, a link, or a file whose bytes are made when they are needed. */
export type Entry = { name: string } & (
  | { kind: "folder" }
  | { kind: "link"; target: string }
  | { kind: "file"; size: number; executable?: boolean; bytes: () => Iterable<Uint8Array> }
);

const block = 512;
const typeFlags = { file: "0", link: "2", folder: "5" } as const;

/** A ustar archive (POSIX.1-1988), the same bytes on every run: owner 0, time 0. */
export function* tar(entries: readonly Entry[]): Generator<Uint8Array> {
  for (const entry of entries) {
    yield header(entry);
    if (entry.kind !== "file") continue;
    yield* entry.bytes();
    yield Buffer.alloc((block - (entry.size % block)) % block);
  }
  yield Buffer.alloc(2 * block);
}

function header(entry: Entry): Buffer {
  const bytes = Buffer.alloc(block);
  const octal = (value: number, at: number, length: number) =>
    bytes.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at);
  bytes.write(entry.name, 0);
  octal(
    entry.kind === "folder" || (entry.kind === "file" && entry.executable) ? 0o755 : 0o644,
    100,
    8,
  );
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(entry.kind === "file" ? entry.size : 0, 124, 12);
  octal(0, 136, 12);
  bytes.write(" ".repeat(8), 148);
  bytes.write(typeFlags[entry.kind], 156);
  if (entry.kind === "link") bytes.write(entry.target, 157);
  bytes.write("ustar\x0000", 257);
  // The sum is taken with its own field full of spaces.
  octal(
    bytes.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return bytes;
}

const chunk = 1 << 20;

/** A file that does not compress: the AES-CTR key stream of its seed. */
export function noise(name: string, size: number, seed: string): Entry {
  const key = createHash("md5").update(seed).digest();
  const zeros = Buffer.alloc(chunk);
  const bytes = function* () {
    const cipher = createCipheriv("aes-128-ctr", key, Buffer.alloc(16));
    for (let left = size; left > 0; left -= chunk)
      yield cipher.update(zeros.subarray(0, Math.min(left, chunk)));
  };
  return { name, kind: "file", size, bytes };
}

/** A small file with these contents. */
export function file(name: string, contents: string | Uint8Array, executable = false): Entry {
  const bytes = Buffer.from(contents);
  return { name, kind: "file", size: bytes.length, executable, bytes: () => [bytes] };
}
