import { yieldTurn } from "../../lib/clock.ts";
import type { Registry } from "../../metadata/contract.ts";
import {
  archiveFiles,
  type DescribedImage,
  dockerManifest,
  isElsewhere,
  layoutFile,
  layoutIndex,
  layoutPath,
} from "../../oci/archive.ts";
import type { Digest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/error.ts";
import { type Child, type Manifest, mediaTypes, parseManifest } from "../../oci/manifest.ts";
import { type Reference, referenceText } from "../../oci/reference.ts";
import type { ByteSource, PulledManifest, Puller } from "../contract.ts";
import type { ExportedImage, ExportOptions } from "./contract.ts";
import { PackSource, type PackedFile } from "./pack.ts";

type Pulling = Pick<Puller, "manifest" | "blob">;

interface Pulled {
  digest: Digest;
  payload: Uint8Array;
  manifest: Manifest;
}

const defaultPlatform = "linux/amd64";
/** In memory until the archive is written; most have some kilobytes, though each may have megabytes. */
const maxManifests = 1000;
const maxManifestsBytes = 32 << 20;

/** See `Images`. */
export async function exportArchive(
  puller: Pulling,
  registry: Registry,
  images: readonly ExportedImage[],
  options: ExportOptions,
): Promise<ByteSource> {
  const gathered = new Gathered(puller, registry);
  const described: (DescribedImage & { children: readonly Child[] })[] = [];
  for (const image of images) {
    const { digest, payload, manifest } = await gathered.image(image, options);
    described.push({
      descriptor: { mediaType: manifest.mediaType, digest, size: payload.length },
      name: nameOf(image, options.prefix),
      children: manifest.children,
    });
  }
  const own: PackedFile[] = [
    { name: archiveFiles.layout, bytes: layoutFile },
    { name: archiveFiles.index, bytes: layoutIndex(described) },
  ];
  if (options.format === "docker") {
    own.push({ name: archiveFiles.docker, bytes: dockerManifest(described) });
  }
  return new PackSource([...own, ...gathered.files()]);
}

/** Everything that is to be in the archive, each object once. */
class Gathered {
  readonly #manifests = new Map<Digest, Pulled>();
  #manifestsBytes = 0;
  readonly #blobs = new Map<Digest, { child: Child; repository: string }>();

  constructor(
    readonly puller: Pulling,
    readonly registry: Registry,
  ) {}

  /** The manifest that stands for an image, with all below it. */
  async image(
    { repository, reference }: ExportedImage,
    { format, platform }: ExportOptions,
  ): Promise<Pulled> {
    const pulled = await this.#pull(repository, reference);
    const wanted = format === "docker" ? (platform ?? defaultPlatform) : platform;
    const isWhole = !isIndex(pulled.manifest) || wanted === undefined;
    const chosen = isWhole ? pulled : await this.#member(pulled, repository, wanted);
    if (format === "docker") requireImage(chosen, repository);
    await this.#gather(chosen, repository);
    return chosen;
  }

  files(): PackedFile[] {
    const manifests = [...this.#manifests.values()].map(({ digest, payload }) => {
      return { name: layoutPath(digest), bytes: payload };
    });
    const blobs = [...this.#blobs.values()].map(({ child: { digest, size }, repository }) => ({
      name: layoutPath(digest),
      blob: { digest, size, open: () => this.#open(repository, digest) },
    }));
    return [...manifests, ...blobs];
  }

  async #member({ digest, manifest }: Pulled, repository: string, platform: string) {
    const member = manifest.children.find(
      (child) => child.platform === platform || child.platform?.startsWith(`${platform}/`),
    );
    if (member) return this.#pull(repository, { kind: "digest", digest: member.digest });
    const platforms = manifest.children.map((child) => child.platform).filter(Boolean);
    throw new RegistryError("manifest_unknown", "the image is not there for this platform", {
      detail: { repository, digest, platform, platforms: [...new Set(platforms)] },
    });
  }

  async #gather(pulled: Pulled, repository: string): Promise<void> {
    if (this.#manifests.has(pulled.digest)) return;
    this.#manifests.set(pulled.digest, pulled);
    this.#manifestsBytes += pulled.payload.length;
    const members = pulled.manifest.children.filter(({ kind }) => kind === "manifest");
    const isTooMuch = this.#manifestsBytes > maxManifestsBytes;
    if (isTooMuch || this.#manifests.size + members.length > maxManifests) {
      throw new RegistryError("too_large", "these images have too many manifests for one archive");
    }
    for (const child of pulled.manifest.children) {
      if (this.#manifests.has(child.digest)) continue;
      if (child.kind === "manifest") {
        const reference = { kind: "digest", digest: child.digest } as const;
        await this.#gather(await this.#pull(repository, reference), repository);
      } else if (!isElsewhere(child)) this.#blobs.set(child.digest, { child, repository });
    }
  }

  async #pull(repository: string, reference: Reference): Promise<Pulled> {
    const options = { marks: [], head: false, waits: () => undefined };
    const pulled: PulledManifest = await this.puller.manifest(
      this.registry,
      repository,
      reference,
      options,
    );
    const { digest, payload, contentType } = pulled;
    // What is cached comes without a turn of its own.
    await yieldTurn();
    return { digest, payload, manifest: parseManifest(payload, contentType) };
  }

  async #open(repository: string, digest: Digest) {
    const { content } = await this.puller.blob(this.registry, repository, digest, {
      marks: [],
      head: false,
      part: undefined,
      waits: () => undefined,
      complete: false,
    });
    return content;
  }
}

function isIndex({ mediaType }: Manifest): boolean {
  return mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerList;
}

function requireImage({ manifest }: Pulled, repository: string): void {
  const [config] = manifest.children;
  if (config?.kind === "blob" && /\.container\.image\.|\.image\.config\./.test(config.mediaType))
    return;
  throw new RegistryError("bad_request", "this is no image that docker could load", {
    detail: { repository, fix: "export it with the format oci" },
  });
}

function nameOf({ repository, reference }: ExportedImage, prefix: string): DescribedImage["name"] {
  if (reference.kind === "digest") return undefined;
  const short = `${repository}:${referenceText(reference)}`;
  return { short, whole: `${prefix}/${short}` };
}
