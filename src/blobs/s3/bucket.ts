import type { ByteRange } from "../../lib/range.ts";
import { absentKey, documentOf, lengthOf, partOf, type ReadObject } from "./answers.ts";
import { Multipart } from "./multipart.ts";
import type { Requests } from "./requests.ts";
import type { BucketSettings } from "./settings.ts";
import type { Tail } from "./tail.ts";
import type { ExpectedPart } from "./tail-head.ts";
import { BucketError } from "./trouble.ts";
import { checksum, markHeader, newObject, type Payload, type Stored, Writes } from "./writes.ts";
import { element, elements } from "./xml.ts";

export interface StoredObject {
  key: string;
  size: number;
  /** Milliseconds since the epoch. */
  storedAt: number;
}

export interface HeadObject extends StoredObject {
  etag: string | undefined;
  /** The mark of the upload that it came by; none of what came in one piece, or by others. */
  mark: string | undefined;
}

/** Most that S3 lists at once. */
export const maxListed = 1000;

interface GetOptions {
  range?: ByteRange | undefined;
  etag?: string | undefined;
  signal?: AbortSignal;
}

/** The operations of S3 that are needed here. All throw `BucketError`. */
export class Bucket {
  readonly multipart: Multipart;
  readonly #writes: Writes;
  /** Whether the service knows `If-Match` for what is deleted. */
  #isConditionalDelete = true;

  constructor(
    readonly requests: Requests,
    readonly settings: BucketSettings,
  ) {
    this.#writes = new Writes(requests);
    this.multipart = new Multipart(requests, settings, this.#writes);
  }

  /** Undefined: there is none. */
  async head(key: string): Promise<HeadObject | undefined> {
    const request = { method: "HEAD", key, for: "read", accepts: [404] } as const;
    const found = await this.requests.send(request, async ({ status, headers }) => {
      if (status === 404) return undefined;
      return {
        key,
        size: lengthOf(headers),
        storedAt: Date.parse(headers.get("last-modified") ?? "") || 0,
        etag: headers.get("etag") ?? undefined,
        mark: headers.get(markHeader) ?? undefined,
      };
    });
    if (found) return found;
    // The answer to HEAD does not say what is not there: it may be the bucket.
    await this.get(key, { range: { first: 0, last: 0 } });
    return undefined;
  }

  /**
   * A part of an object, short enough to be held in memory; without a range the whole of an empty one. `changed`: it is
   * not the one with this ETag. Of an object of another size than the part lies in there are no bytes.
   */
  async get(
    key: string,
    { range, etag, signal }: GetOptions,
  ): Promise<ReadObject | "absent" | "changed"> {
    const headers = {
      ...(range && { range: `bytes=${range.first}-${range.last}` }),
      ...(etag !== undefined && { "if-match": etag }),
    };
    const request = { method: "GET", key, headers, for: "read", accepts: [404, 412, 416] } as const;
    return this.requests.send({ ...request, ...(signal && { signal }) }, async (incoming) => {
      if (incoming.status === 404) return absentKey(await incoming.text());
      if (incoming.status !== 412) return partOf(incoming, range);
      await incoming.text();
      return "changed";
    });
  }

  /** A long part of the object with this ETag, read as it is taken; undefined: it has to be got otherwise. */
  tail(key: string, expected: ExpectedPart): Tail | undefined {
    return this.requests.tail(key, expected);
  }

  async put(key: string, payload: Payload, { isNew }: { isNew: boolean }): Promise<Stored> {
    const headers = { ...newObject(this.settings), ...checksum(this.settings, payload) };
    const body = { body: payload.bytes, hash: payload.sha256.toString("hex") };
    return this.#writes.send(isNew, (condition) => ({
      request: { method: "PUT", key, headers: { ...headers, ...condition }, ...body },
      read: async (incoming) => void (await incoming.text()),
    }));
  }

  /** Within the bucket, at most 5 GiB. */
  async copy(from: string, to: string): Promise<void> {
    const source = `/${this.settings.bucket}/${from.split("/").map(encodeURIComponent).join("/")}`;
    const headers = { ...newObject(this.settings), "x-amz-copy-source": source };
    const request = { method: "PUT", key: to, headers, for: "aside" } as const;
    await this.requests.send(request, async (incoming) => {
      // A failure on the way comes after the 200.
      if (!element(await incoming.text(), "ETag")) {
        throw new BucketError("invalid", { code: "no ETag" });
      }
    });
  }

  async delete(key: string, why: "clear" | "aside" = "clear"): Promise<void> {
    await this.deleteIf(key, undefined, why);
  }

  /**
   * Deletes the object with this ETag, or whatever it is; `changed`: another one has its place, and keeps it. A service that
   * does not know the condition deletes what is there.
   */
  async deleteIf(
    key: string,
    etag: string | undefined,
    why: "clear" | "aside" = "clear",
  ): Promise<"deleted" | "changed"> {
    const isKnown = etag !== undefined && this.#isConditionalDelete;
    const headers: Record<string, string> = isKnown ? { "if-match": etag } : {};
    const accepts = isKnown ? [404, 409, 412, 501] : [404];
    const request = { method: "DELETE", key, headers, for: why, accepts } as const;
    const status = await this.requests.send(request, async (incoming) => {
      const text = await incoming.text();
      if (incoming.status === 404) absentKey(text);
      return incoming.status;
    });
    if (status === 409 || status === 412) return "changed";
    if (status !== 501) return "deleted";
    this.#isConditionalDelete = false;
    return this.deleteIf(key, etag, why);
  }

  /** At most `limit` (`maxListed`) objects below a prefix, in the order of their keys, behind `after`. */
  async list(prefix: string, after: string | undefined, limit: number): Promise<StoredObject[]> {
    const query = {
      "list-type": "2",
      prefix,
      "max-keys": String(limit),
      ...(after !== undefined && { "start-after": after }),
    };
    return this.requests.send(
      { method: "GET", key: undefined, query, for: "read" },
      async (incoming) =>
        elements(await documentOf(incoming, "ListBucketResult"), "Contents").map((object) => ({
          key: element(object, "Key") ?? "",
          size: Number(element(object, "Size")),
          storedAt: Date.parse(element(object, "LastModified") ?? "") || 0,
        })),
    );
  }
}
