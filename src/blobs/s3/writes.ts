import type { Requests } from "./requests.ts";
import type { BucketSettings } from "./settings.ts";
import type { Incoming } from "./transport.ts";

/** Bytes that are sent as one, with their SHA-256. */
export interface Payload {
  bytes: Uint8Array;
  sha256: Buffer;
}

/** `exists`: the key was there already. */
export type Stored = "stored" | "exists";

/** User metadata: it comes with the object, whatever the service makes of ETags. */
export const markHeader = "x-amz-meta-weir-upload";

/** What stores objects. Throws `BucketError`. */
export class Writes {
  /** Whether the service knows `If-None-Match` for what is stored. */
  #isConditional = true;

  constructor(readonly requests: Requests) {}

  /** With the condition that the key is new, where that is wanted and the service knows it. */
  async send(
    isNew: boolean,
    ask: (condition: Record<string, string>) => {
      request: Omit<Parameters<Requests["send"]>[0], "for" | "accepts">;
      read: (incoming: Incoming) => Promise<void>;
    },
  ): Promise<Stored> {
    const withCondition = isNew && this.#isConditional;
    const { request, read } = ask(withCondition ? { "if-none-match": "*" } : {});
    const accepts = withCondition ? [409, 412, 501] : [];
    const stored = await this.requests.send(
      { ...request, for: "write", accepts },
      async (incoming) => {
        if (!accepts.includes(incoming.status)) {
          await read(incoming);
          return "stored";
        }
        await incoming.text();
        return incoming.status === 501 ? "unknown" : "exists";
      },
    );
    if (stored !== "unknown") return stored;
    this.#isConditional = false;
    return this.send(isNew, ask);
  }
}

/** What a new object is told to be. */
export function newObject({ encryption }: BucketSettings): Record<string, string> {
  return {
    "content-type": "application/octet-stream",
    ...(encryption && { "x-amz-server-side-encryption": encryption.algorithm }),
    ...(encryption?.kmsKey !== undefined && {
      "x-amz-server-side-encryption-aws-kms-key-id": encryption.kmsKey,
    }),
  };
}

export function checksum(
  { checksums }: BucketSettings,
  { sha256 }: Payload,
): Record<string, string> {
  return checksums ? { "x-amz-checksum-sha256": sha256.toString("base64") } : {};
}
