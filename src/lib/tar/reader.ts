import { ByteReader } from "../byte-reader.ts";
import {
  blockBytes,
  decode,
  parseHeader,
  type RawHeader,
  TarError,
  type TarHeader,
} from "./header.ts";

export interface TarEntry extends TarHeader {
  /** The content, to be read before the next entry is asked for; what is left then is passed over. */
  bytes(): AsyncGenerator<Uint8Array>;
}

/** Long names and pax records; those of real archives have some hundred bytes. */
const maxMetaBytes = 1 << 20;
const maxEntries = 100_000;
/** Archives are filled up to a multiple of 10 KiB; more than this is something else. */
const maxTrailerBytes = 1 << 20;
const maxNameLength = 4096;

/** What headers before an entry say of it. */
interface Overrides {
  name?: string;
  target?: string;
  size?: number;
}

/**
 * The entries of a tar archive one after the other, in memory that does not depend on their sizes. Throws `TarError` where
 * it is broken or ends too soon.
 */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const reader = new ByteReader(source);
  try {
    let overrides: Overrides = {};
    for (let count = 0; ; count++) {
      if (count > maxEntries) throw new TarError(`the archive has more than ${maxEntries} entries`);
      const raw = parseHeader(await needed(reader, blockBytes));
      if (!raw) break;
      const meta = await readMeta(raw, reader);
      if (meta) {
        overrides = { ...overrides, ...meta };
        continue;
      }
      const entry = new Entry(headerOf(raw, overrides), reader);
      overrides = {};
      yield entry;
      await entry.pass();
    }
    await passTrailer(reader);
  } finally {
    await reader.cancel();
  }
}

class Entry implements TarEntry {
  readonly name: string;
  readonly kind: TarHeader["kind"];
  readonly target: string;
  readonly size: number;
  readonly #reader: ByteReader;
  #left: number;

  constructor(header: TarHeader, reader: ByteReader) {
    this.name = header.name;
    this.kind = header.kind;
    this.target = header.target;
    this.size = header.size;
    this.#left = header.size;
    this.#reader = reader;
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    while (this.#left > 0) {
      const bytes = await this.#reader.some(this.#left);
      if (!bytes) throw cut();
      this.#left -= bytes.length;
      yield bytes;
    }
  }

  async pass(): Promise<void> {
    for await (const _ of this.bytes());
    await needed(this.#reader, (blockBytes - (this.size % blockBytes)) % blockBytes);
  }
}

/** What such a header says of the next entry; undefined where it is an entry itself. */
async function readMeta(
  { type, size }: RawHeader,
  reader: ByteReader,
): Promise<Overrides | undefined> {
  if (!["x", "g", "L", "K"].includes(type)) return undefined;
  if (size > maxMetaBytes) throw new TarError("a name in the archive is too long");
  const content = await needed(reader, size);
  await needed(reader, (blockBytes - (size % blockBytes)) % blockBytes);
  const text = decode(content);
  if (type === "L") return { name: text.replace(/\0.*$/s, "") };
  if (type === "K") return { target: text.replace(/\0.*$/s, "") };
  // Records for all entries hold comments; what they could say of names and sizes makes no sense.
  return type === "g" ? {} : paxOverrides(content);
}

function paxOverrides(content: Uint8Array): Overrides {
  const found: Overrides = {};
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(32, at);
    const length = Number(space === -1 ? Number.NaN : decode(content.subarray(at, space)));
    const isWhole =
      Number.isInteger(length) && length > space - at && at + length <= content.length;
    if (!isWhole || content[at + length - 1] !== 10)
      throw new TarError("a pax record is malformed");
    const record = decode(content.subarray(space + 1, at + length - 1));
    const equals = record.indexOf("=");
    const [key, value] = [record.slice(0, equals), record.slice(equals + 1)];
    if (key === "path") found.name = value;
    if (key === "linkpath") found.target = value;
    if (key === "size") found.size = paxSize(value);
    if (key.startsWith("GNU.sparse.")) throw sparse();
    at += length;
  }
  return found;
}

function paxSize(text: string): number {
  const size = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(size)) throw new TarError("a size in a pax record is malformed");
  return size;
}

function headerOf(raw: RawHeader, overrides: Overrides): TarHeader {
  const { type } = raw;
  if (type === "S") throw sparse();
  const kind =
    type === "0" || type === "7"
      ? "file"
      : type === "5"
        ? "folder"
        : type === "1" || type === "2"
          ? "link"
          : "other";
  const name = plainName(overrides.name ?? raw.name);
  // Of links and folders some writers give a size, and nothing follows.
  const size = kind === "file" || kind === "other" ? (overrides.size ?? raw.size) : 0;
  return { name, kind, target: overrides.target ?? raw.target, size };
}

/** Refuses names that would lead out of the folder that an archive is unpacked in. */
function plainName(name: string): string {
  if (name.length > maxNameLength) throw new TarError("a name in the archive is too long");
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (name.startsWith("/") || parts.includes("..") || name.includes("\0")) {
    throw new TarError("a name in the archive leads out of it");
  }
  return parts.join("/");
}

async function passTrailer(reader: ByteReader): Promise<void> {
  let passed = 0;
  for await (const bytes of reader.all()) {
    passed += bytes.length;
    if (passed > maxTrailerBytes) throw new TarError("something follows the end of the archive");
  }
}

async function needed(reader: ByteReader, count: number): Promise<Uint8Array> {
  const bytes = await reader.exactly(count);
  if (bytes.length < count) throw cut();
  return bytes;
}

const cut = () => new TarError("the archive ends too soon: it was cut");
const sparse = () => new TarError("the archive has sparse files, which are not taken");
