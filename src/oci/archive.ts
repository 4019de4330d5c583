import { JsonLimitError, parseStrictJson } from "../lib/strict-json.ts";
import { type Digest, parseDigest } from "./digest.ts";
import { type Child, mediaTypes } from "./manifest.ts";
import { isRepositoryName, isTag } from "./reference.ts";

/** The names under which the field's two forms of image archives say what they hold. */
export const archiveFiles = {
  layout: "oci-layout",
  index: "index.json",
  docker: "manifest.json",
} as const;

/** The file of a blob in an OCI layout (image-spec, image-layout.md). */
export function layoutPath(digest: Digest): string {
  return `blobs/${digest.replace(":", "/")}`;
}

/** The digest that a file of an OCI layout is to have; undefined for other files, `invalid` for a blob that nothing can name. */
export function digestOfPath(name: string): Digest | "invalid" | undefined {
  const match = /^blobs\/([^/]+)\/([^/]+)$/.exec(name);
  return match ? (parseDigest(`${match[1]}:${match[2]}`) ?? "invalid") : undefined;
}

/** What an archive holds at its top, and how that is called there. */
export interface ArchivedImage {
  descriptor: { mediaType: string; digest: Digest; size: number };
  /** What is said of its name; undefined parts are not said. */
  names: ArchivedName[];
}

export interface ArchivedName {
  repository: string | undefined;
  tag: string | undefined;
}

/** One image of a `docker save` archive in its old form: names of files in the archive. */
export interface DockerImage {
  config: string;
  layers: string[];
  names: ArchivedName[];
}

/** The archive's own description is not acceptable; the message says why. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
}

const jsonLimits = { depth: 32, elements: 200_000 };
const maxImages = 1000;
const maxName = 1024;

/** Reads `index.json` of an OCI layout. Throws `ArchiveError`. */
export function parseLayoutIndex(payload: Uint8Array): ArchivedImage[] {
  const document = readJson(payload, archiveFiles.index);
  const manifests = isObject(document) ? document["manifests"] : undefined;
  if (!Array.isArray(manifests)) throw new ArchiveError("index.json has no list of manifests");
  return limited(manifests).map((value) => {
    const { mediaType, digest: text, size, annotations } = isObject(value) ? value : {};
    const digest = typeof text === "string" ? parseDigest(text) : undefined;
    if (!digest || typeof mediaType !== "string" || !Number.isSafeInteger(size)) {
      throw new ArchiveError("a descriptor in index.json is malformed");
    }
    const named = isObject(annotations) ? namesOf(annotations) : [];
    return { descriptor: { mediaType, digest, size: size as number }, names: named };
  });
}

/** Reads `manifest.json` of a `docker save` archive. Throws `ArchiveError`. */
export function parseDockerManifest(payload: Uint8Array): DockerImage[] {
  const document = readJson(payload, archiveFiles.docker);
  if (!Array.isArray(document)) throw new ArchiveError("manifest.json is not a list of images");
  return limited(document).map((value) => {
    const { Config: config, Layers: layers, RepoTags: tags } = isObject(value) ? value : {};
    const isWhole = typeof config === "string" && Array.isArray(layers) && layers.every(isText);
    if (!isWhole) throw new ArchiveError("an image in manifest.json is malformed");
    const texts = Array.isArray(tags) ? tags.filter(isText) : [];
    return { config, layers, names: texts.map(parseName) };
  });
}

/** The digests of the unpacked layers, as an image's configuration has them (image-spec, config.md). */
export function diffIds(config: Uint8Array): string[] {
  const document = readJson(config, "the configuration of an image");
  const rootfs = isObject(document) ? document["rootfs"] : undefined;
  const ids = isObject(rootfs) ? rootfs["diff_ids"] : undefined;
  if (!Array.isArray(ids) || !ids.every(isText)) {
    throw new ArchiveError("the configuration of an image does not name its layers");
  }
  return ids;
}

