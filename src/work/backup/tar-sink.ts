import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import path from "node:path";
import { archiveEnd, formatHeader, padding } from "../../lib/tar/header.ts";
import { algorithmOf, type Digest, Digester } from "../../oci/digest.ts";
import { type BackupDescription, BackupError } from "./contract.ts";
import { blobPath, openSized, piecesOf, syncFolder } from "./files.ts";
import { descriptionFile, keyFile, type Sink } from "./sink.ts";

/** One file, in the same form but for the order: the description comes last, so that one that was cut has none. */
export class TarSink implements Sink {
  readonly snapshot: string;
  readonly #file: string;
  readonly #part: string;
  readonly #fd: number;

  constructor(file: string) {
    if (existsSync(file)) throw new BackupError(`${file} is there already: give another name`);
    this.#file = file;
    this.#part = `${file}.part`;
    this.snapshot = `${file}.db.part`;
    for (const left of [this.#part, this.snapshot]) rmSync(left, { force: true });
    this.#fd = openSync(this.#part, "wx", 0o600);
  }

  has(): boolean {
    return false;
  }

  async put(digest: Digest, size: number, pieces: AsyncIterable<Uint8Array>): Promise<boolean> {
    const digester = new Digester(algorithmOf(digest));
    let left = size;
    this.#write(formatHeader(blobPath(digest), size));
    for await (const piece of pieces) {
      const taken = piece.subarray(0, left);
      digester.update(taken);
      this.#write(taken);
      left -= taken.length;
    }
    // The header has been written: what is missing is made up for, and wrong.
    for (; left > 0; left -= Math.min(left, zeros.length)) this.#write(zeros.subarray(0, left));
    this.#write(padding(size));
    return digester.digest() === digest;
  }

  async finish(description: BackupDescription, secretKey: string | undefined): Promise<void> {
    const opened = openSized(this.snapshot, undefined);
    if (!opened) throw new BackupError("the snapshot of the database has gone");
    this.#write(formatHeader(description.database, opened.size));
    for await (const piece of piecesOf(opened.fd, opened.size)) this.#write(piece);
    closeSync(opened.fd);
    this.#write(padding(opened.size));
    if (secretKey !== undefined) this.#writeText(keyFile, secretKey);
    this.#writeText(descriptionFile, `${JSON.stringify(description, null, 2)}\n`);
    this.#write(archiveEnd);
    fsyncSync(this.#fd);
    closeSync(this.#fd);
    renameSync(this.#part, this.#file);
    syncFolder(path.dirname(path.resolve(this.#file)));
    rmSync(this.snapshot, { force: true });
  }

  abandon(): void {
    rmSync(this.#part, { force: true });
    rmSync(this.snapshot, { force: true });
  }

  #writeText(name: string, text: string): void {
    const bytes = Buffer.from(text);
    for (const part of [formatHeader(name, bytes.length), bytes, padding(bytes.length)])
      this.#write(part);
  }

  #write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      done += writeSync(this.#fd, bytes, done, bytes.length - done);
    }
  }
}

const zeros = new Uint8Array(64 << 10);
