import type { Digest } from "../../oci/digest.ts";
import { type Spool, StoreFullError } from "../contract.ts";
import type { Bucket } from "./bucket.ts";
import { BucketError } from "./trouble.ts";
import type { Upload } from "./upload.ts";

interface Options {
  /** Undefined: it is said in the end, and nothing is sent before that. */
  digest: Digest | undefined;
  keyOf: (digest: Digest) => string;
  /** The file that readers follow. It never leaves the spool. */
  local: Spool;
  upload: (key: string) => Upload;
  bucket: Bucket;
  /** Something that the end of the server waits for. */
  track: <T>(work: Promise<T>) => Promise<T>;
}

/** A spool whose bytes rest in the bucket in the end. */
export class BucketSpool implements Spool {
  readonly #options: Options;
  #upload: Upload | undefined;
  #committed = false;

  constructor(options: Options) {
    this.#options = options;
    const { digest, keyOf, upload } = options;
    this.#upload = digest && upload(keyOf(digest));
  }

  get length(): number {
    return this.#options.local.length;
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.#options.local.append(bytes);
    this.#upload?.grew();
  }

  read(position: number, length: number): Uint8Array {
    return this.#options.local.read(position, length);
  }

  async commit(digest: Digest, isStored: boolean): Promise<void> {
    const { keyOf, upload, track } = this.#options;
    const key = keyOf(digest);
    this.#upload ??= upload(key);
    try {
      await track(this.#store(key, this.#upload, isStored));
      this.#committed = true;
    } catch (error) {
      if (!(error instanceof BucketError)) throw error;
      throw new StoreFullError(error.message, { cause: error });
    }
  }

  /**
   * Somebody else may have stored the same in the meantime: then that is it, if it is whole and on record. Without a record
   * it may be what turned out to be wrong, and was not put aside yet.
   */
  async #store(key: string, upload: Upload, isStored: boolean): Promise<void> {
    if ((await upload.complete({ isNew: true })) === "stored") return;
    const isThere = async () => (await this.#options.bucket.head(key))?.size === this.length;
    if (isStored && (await isThere())) return this.#abortLater();
    await upload.complete({ isNew: false });
  }

  async discard(): Promise<void> {
    if (!this.#committed) this.#abortLater();
    await this.#options.local.discard();
  }

  /** A bucket that does not answer is to hold nobody up who wants these bytes again. */
  #abortLater(): void {
    if (this.#upload) void this.#options.track(this.#upload.abort());
  }

  close(): Promise<void> {
    return this.#options.local.close();
  }
}