/** Layers that may not be passed on, which archives leave out (image-spec, layer.md). */
export function isElsewhere({ mediaType }: Child): boolean {
  return /\.nondistributable\.|\.foreign\./.test(mediaType);
}

/** One image as an archive describes it at its top. */
export interface DescribedImage {
  descriptor: { mediaType: string; digest: Digest; size: number };
  /** `repository:tag` and the whole name that clients pull by; undefined: by digest alone. */
  name: { short: string; whole: string } | undefined;
}

export function layoutIndex(images: readonly DescribedImage[]): Uint8Array {
  const manifests = images.map(({ descriptor: { mediaType, digest, size }, name }) => ({
    mediaType,
    digest,
    size,
    ...(name && {
      annotations: { [nameAnnotations.whole]: name.whole, [nameAnnotations.reference]: name.short },
    }),
  }));
  return json({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
}

export const layoutFile: Uint8Array = json({ imageLayoutVersion: "1.0.0" });

/** What makes an OCI layout one that `docker load` of any age takes. `children`: a configuration, then the layers. */
export function dockerManifest(
  images: readonly (DescribedImage & { children: readonly Child[] })[],
): Uint8Array {
  return json(
    images.map(({ name, children }) => {
      const [config = "", ...layers] = children.map(({ digest }) => layoutPath(digest));
      return { Config: config, RepoTags: name ? [name.whole] : null, Layers: layers };
    }),
  );
}

/**
 * The manifest of an image that has come without one: of uncompressed layers, in Docker's form, as its configuration is.
 * The same image always gets the same bytes.
 */
export function localManifest(
  config: { digest: Digest; size: number },
  layers: readonly { digest: Digest; size: number }[],
): Uint8Array {
  const described = (mediaType: string, { digest, size }: { digest: Digest; size: number }) => ({
    mediaType,
    size,
    digest,
  });
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: described("application/vnd.docker.container.image.v1+json", config),
    layers: layers.map((one) => described("application/vnd.docker.image.rootfs.diff.tar", one)),
  };
  return json(document);
}

/**
 * `[host/]repository[:tag]`, as `docker save`, `podman save` and our own exports name an image; a tag alone is a name too. The
 * path that our registries have before repositories is left out.
 */
export function parseName(text: string): ArchivedName {
  if (text.length > maxName) return { repository: undefined, tag: undefined };
  const [, path = "", tag] = /^([^@]*?)(?::([^:/@]*))?(?:@.*)?$/.exec(text) ?? [];
  if (!path.includes("/") && tag === undefined && isTag(path)) {
    return { repository: undefined, tag: path };
  }
  const [first = "", ...rest] = path.split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const bare = (isHost ? rest.join("/") : path).replace(
    /^virtual_registries\/containers?\/\d+\//,
    "",
  );
  return {
    repository: isRepositoryName(bare) ? bare : undefined,
    tag: tag !== undefined && isTag(tag) ? tag : undefined,
  };
}

/** The annotations by which an OCI layout says how an image is called: containerd's and Docker's is the whole name. */
export const nameAnnotations = {
  whole: "io.containerd.image.name",
  reference: "org.opencontainers.image.ref.name",
} as const;

function namesOf(annotations: Record<string, unknown>): ArchivedName[] {
  const { whole, reference } = nameAnnotations;
  const [name, short] = [annotations[whole], annotations[reference]];
  if (isText(name)) return [parseName(name)];
  return isText(short) ? [parseName(short)] : [];
}

function json(document: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(document));
}

function readJson(payload: Uint8Array, what: string): unknown {
  try {
    return parseStrictJson(new TextDecoder("utf-8", { fatal: true }).decode(payload), jsonLimits);
  } catch (error) {
    const reason = error instanceof JsonLimitError ? error.message : "it does not parse";
    throw new ArchiveError(`${what} is not acceptable JSON: ${reason}`, { cause: error });
  }
}

function limited(list: unknown[]): unknown[] {
  if (list.length <= maxImages) return list;
  throw new ArchiveError(`the archive has more than ${maxImages} images`);
}

const isText = (value: unknown): value is string => typeof value === "string";

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
