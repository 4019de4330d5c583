import { readdirSync, statSync, utimesSync } from "node:fs";
import path from "node:path";
import { S3Server } from "./s3-server.ts";
import { filesOf } from "./store-facts.ts";

export interface TestBucket {
  server: S3Server;
  prefix: string;
  env: Record<string, string>;
}

let server: Promise<S3Server> | undefined;

/** With `WEIR_TEST_BLOBS=s3` every server of a test has its blobs in a bucket, below the prefix that its folder is called. */
export async function bucketForTests(prefix: string): Promise<TestBucket | undefined> {
  if (process.env["WEIR_TEST_BLOBS"] !== "s3") return undefined;
  server ??= S3Server.start();
  return { server: await server, prefix, env: (await server).environment(prefix) };
}

/** What a server of a test has stored, behind its back: in its folder of blobs, or in a bucket. */
export class TestBlobs {
  constructor(
    readonly folder: string,
    readonly bucket: TestBucket | undefined,
  ) {}

  /** The paths of what is stored, below the folder of blobs. */
  async paths(): Promise<string[]> {
    const { server, prefix } = this.bucket ?? {};
    if (server && prefix !== undefined) {
      const objects = await server.bucket(prefix).list(`${prefix}/blobs/`, undefined, 1000);
      return objects.map(({ key }) => key.slice(`${prefix}/blobs/`.length));
    }
    const entries = readdirSync(this.folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.map((file) => path.relative(this.folder, path.join(file.parentPath, file.name)));
  }

  /** By digest, the size of what is stored. */
  async sizes(): Promise<Map<string, number>> {
    const { server, prefix } = this.bucket ?? {};
    if (!server || prefix === undefined) return filesOf(this.folder);
    const objects = await server.bucket(prefix).list(`${prefix}/blobs/`, undefined, 1000);
    return new Map(objects.map(({ key, size }) => [digestAt(key), size]));
  }

  /** Puts something else in the place of a stored blob, as a disk does that errs: no time says so. Nobody may be reading it. */
  async spoil(digest: string, content: string | Uint8Array<ArrayBuffer>): Promise<void> {
    const place = placeOf(digest);
    if (!this.bucket) {
      const file = path.join(this.folder, place);
      const before = statSync(file, { throwIfNoEntry: false });
      await Bun.write(file, content);
      if (before) utimesSync(file, before.atime, before.mtime);
      return;
    }
    const { server, prefix } = this.bucket;
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest();
    await server
      .bucket(prefix)
      .put(`${prefix}/blobs/${place}`, { bytes, sha256 }, { isNew: false });
  }
}

/** Of a blob, below the folder of blobs. */
export function placeOf(digest: string): string {
  const [algorithm, hex = ""] = digest.split(":");
  return `${algorithm}/${hex.slice(0, 2)}/${hex}`;
}

function digestAt(key: string): string {
  const [hex, , algorithm] = key.split("/").toReversed();
  return `${algorithm}:${hex}`;
}
