declare const digestBrand: unique symbol;

/** `<algorithm>:<lower-case hex>` of a supported algorithm, checked. */
export type Digest = string & { readonly [digestBrand]: true };
export type DigestAlgorithm = "sha256" | "sha512";

const grammar = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** Undefined for anything but sha256 and sha512 in lower case (OCI image-spec, descriptor.md, Digests). */
export function parseDigest(text: string): Digest | undefined {
  return grammar.test(text) ? (text as Digest) : undefined;
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith("sha256:") ? "sha256" : "sha512";
}

export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(":") + 1);
}

/** Hashes bytes as they pass. */
export class Digester {
  readonly #hasher: Bun.CryptoHasher;

  constructor(
    readonly algorithm: DigestAlgorithm,
    hasher?: Bun.CryptoHasher,
  ) {
    this.#hasher = hasher ?? new Bun.CryptoHasher(algorithm);
  }

  update(bytes: Uint8Array): void {
    this.#hasher.update(bytes);
  }

  /** A second digester that goes on from here. */
  copy(): Digester {
    return new Digester(this.algorithm, this.#hasher.copy());
  }

  /** Ends the hashing; call it once. */
  digest(): Digest {
    return `${this.algorithm}:${this.#hasher.digest("hex")}` as Digest;
  }
}

export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = "sha256"): Digest {
  const digester = new Digester(algorithm);
  digester.update(bytes);
  return digester.digest();
}
