import { randomFillSync } from "node:crypto";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import path from "node:path";
import type { Options } from "./options.ts";

export const repository = "bench/image";
export const manifestType = "application/vnd.oci.image.manifest.v1+json";

export const gib = 2 ** 30;

export interface Blob {
  digest: string;
  size: number;
}

/** What the upstream holds: one repository with the tags `small`, `big`, `herd` and `miss`. */
export interface Content {
  big: Blob;
  herd: Blob;
  miss: Blob[];
}

/** Makes the images of random bytes, new at each run, and pushes them. */
export async function pushContent(
  base: string,
  folder: string,
  options: Options,
): Promise<Content> {
  const push = (size: number) => pushRandomBlob(base, folder, size);
  const small = await push(100_000);
  await pushImage(base, "small", [small]);
  const big = await push(options.bigBytes);
  await pushImage(base, "big", [big]);
  const herd = await push(options.herdBytes);
  await pushImage(base, "herd", [herd]);
  const miss: Blob[] = [];
  for (let i = 0; i < options.missBlobs; i++) miss.push(await push(options.missBytes));
  await pushImage(base, "miss", miss);
  return { big, herd, miss };
}

async function pushRandomBlob(base: string, folder: string, size: number): Promise<Blob> {
  const file = path.join(folder, "blob");
  const digest = writeRandom(file, size);
  await pushBlob(base, digest, Bun.file(file));
  rmSync(file);
  return { digest, size };
}

function writeRandom(file: string, size: number): string {
  const hash = new Bun.CryptoHasher("sha256");
  const block = Buffer.alloc(Math.min(size, 8 << 20));
  const handle = openSync(file, "w");
  try {
    for (let left = size; left > 0;) {
      const part = randomFillSync(block.subarray(0, Math.min(left, block.length)));
      hash.update(part);
      left -= writeSync(handle, part);
    }
  } finally {
    closeSync(handle);
  }
  return `sha256:${hash.digest("hex")}`;
}

async function pushImage(base: string, tag: string, layers: Blob[]): Promise<void> {
  const config = JSON.stringify({
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
  });
  const digest = `sha256:${new Bun.CryptoHasher("sha256").update(config).digest("hex")}`;
  await pushBlob(base, digest, config);
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    config: {
      mediaType: "application/vnd.oci.image.config.v1+json",
      digest,
      size: config.length,
    },
    layers: layers.map((blob) => ({
      mediaType: "application/vnd.oci.image.layer.v1.tar",
      ...blob,
    })),
  };
  await put(`${base}/manifests/${tag}`, JSON.stringify(manifest), manifestType);
}

/** Monolithic upload: POST, then PUT (distribution spec, "Pushing blobs"). */
async function pushBlob(base: string, digest: string, body: string | Bun.BunFile): Promise<void> {
  const begun = await fetch(`${base}/blobs/uploads/`, { method: "POST" });
  await begun.text();
  const location = new URL(begun.headers.get("location") ?? "", base);
  location.searchParams.set("digest", digest);
  await put(location.href, body, "application/octet-stream");
}

async function put(url: string, body: string | Bun.BunFile, type: string): Promise<void> {
  const answer = await fetch(url, { method: "PUT", body, headers: { "content-type": type } });
  const text = await answer.text();
  if (answer.status !== 201) throw new Error(`PUT ${url}: ${answer.status} ${text.slice(0, 300)}`);
}

/** The size for people: 1 GiB, 200 MB. */
export function sizeText({ size }: Blob): string {
  return size % gib === 0 ? `${size / gib} GiB` : `${Math.round(size / 1e6)} MB`;
}
