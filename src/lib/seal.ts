import { keyId } from "./keys.ts";

/** Encrypts short texts for storage. What was sealed for one context cannot be opened in another. */
export interface Sealer {
  seal(text: string, context: string): Promise<string>;
  /** Undefined when the text was sealed with another key or context, or was altered. */
  open(sealed: string, context: string): Promise<string | undefined>;
}

/** AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D); the form is `v1.<key id>.<nonce>.<text>`. */
export function createSealer(key: Uint8Array<ArrayBuffer>): Sealer {
  const id = keyId(key);
  const imported = crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);
  const algorithm = (iv: Uint8Array<ArrayBuffer>, context: string) => ({
    name: "AES-GCM",
    iv,
    additionalData: new TextEncoder().encode(context),
  });
  return {
    async seal(text, context) {
      const nonce = crypto.getRandomValues(new Uint8Array(12));
      const bytes = new TextEncoder().encode(text);
      const sealed = await crypto.subtle.encrypt(algorithm(nonce, context), await imported, bytes);
      return `v1.${id}.${nonce.toBase64()}.${new Uint8Array(sealed).toBase64()}`;
    },
    async open(sealed, context) {
      const [version, sealedWith, nonce, bytes] = sealed.split(".");
      if (version !== "v1" || sealedWith !== id || !nonce || !bytes) return undefined;
      try {
        const iv = Uint8Array.fromBase64(nonce);
        const data = Uint8Array.fromBase64(bytes);
        const text = await crypto.subtle.decrypt(algorithm(iv, context), await imported, data);
        return new TextDecoder().decode(text);
      } catch {
        return undefined; // wrong context or altered: the caller treats it as a lost secret
      }
    },
  };
}
