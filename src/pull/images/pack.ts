import { yieldTurn } from "../../lib/clock.ts";
import { archiveEnd, formatHeader, padding } from "../../lib/tar/header.ts";
import { algorithmOf, type Digest, Digester } from "../../oci/digest.ts";
import type { BlobContent, ByteSource } from "../contract.ts";

export type PackedFile =
  | { name: string; bytes: Uint8Array }
  | { name: string; blob: { digest: Digest; size: number; open: () => Promise<BlobContent> } };

const turnBytes = 256 << 10;

/** A tar of files, made as it is read. One whose bytes turn out not to be what its name says ends it with an error. */
export class PackSource implements ByteSource {
  readonly #pieces: AsyncGenerator<Uint8Array>;
  /** Of the blob that is being read. */
  #open: { cancel(): Promise<void>; readonly waiting: boolean } | undefined;
  #opening = false;

  constructor(files: readonly PackedFile[]) {
    this.#pieces = this.#pack(files);
  }

  get waiting(): boolean {
    return this.#opening || (this.#open?.waiting ?? false);
  }

  async next(): Promise<Uint8Array | undefined> {
    await yieldTurn();
    const { value, done } = await this.#pieces.next();
    return done ? undefined : value;
  }

  async cancel(): Promise<void> {
    await this.#open?.cancel();
  }

  async *#pack(files: readonly PackedFile[]): AsyncGenerator<Uint8Array> {
    for (const file of files) {
      const size = "bytes" in file ? file.bytes.length : file.blob.size;
      yield formatHeader(file.name, size);
      if ("bytes" in file) yield file.bytes;
      else yield* this.#verified(file.blob);
      if (size % 512 !== 0) yield padding(size);
    }
    yield archiveEnd;
  }

  async *#verified({ digest, size, open }: Extract<PackedFile, { blob: unknown }>["blob"]) {
    const digester = new Digester(algorithmOf(digest));
    let length = 0;
    for await (const bytes of this.#read(open)) {
      length += bytes.length;
      if (length > size) throw new Error("a blob is longer than its manifest says");
      digester.update(bytes);
      yield bytes;
    }
    if (length < size || digester.digest() !== digest) {
      throw new Error("a blob is not what its digest says");
    }
  }

  async *#read(open: () => Promise<BlobContent>): AsyncGenerator<Uint8Array> {
    this.#opening = true;
    const content = await open().finally(() => (this.#opening = false));
    switch (content.kind) {
      case "bytes":
        return yield content.bytes;
      case "stored":
        return yield* this.#readStored(content.blob);
      case "source":
        return yield* this.#readSource(content.source);
      default:
        throw new Error("a blob that is wanted whole came in part");
    }
  }

  async *#readStored(blob: Blob): AsyncGenerator<Uint8Array> {
    const reader = blob.stream().getReader();
    this.#open = { cancel: () => reader.cancel(), waiting: false };
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        for (let at = 0; at < value.length; at += turnBytes) {
          yield value.subarray(at, at + turnBytes);
        }
      }
    } finally {
      this.#open = undefined;
      await reader.cancel();
    }
  }

  async *#readSource(source: ByteSource): AsyncGenerator<Uint8Array> {
    this.#open = source;
    try {
      for (let bytes = await source.next(); bytes; bytes = await source.next()) yield bytes;
    } finally {
      this.#open = undefined;
      await source.cancel();
    }
  }
}
