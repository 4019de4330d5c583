import type { Digest } from "../../oci/digest.ts";
import { type Spool, StoreFullError } from "../contract.ts";
import type { Bucket } from "./bucket.ts";
import { BucketError } from "./trouble.ts";
import type { Upload } from "./upload.ts";

interface Options {
  digest: Digest;
  key: string;
  /** The file that readers follow. It never leaves the spool. */
  local: Spool;
  upload: Upload;
  bucket: Bucket;
  /** Something that the end of the server waits for. */
  track: <T>(work: Promise<T>) => Promise<T>;
}

/** A spool whose bytes rest in the bucket in the end. */
export class BucketSpool implements Spool {
  readonly #options: Options;
  #committed = false;

  constructor(options: Options) {
    this.#options = options;
  }

  get length(): number {
    return this.#options.local.length;
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.#options.local.append(bytes);
    this.#options.upload.grew();
  }

  read(position: number, length: number): Uint8Array {
    return this.#options.local.read(position, length);
  }

  async commit(): Promise<void> {
    try {
      await this.#options.track(this.#store());
      this.#committed = true;
    } catch (error) {
      if (!(error instanceof BucketError)) throw error;
      throw new StoreFullError(error.message, { cause: error });
    }
  }

  /** Somebody else may have stored the same in the meantime: then that is it, if it is whole. */
  async #store(): Promise<void> {
    const { upload } = this.#options;
    const isThere = async () => (await this.#stored()) === this.length;
    try {
      if ((await upload.complete({ isNew: true })) === "stored") return;
    } catch (error) {
      // Completed by a try whose answer was lost.
      const isLost = error instanceof BucketError && error.code === "NoSuchUpload";
      if (isLost && (await isThere())) return;
      throw error;
    }
    if (await isThere()) return this.#abortLater();
    await upload.complete({ isNew: false });
  }

  async #stored(): Promise<number | undefined> {
    return (await this.#options.bucket.head(this.#options.key))?.size;
  }

  async discard(): Promise<void> {
    if (!this.#committed) this.#abortLater();
    await this.#options.local.discard();
  }

  /** A bucket that does not answer is to hold nobody up who wants these bytes again. */
  #abortLater(): void {
    void this.#options.track(this.#options.upload.abort());
  }

  close(): Promise<void> {
    return this.#options.local.close();
  }
}
