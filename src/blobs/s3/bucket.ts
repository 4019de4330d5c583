import type { ByteRange } from "../../lib/range.ts";
import { parseContentRange } from "../../lib/range.ts";
import { plainCode, type Requests } from "./requests.ts";
import type { BucketSettings } from "./settings.ts";
import type { Incoming } from "./transport.ts";
import { BucketError, refusalTrouble } from "./trouble.ts";
import { element, elements, escapeXml } from "./xml.ts";

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

/** A part of an object. */
export interface ReadObject {
  bytes: Uint8Array;
  /** Of the whole object. */
  size: number;
  etag: string | undefined;
}

/** Bytes that are sent as one, with their SHA-256. */
export interface Payload {
  bytes: Uint8Array;
  sha256: Buffer;
}

interface UploadsPage {
  uploads: { key: string; uploadId: string; begunAt: number }[];
  /** The last key of it; undefined: there are no more. */
  next: string | undefined;
}

interface GetOptions {
  range?: ByteRange | undefined;
  etag?: string | undefined;
  signal?: AbortSignal;
}

/** `exists`: the key was there already. */
export type Stored = "stored" | "exists";

/** User metadata: it comes with the object, whatever the service makes of ETags. */
const markHeader = "x-amz-meta-weir-upload";

/** The operations of S3 that are needed here. All throw `BucketError`. */
export class Bucket {
  /** Whether the service knows `If-None-Match` for what is stored. */
  #isConditional = true;
  /** Whether it knows `If-Match` for what is deleted. */
  #isConditionalDelete = true;

  constructor(
    readonly requests: Requests,
    readonly settings: BucketSettings,
  ) {}

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

  async put(key: string, payload: Payload, { isNew }: { isNew: boolean }): Promise<Stored> {
    const headers = { ...this.#newObject(), ...this.#checksum(payload) };
    const body = { body: payload.bytes, hash: payload.sha256.toString("hex") };
    return this.#conditionally(isNew, (condition) => ({
      request: { method: "PUT", key, headers: { ...headers, ...condition }, ...body },
      read: async (incoming) => void (await incoming.text()),
    }));
  }

  /** The id of a new upload. `mark`: by which its object is known when it is there. */
  async beginUpload(key: string, mark?: string): Promise<string> {
    const { checksums } = this.settings;
    const headers = {
      ...this.#newObject(),
      ...(mark !== undefined && { [markHeader]: mark }),
      ...(checksums && { "x-amz-checksum-algorithm": "SHA256" }),
    };
    const request = { method: "POST", key, query: { uploads: "" }, headers, for: "write" } as const;
    return this.requests.send(request, async (incoming) => {
      const id = element(await incoming.text(), "UploadId");
      if (!id) throw new BucketError("invalid", { code: "no UploadId" });
      return id;
    });
  }

  /** The part's ETag, as it stands in the header. */
  async putPart(key: string, uploadId: string, number: number, payload: Payload): Promise<string> {
    const query = { partNumber: String(number), uploadId };
    const body = { body: payload.bytes, hash: payload.sha256.toString("hex") };
    const headers = this.#checksum(payload);
    const request = { method: "PUT", key, query, headers, ...body, for: "write" } as const;
    return this.requests.send(request, async (incoming) => {
      await incoming.text();
      const etag = incoming.headers.get("etag");
      if (!etag) throw new BucketError("invalid", { code: "no ETag" });
      return etag;
    });
  }

  async completeUpload(
    key: string,
    uploadId: string,
    parts: readonly { etag: string; sha256: Buffer }[],
    { isNew }: { isNew: boolean },
  ): Promise<Stored> {
    const headers = { "content-type": "application/xml" };
    const body = this.#completion(parts);
    return this.#conditionally(isNew, (condition) => ({
      request: {
        method: "POST",
        key,
        query: { uploadId },
        headers: { ...headers, ...condition },
        body,
      },
      // A service may begin its answer before it has done, so an error comes with status 200 (S3 API, CompleteMultipartUpload).
      read: async (incoming) => {
        const text = await incoming.text();
        if (text.includes("<CompleteMultipartUploadResult")) return;
        throw refusalTrouble(500, plainCode(element(text, "Code")));
      },
    }));
  }

  /** Harmless when it is over already. */
  async abortUpload(key: string, uploadId: string): Promise<void> {
    const request = {
      method: "DELETE",
      key,
      query: { uploadId },
      for: "clear",
      accepts: [404],
    } as const;
    await this.requests.send(request, async (incoming) => void (await incoming.text()));
  }

  /** Within the bucket, at most 5 GiB. */
  async copy(from: string, to: string): Promise<void> {
    const source = `/${this.settings.bucket}/${from.split("/").map(encodeURIComponent).join("/")}`;
    const headers = { ...this.#newObject(), "x-amz-copy-source": source };
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

  /** At most `limit` (1000) objects below a prefix, in the order of their keys, behind `after`. */
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

  /**
   * Uploads below a prefix that are neither completed nor aborted, at most `limit` (1000), of keys behind `after`. Several
   * of one key that do not fit into a page are left out: services differ in what they take for the place of an upload
   * among those of its key, above all when it has been aborted meanwhile.
   */
  async uploads(prefix: string, after?: string, limit = 1000): Promise<UploadsPage> {
    const query = {
      uploads: "",
      prefix,
      "max-uploads": String(limit),
      ...(after !== undefined && { "key-marker": after }),
    };
    const request = { method: "GET", key: undefined, query, for: "clear" } as const;
    return this.requests.send(request, async (incoming) => {
      const text = await documentOf(incoming, "ListMultipartUploadsResult");
      const uploads = elements(text, "Upload").map((upload) => ({
        key: element(upload, "Key") ?? "",
        uploadId: element(upload, "UploadId") ?? "",
        begunAt: Date.parse(element(upload, "Initiated") ?? ""),
      }));
      const isLast = element(text, "IsTruncated") !== "true";
      return { uploads, next: isLast ? undefined : uploads.at(-1)?.key };
    });
  }

  /** With the condition that the key is new, where that is wanted and the service knows it. */
  async #conditionally(
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
    return this.#conditionally(isNew, ask);
  }

  #newObject(): Record<string, string> {
    const { encryption } = this.settings;
    return {
      "content-type": "application/octet-stream",
      ...(encryption && { "x-amz-server-side-encryption": encryption.algorithm }),
      ...(encryption?.kmsKey !== undefined && {
        "x-amz-server-side-encryption-aws-kms-key-id": encryption.kmsKey,
      }),
    };
  }

  #checksum({ sha256 }: Payload): Record<string, string> {
    return this.settings.checksums ? { "x-amz-checksum-sha256": sha256.toString("base64") } : {};
  }

  #completion(parts: readonly { etag: string; sha256: Buffer }[]): string {
    const lines = parts.map(({ etag, sha256 }, i) => {
      const sum = this.settings.checksums
        ? `<ChecksumSHA256>${sha256.toString("base64")}</ChecksumSHA256>`
        : "";
      return `<Part><PartNumber>${i + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag>${sum}</Part>`;
    });
    const namespace = "http://s3.amazonaws.com/doc/2006-03-01/";
    return `<CompleteMultipartUpload xmlns="${namespace}">${lines.join("")}</CompleteMultipartUpload>`;
  }
}

