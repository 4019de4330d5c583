import { createHash } from "node:crypto";
import { type ImageName, type LayerRecipe, type Recipe, recipes } from "./catalogue.ts";

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

/** One image of one platform as pushed. */
export interface PlatformImage {
  architecture: string;
  manifest: Descriptor;
  config: Descriptor;
  layers: Descriptor[];
}

/** What a tag of the lab's registry stands for. */
export interface Image {
  repository: string;
  tag: string;
  /** Of the index, or of the manifest where there is one platform. */
  digest: string;
  platforms: PlatformImage[];
}

export type Images = Record<ImageName, Image>;

const oci = {
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
  compressed: "application/vnd.oci.image.layer.v1.tar+gzip",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
};
const docker: typeof oci = {
  config: "application/vnd.docker.container.image.v1+json",
  layer: "application/vnd.docker.image.rootfs.diff.tar",
  compressed: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  manifest: "application/vnd.docker.distribution.manifest.v2+json",
  index: "application/vnd.docker.distribution.manifest.list.v2+json",
};

/** The SHA-256 of these bytes as a digest. */
export function digestOf(bytes: string | Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Makes every image of the catalogue and pushes it to an empty registry through its API. */
export async function pushImages(registryUrl: string): Promise<Images> {
  const byRepository = Map.groupBy(Object.entries(recipes), ([, { repository }]) => repository);
  // One after another in a repository: who pushes a blob that another just pushes there may find a link with nothing in it.
  const pushed = [...byRepository.values()].map(async (own) => {
    const images: [string, Image][] = [];
    for (const [name, recipe] of own) images.push([name, await pushImage(registryUrl, recipe)]);
    return images;
  });
  return Object.fromEntries((await Promise.all(pushed)).flat()) as Images;
}

async function pushImage(registryUrl: string, recipe: Recipe): Promise<Image> {
  const { repository, tag } = recipe;
  const target = `${registryUrl}/v2/${repository}`;
  const types = recipe.docker ? docker : oci;
  const platforms: PlatformImage[] = [];
  const bodies: object[] = [];
  for (const { architecture, layers } of recipe.platforms) {
    const {
      manifest,
      config,
      layers: pushed,
    } = await pushBlobs(target, types, architecture, layers);
    const descriptor = await pushManifest(target, types.manifest, manifest);
    platforms.push({ architecture, manifest: descriptor, config, layers: pushed });
    bodies.push(manifest);
  }
  const index = {
    schemaVersion: 2,
    mediaType: types.index,
    manifests: platforms.map(({ architecture, manifest }) => ({
      ...manifest,
      platform: { architecture, os: "linux" },
    })),
  };
  const [single] = bodies.length === 1 ? bodies : [];
  const { digest } = single
    ? await pushManifest(target, types.manifest, single, tag)
    : await pushManifest(target, types.index, index, tag);
  return { repository, tag, digest, platforms };
}

/** Pushes layers and configuration of one platform; gives the manifest that joins them. */
async function pushBlobs(
  target: string,
  types: typeof oci,
  architecture: string,
  recipes: readonly LayerRecipe[],
) {
  const layers: Descriptor[] = [];
  const diffIds: string[] = [];
  for (const recipe of recipes) {
    const layer = await pushLayer(target, types, recipe);
    layers.push(layer.descriptor);
    diffIds.push(layer.diffId);
  }
  const configuration = {
    created: "1970-01-01T00:00:00Z",
    architecture,
    os: "linux",
    config: { Cmd: ["/bin/busybox", "cat", "/etc/greeting"] },
    rootfs: { type: "layers", diff_ids: diffIds },
  };
  const bytes = Buffer.from(JSON.stringify(configuration));
  const config = { mediaType: types.config, ...(await pushBlob(target, [bytes])) };
  const manifest = { schemaVersion: 2, mediaType: types.manifest, config, layers };
  return { manifest, config, layers };
}

async function pushLayer(target: string, types: typeof oci, { compressed, bytes }: LayerRecipe) {
  if (!compressed) {
    const blob = await pushBlob(target, bytes());
    return { descriptor: { mediaType: types.layer, ...blob }, diffId: blob.digest };
  }
  const archive = Buffer.concat([...bytes()]);
  const blob = await pushBlob(target, [Bun.gzipSync(archive, { level: 6 })]);
  return { descriptor: { mediaType: types.compressed, ...blob }, diffId: digestOf(archive) };
}

/** One pass over the bytes: they are hashed while they are sent, the digest is said at the end. */
async function pushBlob(target: string, chunks: Iterable<Uint8Array>) {
  const started = await expectStatus(202, `${target}/blobs/uploads/`, { method: "POST" });
  const hash = createHash("sha256");
  let size = 0;
  const source = chunks[Symbol.iterator]();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { done, value } = source.next();
      if (done) return controller.close();
      hash.update(value);
      size += value.length;
      controller.enqueue(value);
    },
  });
  const sent = await expectStatus(202, started.headers.get("location") ?? "", {
    method: "PATCH",
    headers: { "Content-Type": "application/octet-stream" },
    body,
  });
  const digest = `sha256:${hash.digest("hex")}`;
  const end = new URL(sent.headers.get("location") ?? "");
  end.searchParams.set("digest", digest);
  await expectStatus(201, end.href, { method: "PUT" });
  return { digest, size };
}

async function pushManifest(
  target: string,
  mediaType: string,
  manifest: object,
  tag?: string,
): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(manifest));
  const digest = digestOf(bytes);
  await expectStatus(201, `${target}/manifests/${tag ?? digest}`, {
    method: "PUT",
    headers: { "Content-Type": mediaType },
    body: bytes,
  });
  return { mediaType, digest, size: bytes.length };
}

async function expectStatus(status: number, url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (response.status === status) return response;
  throw new Error(`${init.method ?? "GET"} ${url}: ${response.status} ${await response.text()}`);
}
