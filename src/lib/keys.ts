import { hkdfSync } from "node:crypto";

/** 32 bytes for one purpose, derived from the master secret or from another key (RFC 5869, SHA-256). */
export function deriveKey(secret: string | Uint8Array, purpose: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hkdfSync("sha256", secret, "weir", purpose, 32));
}

/** A short name of a key, so that a reader knows which one a sealed text or a token was made with. */
export function keyId(key: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update("key id").update(key).digest("hex").slice(0, 8);
}
