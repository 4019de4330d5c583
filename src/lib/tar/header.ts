/** One thing in a tar archive (POSIX.1-2017, pax; and what GNU tar writes). */
export interface TarHeader {
  /** Without `./` and slashes at either end. Never leads out of the archive. */
  name: string;
  kind: "file" | "folder" | "link" | "other";
  /** What a link of either kind leads to, as it is written. */
  target: string;
  /** Of what follows; only files have something. */
  size: number;
}

/** The archive is broken, cut, or of a kind that is not taken; the message says what is wrong. */
export class TarError extends Error {
  override readonly name = "TarError";
}

export const blockBytes = 512;

/** A header as it stands in its block. */
export interface RawHeader {
  type: string;
  name: string;
  target: string;
  size: number;
}

/** Undefined for a block of zeros, which ends an archive. */
export function parseHeader(block: Uint8Array): RawHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  if (numberAt(block, 148, 8) !== checksum(block)) {
    throw new TarError("a header has a wrong checksum: this is no tar archive, or it is damaged");
  }
  const isUstar = textAt(block, 257, 5) === "ustar";
  // GNU's own form has other things where the prefix is.
  const isPosix = isUstar && block[262] === 0;
  const prefix = isPosix ? textAt(block, 345, 155) : "";
  const name = textAt(block, 0, 100);
  return {
    type: String.fromCharCode(block[156] || 48),
    name: prefix === "" ? name : `${prefix}/${name}`,
    target: textAt(block, 157, 100),
    size: numberAt(block, 124, 12),
  };
}

/** The header of a file, in as many blocks as its name and size take. Always the same for the same file. */
export function formatHeader(name: string, size: number): Uint8Array {
  const nameBytes = Buffer.byteLength(name);
  if (nameBytes <= 100 && size <= maxOctalSize) return block(name, size, "0");
  const records = Buffer.concat([
    ...(nameBytes > 100 ? [paxRecord("path", name)] : []),
    ...(size > maxOctalSize ? [paxRecord("size", String(size))] : []),
  ]);
  const pax = block("pax", records.length, "x");
  const plain = block(
    Buffer.from(name).toString("latin1", 0, 100),
    Math.min(size, maxOctalSize),
    "0",
  );
  return Buffer.concat([pax, records, padding(records.length), plain]);
}

/** What fills up the last block of so many bytes. */
export function padding(size: number): Uint8Array {
  return new Uint8Array((blockBytes - (size % blockBytes)) % blockBytes);
}

/** The end of an archive. */
export const archiveEnd: Uint8Array = new Uint8Array(2 * blockBytes);

/** The largest that eleven octal digits say. */
const maxOctalSize = 8 ** 11 - 1;

function block(name: string, size: number, type: string): Buffer {
  const bytes = Buffer.alloc(blockBytes);
  bytes.write(name, 0, 100, type === "0" ? "utf8" : "latin1");
  bytes.write(octal(0o644, 7), 100);
  bytes.write(octal(0, 7), 108);
  bytes.write(octal(0, 7), 116);
  bytes.write(octal(size, 11), 124);
  bytes.write(octal(0, 11), 136);
  bytes.write(type, 156);
  bytes.write("ustar\u000000", 257);
  bytes.write(`${octal(checksum(bytes), 6)} `, 148);
  return bytes;
}

const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")}\0`;

/** `<length> <key>=<value>\n`, where the length counts itself. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

/** Of all bytes, its own place counting as spaces. */
function checksum(block: Uint8Array): number {
  let sum = 8 * 32;
  for (let i = 0; i < blockBytes; i++) if (i < 148 || i >= 156) sum += block[i] ?? 0;
  return sum;
}

function textAt(block: Uint8Array, start: number, length: number): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return decode(end === -1 ? field : field.subarray(0, end));
}

export function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Octal digits, or, where the first bit is set, a binary number as GNU tar writes it. */
function numberAt(block: Uint8Array, start: number, length: number): number {
  const field = block.subarray(start, start + length);
  if (((field[0] ?? 0) & 0x80) !== 0) {
    let value = (field[0] ?? 0) & 0x7f;
    for (const byte of field.subarray(1)) value = value * 256 + byte;
    if (!Number.isSafeInteger(value)) throw new TarError("a size in a header is out of range");
    return value;
  }
  const text = decode(field).replace(/\0.*$/s, "").trim();
  if (!/^[0-7]*$/.test(text)) throw new TarError("a number in a header is malformed");
  return text === "" ? 0 : Number.parseInt(text, 8);
}
