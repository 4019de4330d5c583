import { keyId } from "./keys.ts";

/** Encrypts short texts for storage. What was sealed for one context cannot be opened in another. */
export interface Sealer {
  seal(text: string, context: string): Promise<string>;
  /** Undefined when the text was sealed with a key that is not known or with another context, or was altered. */
  open(sealed: string, context: string): Promise<string | undefined>;
  /** Whether the text was sealed with the key that `seal` takes, and not with a former one. */
  isCurrent(sealed: string): boolean;
}

/**
 * AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D); the form is `v1.<key id>.<nonce>.<text>`. Seals with the
 * first key, and opens what was sealed with any.
 */
export function createSealer(
  key: Uint8Array<ArrayBuffer>,
  ...former: Uint8Array<ArrayBuffer>[]
): Sealer {
  const id = keyId(key);
  const own = imported(key);
  const keys = new Map([...former.map((one) => [keyId(one), imported(one)] as const), [id, own]]);
  const algorithm = (iv: Uint8Array<ArrayBuffer>, context: string) => ({
    name: "AES-GCM",
    iv,
    additionalData: new TextEncoder().encode(context),
  });
  return {
    async seal(text, context) {
      const nonce = crypto.getRandomValues(new Uint8Array(12));
      const bytes = new TextEncoder().encode(text);
      const sealed = await crypto.subtle.encrypt(algorithm(nonce, context), await own, bytes);
      return `v1.${id}.${nonce.toBase64()}.${new Uint8Array(sealed).toBase64()}`;
    },
    async open(sealed, context) {
      const { key: sealedWith, nonce, bytes } = partsOf(sealed);
      const found = await keys.get(sealedWith);
      if (!found || !nonce || !bytes) return undefined;
      try {
        const iv = Uint8Array.fromBase64(nonce);
        const data = Uint8Array.fromBase64(bytes);
        const text = await crypto.subtle.decrypt(algorithm(iv, context), found, data);
        return new TextDecoder().decode(text);
      } catch {
        return undefined; // wrong context or altered: the caller treats it as a lost secret
      }
    },
    isCurrent: (sealed) => partsOf(sealed).key === id,
  };
}

function imported(key: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);
}

function partsOf(sealed: string): { key: string; nonce?: string; bytes?: string } {
  const [version, key = "", nonce = "", bytes = ""] = sealed.split(".");
  return version === "v1" ? { key, nonce, bytes } : { key: "" };
}
