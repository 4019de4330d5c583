import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { CompressionError, decompressed } from "../../src/lib/decompress.ts";
import { archiveEnd, formatHeader, padding, TarError } from "../../src/lib/tar/header.ts";
import { readTar } from "../../src/lib/tar/reader.ts";

interface File {
  name: string;
  content: Uint8Array;
}

const bytes = (text: string) => new TextEncoder().encode(text);

function pack(files: readonly File[]): Buffer {
  const parts = files.flatMap(({ name, content }) => [
    formatHeader(name, content.length),
    content,
    padding(content.length),
  ]);
  return Buffer.concat([...parts, archiveEnd]);
}

async function* inPieces(all: Uint8Array, sizes: readonly number[] = [512]) {
  for (let at = 0, i = 0; at < all.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield all.subarray(at, at + size);
    at += size;
  }
}

async function unpack(source: AsyncIterable<Uint8Array>): Promise<File[]> {
  const files: File[] = [];
  for await (const entry of readTar(source)) {
    const parts: Uint8Array[] = [];
    for await (const part of entry.bytes()) parts.push(part.slice());
    files.push({ name: entry.name, content: new Uint8Array(Buffer.concat(parts)) });
  }
  return files;
}

const part = fc.stringMatching(/^[a-z0-9é_-]{1,60}$/);
const file = fc.record({
  name: fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/")),
  content: fc.uint8Array({ maxLength: 2000 }),
});
const pieces = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 5 });

describe("tar archives", () => {
  test("what is written is read, however it is cut into pieces", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(file, { maxLength: 6 }), pieces, async (files, sizes) => {
        const read = await unpack(inPieces(pack(files), sizes));
        expect(read).toEqual(
          files.map((one) => ({ ...one, content: new Uint8Array(one.content) })),
        );
      }),
    );
  });

  test("one that is cut anywhere before its end is refused", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(file, { maxLength: 3 }), fc.nat(), async (files, at) => {
        const whole = pack(files);
        const cut = whole.subarray(0, at % (whole.length - archiveEnd.length + 1));
        expect(unpack(inPieces(cut))).rejects.toThrow("ends too soon");
      }),
    );
  });

  test("bytes at random are refused, or end, and nothing else", async () => {
    const noise = fc.uint8Array({ minLength: 1, maxLength: 4000 });
    await fc.assert(
      fc.asyncProperty(noise, fc.boolean(), fc.nat(511), async (junk, valid, at) => {
        // A header whose checksum is right gets further than junk does.
        const start = valid ? formatHeader("file", junk.length) : new Uint8Array();
        const damaged = Buffer.concat([start, junk]);
        if (valid && at < 148) damaged[at] = (damaged[at] ?? 0) ^ 1;
        try {
          await unpack(inPieces(damaged, [700]));
        } catch (error) {
          expect(error).toBeInstanceOf(TarError);
        }
      }),
    );
  });

  test("the system's tar reads ours, and we read its forms with long names and links", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "weir-tar-"));
    try {
      const deep = `${"d".repeat(90)}/${"e".repeat(90)}/${"f".repeat(150)}`;
      mkdirSync(path.join(folder, "in", path.dirname(deep)), { recursive: true });
      writeFileSync(path.join(folder, "in", deep), "deep");
      symlinkSync("x/".repeat(80), path.join(folder, "in", "link"));
      for (const format of ["gnu", "pax", "ustar"]) {
        const leftOut = format === "ustar" ? ["--exclude", "f*", "--exclude", "link"] : [];
        const made = Bun.spawnSync(
          ["tar", `--format=${format}`, ...leftOut, "-C", path.join(folder, "in"), "-cf", "-", "."],
          { stdout: "pipe" },
        );
        const kinds: string[] = [];
        for await (const entry of readTar(inPieces(made.stdout, [9999]))) {
          kinds.push(`${entry.kind} ${entry.name} ${entry.target}`.trim());
        }
        expect(kinds.length).toBeGreaterThan(1);
        if (format === "ustar") continue;
        expect(kinds).toContain(`file ${deep}`);
        expect(kinds).toContain(`link link ${"x/".repeat(80)}`);
      }
      writeFileSync(path.join(folder, "ours.tar"), pack([{ name: deep, content: bytes("ours") }]));
      const shown = Bun.spawnSync(["tar", "-xOf", path.join(folder, "ours.tar"), deep]);
      expect(shown.stdout.toString()).toBe("ours");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("sizes of 8 GiB and more are written and read", async () => {
    for (const size of [8 ** 11 - 1, 8 ** 11, 20 * 2 ** 30]) {
      const entries = readTar(inPieces(formatHeader("large", size)));
      const { value } = await entries.next();
      expect(value?.size).toBe(size);
    }
    const header = Buffer.from(formatHeader("large", 0));
    header.set([0x80, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0], 124); // as GNU tar has it: 5 · 2³²
    let sum = 8 * 32;
    for (let i = 0; i < 512; i++) if (i < 148 || i >= 156) sum += header[i] ?? 0;
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    const { value } = await readTar(inPieces(header)).next();
    expect(value?.size).toBe(5 * 2 ** 32);
  });

  for (const name of ["../out", "a/../../out", "/etc/passwd"]) {
    test(`${name} leads out and is refused`, () => {
      expect(unpack(inPieces(pack([{ name, content: bytes("x") }])))).rejects.toThrow("leads out");
    });
  }

  test("something large behind the end is refused, padding is not", async () => {
    const archive = pack([{ name: "a", content: bytes("a") }]);
    const padded = Buffer.concat([archive, new Uint8Array(10_240)]);
    expect(await unpack(inPieces(padded))).toHaveLength(1);
    const followed = Buffer.concat([archive, new Uint8Array(2 << 20)]);
    expect(unpack(inPieces(followed))).rejects.toThrow("follows the end");
  });
});

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const one of source) parts.push(one);
  return Buffer.concat(parts);
}

describe("compressed archives", () => {
  const content = bytes("water from upstream ".repeat(20_000));
  for (const [name, packed] of [
    ["none", Buffer.from(content)],
    ["gzip", gzipSync(content)],
    ["zstd", zstdCompressSync(content)],
  ] as const) {
    test(`${name} is unpacked`, async () => {
      expect((await collect(decompressed(inPieces(packed, [3, 1000])))).equals(content)).toBe(true);
    });

    if (name === "none") continue;
    test(`${name} that is cut or damaged is refused`, async () => {
      const cut = packed.subarray(0, packed.length - 9);
      if (name === "gzip") {
        expect(collect(decompressed(inPieces(cut)))).rejects.toBeInstanceOf(CompressionError);
      } else {
        // The runtime ends it without an error; what was packed, a tar archive, lacks its end then.
        expect((await collect(decompressed(inPieces(cut)))).length).toBeLessThan(content.length);
      }
      const damaged = Buffer.from(packed);
      damaged[20] = (damaged[20] ?? 0) ^ 0xff;
      damaged[damaged.length - 3] = (damaged[damaged.length - 3] ?? 0) ^ 0xff;
      expect(collect(decompressed(inPieces(damaged)))).rejects.toBeInstanceOf(CompressionError);
    });
  }

  test("others are named and refused", () => {
    const xz = new Uint8Array([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]);
    expect(collect(decompressed(inPieces(xz)))).rejects.toThrow("compressed with xz");
  });

  test("what its source throws comes through as it is", () => {
    const failing = async function* () {
      yield gzipSync(content).subarray(0, 100);
      throw new Error("the reader is gone");
    };
    expect(collect(decompressed(failing()))).rejects.toThrow("the reader is gone");
  });
});
