import { gzipSync } from "bun";
import { digestOf } from "../lab/images.ts";
import { oddName } from "./people.ts";

const oci = "application/vnd.oci.image";

interface Pushed {
  mediaType: string;
  digest: string;
  size: number;
}

/**
 * Pushes an index of two platforms, whose annotations are markup, under these tags, with an SBOM at the tag that is known
 * for that; its digest. Another `text` is another image.
 */
export async function pushOddImage(
  registryUrl: string,
  { repository, tags, text }: { repository: string; tags: readonly string[]; text: string },
): Promise<string> {
  const target = `${registryUrl}/v2/${repository}`;
  const manifests: (Pushed & { platform: object })[] = [];
  for (const architecture of ["amd64", "arm64"]) {
    const image = await imageOf(target, architecture, text);
    const platform = { os: "linux", architecture };
    manifests.push({ ...(await pushManifest(target, "manifest.v1+json", image)), platform });
  }
  const annotations = { "org.opencontainers.image.title": oddName, "com.example.text": text };
  const index = { manifests, annotations };
  const [first = "latest", ...more] = tags;
  const { digest } = await pushManifest(target, "index.v1+json", index, first);
  for (const tag of more) await pushManifest(target, "index.v1+json", index, tag);
  const sbom = await imageOf(target, "amd64", `sbom of ${text}`);
  await pushManifest(target, "manifest.v1+json", sbom, `${digest.replace(":", "-")}.sbom`);
  return digest;
}

async function imageOf(target: string, architecture: string, text: string) {
  const layer = gzipSync(Buffer.from(`${architecture} ${text}`.repeat(100)));
  const config = { os: "linux", architecture, rootfs: { type: "layers", diff_ids: [] } };
  const layers = [await pushBlob(target, `${oci}.layer.v1.tar+gzip`, layer)];
  const bytes = Buffer.from(JSON.stringify(config));
  return { config: await pushBlob(target, `${oci}.config.v1+json`, bytes), layers };
}

async function pushBlob(target: string, mediaType: string, bytes: Uint8Array): Promise<Pushed> {
  const digest = digestOf(bytes);
  const started = await fetch(`${target}/blobs/uploads/`, { method: "POST" });
  const end = new URL(started.headers.get("location") ?? "", target);
  end.searchParams.set("digest", digest);
  await put(end.href, "application/octet-stream", bytes);
  return { mediaType, digest, size: bytes.length };
}

async function pushManifest(
  target: string,
  type: string,
  manifest: object,
  tag?: string,
): Promise<Pushed> {
  const mediaType = `${oci}.${type}`;
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...manifest }));
  const digest = digestOf(bytes);
  await put(`${target}/manifests/${tag ?? digest}`, mediaType, bytes);
  return { mediaType, digest, size: bytes.length };
}

async function put(url: string, type: string, bytes: Uint8Array): Promise<void> {
  const body = new Blob([Uint8Array.from(bytes)]);
  const answer = await fetch(url, { method: "PUT", headers: { "Content-Type": type }, body });
  if (answer.status !== 201) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
}
