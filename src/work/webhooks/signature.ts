import { leaf } from "../text.ts";

const prefix = "whsec_";
/** Bytes, as Standard Webhooks has it. */
const least = 24;
const most = 64;

/** Undefined where it is no secret of that form. */
function keyOf(secret: string): Uint8Array | undefined {
  if (!/^whsec_[A-Za-z0-9+/]{4,96}={0,2}$/.test(secret)) return undefined;
  const key = Buffer.from(secret.slice(prefix.length), "base64");
  return key.length >= least && key.length <= most ? key : undefined;
}

export const webhookSecret = leaf(
  `must be ${prefix} and ${least} to ${most} random bytes in base64; make one with: echo ${prefix}$(openssl rand -base64 32)`,
  (text) => (keyOf(text) ? text : undefined),
);

const maxUrl = 2048;

export const webhookUrl = leaf(
  "must be an address such as https://example.com/hook, without user, password or fragment, of at most 2048 characters",
  (text) => {
    if (text.length > maxUrl || !/^https?:\/\/[^\s\\#@]+$/i.test(text)) return undefined;
    return URL.parse(text)?.href;
  },
);

/** Headers of Standard Webhooks: over id, time in seconds and body, so that nobody can alter or repeat it later. */
export function signedHeaders(
  { secret, messageId, body }: { secret: string; messageId: string; body: string },
  now: number,
): Record<string, string> {
  const key = keyOf(secret);
  if (!key) throw new Error("a secret is stored that is none");
  const timestamp = String(Math.floor(now / 1000));
  const text = `${messageId}.${timestamp}.${body}`;
  const signature = new Bun.CryptoHasher("sha256", key).update(text).digest("base64");
  return {
    "webhook-id": messageId,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${signature}`,
  };
}