/** Of a 404: the object is not there, or something else is not. */
function absentKey(text: string): "absent" {
  const code = plainCode(element(text, "Code"));
  if (code === "NoSuchKey") return "absent";
  throw refusalTrouble(404, code);
}

async function partOf(incoming: Incoming, range: ByteRange | undefined): Promise<ReadObject> {
  const { status, headers } = incoming;
  const etag = headers.get("etag") ?? undefined;
  const part = parseContentRange(headers.get("content-range"));
  if (status === 206 && range && part?.first === range.first) {
    const { size, last } = part;
    if (last > range.last) throw another(incoming);
    return { bytes: await incoming.bytes(last + 1 - range.first), size, etag };
  }
  const none = new Uint8Array();
  if (status === 416) {
    await incoming.text();
    return { bytes: none, size: sizeBeyond(headers) ?? Number.NaN, etag };
  }
  if (range || status !== 200) throw another(incoming);
  const size = lengthOf(headers);
  incoming.abandon();
  return { bytes: none, size, etag };
}

function another(incoming: Incoming): BucketError {
  incoming.abandon();
  return new BucketError("invalid", { code: "another part" });
}

/** As the answer to a part beyond the end says it (RFC 9110, section 15.5.17). */
function sizeBeyond(headers: Headers): number | undefined {
  const [, size] = /^bytes \*\/(\d{1,16})$/.exec(headers.get("content-range") ?? "") ?? [];
  return size === undefined ? undefined : Number(size);
}

function lengthOf(headers: Headers): number {
  const length = headers.get("content-length") ?? "";
  if (!/^\d{1,16}$/.test(length)) throw new BucketError("invalid", { code: "no Content-Length" });
  return Number(length);
}

async function documentOf(incoming: Incoming, root: string): Promise<string> {
  const text = await incoming.text();
  if (text.includes(`<${root}`)) return text;
  throw refusalTrouble(500, plainCode(element(text, "Code")));
}
