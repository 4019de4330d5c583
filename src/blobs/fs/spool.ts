import {
  closeSync,
  fstatSync,
  fsync,
  futimesSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type { Clock } from "../../lib/clock.ts";
import type { Digest } from "../../oci/digest.ts";
import { type Spool, StoreFullError } from "../contract.ts";

/** Syncing a large file takes seconds on a slow disk: never on the event loop. */
const sync = promisify(fsync);

/** How often a growing spool looks at the free space. */
const spaceCheckBytes = 64 << 20;

/** What a clock that is right may be ahead, by how it is rounded. */
const aheadMs = 1_000;

interface Options {
  file: string;
  fd: number;
  expected: number;
  /** Where a commit moves it; undefined: it stays a spool. */
  placeOf: ((digest: Digest) => string) | undefined;
  clock: Clock;
  /** Throws `StoreFullError` when free space has fallen too low. */
  requireSpace: () => void;
  /** The spool grows no more. */
  ended: () => void;
}

export class FsSpool implements Spool {
  readonly #options: Options;
  #length = 0;
  #nextSpaceCheck = spaceCheckBytes;
  #committed = false;

  constructor(options: Options) {
    this.#options = options;
  }

  get file(): string {
    return this.#options.file;
  }

  get length(): number {
    return this.#length;
  }

  /** Bytes that are still to come, as far as was announced. */
  get outstanding(): number {
    return Math.max(0, this.#options.expected - this.#length);
  }

  async append(bytes: Uint8Array): Promise<void> {
    if (this.#length >= this.#nextSpaceCheck) {
      this.#nextSpaceCheck = this.#length + spaceCheckBytes;
      this.#options.requireSpace();
    }
    try {
      // A short write is no error; what follows it tells whether the disk is full.
      for (let done = 0; done < bytes.length;) {
        const written = writeSync(this.#options.fd, bytes, done, bytes.length - done, this.#length);
        done += written;
        this.#length += written;
      }
    } catch (error) {
      // Full, read-only or broken: whatever it is, these bytes have to get to their readers without the store.
      throw new StoreFullError("the file system does not take the bytes", { cause: error });
    }
  }

  read(position: number, length: number): Uint8Array {
    const wanted = Math.max(0, Math.min(length, this.#length - position));
    const buffer = Buffer.allocUnsafeSlow(wanted);
    let done = 0;
    while (done < wanted) {
      const count = readSync(this.#options.fd, buffer, done, wanted - done, position + done);
      if (count === 0) throw new Error("the spool is shorter than what was written to it");
      done += count;
    }
    return buffer;
  }

  /** Write, sync, rename, sync the folder: after a crash the target is complete or not there. */
  async commit(digest: Digest): Promise<void> {
    const { fd, placeOf } = this.#options;
    if (!placeOf) throw new Error("this spool has no place to be moved to");
    const target = placeOf(digest);
    this.#date();
    await sync(fd);
    const folder = path.dirname(target);
    const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
    renameSync(this.#options.file, target);
    this.#committed = true;
    await syncFolder(folder);
    // New folders have to survive too: each lies in the parent of the topmost one that was made.
    if (made) {
      for (let at = folder; at !== path.dirname(made); at = path.dirname(at)) {
        await syncFolder(path.dirname(at));
      }
    }
    this.#options.ended();
  }

  /** A file server whose clock is ahead makes files that look as if somebody had written to them after they were stored. */
  #date(): void {
    const { fd, clock } = this.#options;
    const now = clock.now();
    if (fstatSync(fd).mtimeMs <= now + aheadMs) return;
    try {
      futimesSync(fd, now / 1000, now / 1000);
    } catch {
      return; // a file system that does not let us: its first pull hashes it once more, and notes that
    }
  }

  async discard(): Promise<void> {
    this.#options.ended();
    if (!this.#committed) rmSync(this.#options.file, { force: true });
  }

  async close(): Promise<void> {
    closeSync(this.#options.fd);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const fd = openSync(folder, "r");
  try {
    await sync(fd);
  } finally {
    closeSync(fd);
  }
}
