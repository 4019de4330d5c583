import { documentOf } from "./answers.ts";
import { plainCode, type Requests } from "./requests.ts";
import type { BucketSettings } from "./settings.ts";
import { BucketError, refusalTrouble } from "./trouble.ts";
import {
  checksum,
  markHeader,
  newObject,
  type Payload,
  type Stored,
  type Writes,
} from "./writes.ts";
import { element, elements, escapeXml } from "./xml.ts";

interface UploadsPage {
  uploads: { key: string; uploadId: string; begunAt: number }[];
  /** The last key of it; undefined: there are no more. */
  next: string | undefined;
}

interface SentPart {
  etag: string;
  sha256: Buffer;
}

/** Objects that come in parts. All throw `BucketError`. */
export class Multipart {
  constructor(
    readonly requests: Requests,
    readonly settings: BucketSettings,
    readonly writes: Writes,
  ) {}

  /** The id of a new upload. `mark`: by which its object is known when it is there. */
  async begin(key: string, mark?: string): Promise<string> {
    const { checksums } = this.settings;
    const headers = {
      ...newObject(this.settings),
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
  async put(key: string, uploadId: string, number: number, payload: Payload): Promise<string> {
    const query = { partNumber: String(number), uploadId };
    const body = { body: payload.bytes, hash: payload.sha256.toString("hex") };
    const headers = checksum(this.settings, payload);
    const request = { method: "PUT", key, query, headers, ...body, for: "write" } as const;
    return this.requests.send(request, async (incoming) => {
      await incoming.text();
      const etag = incoming.headers.get("etag");
      if (!etag) throw new BucketError("invalid", { code: "no ETag" });
      return etag;
    });
  }

  async complete(
    key: string,
    uploadId: string,
    parts: readonly SentPart[],
    { isNew }: { isNew: boolean },
  ): Promise<Stored> {
    const headers = { "content-type": "application/xml" };
    const body = completion(parts, this.settings);
    return this.writes.send(isNew, (condition) => ({
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
  async abort(key: string, uploadId: string): Promise<void> {
    const request = {
      method: "DELETE",
      key,
      query: { uploadId },
      for: "clear",
      accepts: [404],
    } as const;
    await this.requests.send(request, async (incoming) => void (await incoming.text()));
  }

  /**
   * Uploads below a prefix that are neither completed nor aborted, at most `limit` (1000), of keys behind `after`. Several
   * of one key that do not fit into a page are left out: services differ in what they take for the place of an upload
   * among those of its key, above all when it has been aborted meanwhile.
   */
  async list(prefix: string, after?: string, limit = 1000): Promise<UploadsPage> {
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
}

function completion(parts: readonly SentPart[], { checksums }: BucketSettings): string {
  const lines = parts.map(({ etag, sha256 }, i) => {
    const sum = checksums ? `<ChecksumSHA256>${sha256.toString("base64")}</ChecksumSHA256>` : "";
    return `<Part><PartNumber>${i + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag>${sum}</Part>`;
  });
  const namespace = "http://s3.amazonaws.com/doc/2006-03-01/";
  return `<CompleteMultipartUpload xmlns="${namespace}">${lines.join("")}</CompleteMultipartUpload>`;
}
