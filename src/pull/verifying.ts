import { yieldTurn } from "../lib/clock.ts";
import { type Digest, Digester } from "../oci/digest.ts";
import { RegistryError } from "../oci/error.ts";
import type { ByteSource } from "./contract.ts";
import type { Download } from "./download.ts";

/** The last bytes of an object are not given out until its digest is known to be right. */
export const holdBackBytes = 64 << 10;
/** Objects up to this size are verified before their header is sent. */
export const smallBytes = 1 << 20;

export function wrongDigest(digest: Digest, upstream: string): RegistryError {
  const message = `upstream "${upstream}" sent bytes that are not ${digest}`;
  return new RegistryError("upstream_invalid", message, {
    detail: { upstream, reason: "invalid" },
  });
}

interface Options {
  download: Download;
  digest: Digest;
  upstream: string;
  digester: Digester;
  /** Bytes that the digester has seen already and the reader has not. */
  before?: Uint8Array[];
  /** It ends without having been verified. */
  failed: (error: unknown) => void;
}

/** A download passed on without being stored, hashed on the way, its end held back until the digest agrees. */
export class VerifyingSource implements ByteSource {
  readonly #options: Options;
  readonly #held: Uint8Array[];
  #heldBytes: number;
  #verified = false;
  waiting = false;

  constructor(options: Options) {
    this.#options = options;
    this.#held = options.before ?? [];
    this.#heldBytes = this.#held.reduce((sum, bytes) => sum + bytes.length, 0);
  }

  async next(): Promise<Uint8Array | undefined> {
    await yieldTurn();
    try {
      return await this.#next();
    } catch (error) {
      this.#options.failed(error);
      await this.cancel();
      throw error;
    }
  }

  async #next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const first = this.#held[0];
      if (first && (this.#verified || this.#heldBytes - first.length >= holdBackBytes)) {
        this.#held.shift();
        this.#heldBytes -= first.length;
        return first;
      }
      if (this.#verified) return undefined;
      await this.#take();
    }
  }

  async #take(): Promise<void> {
    const { download, digest, upstream, digester } = this.#options;
    this.waiting = true;
    const chunk = await download.next();
    this.waiting = false;
    if (chunk === undefined) {
      if (digester.digest() !== digest) throw wrongDigest(digest, upstream);
      this.#verified = true;
      return;
    }
    digester.update(chunk);
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
  }

  async cancel(): Promise<void> {
    await this.#options.download.cancel();
  }
}

/** Everything a source has, for small objects. */
export async function collect(source: ByteSource): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let bytes = await source.next(); bytes; bytes = await source.next()) parts.push(bytes);
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
}
