import { JsonLimitError, parseStrictJson } from "../lib/strict-json.ts";
import { type Digest, parseDigest } from "./digest.ts";

export const mediaTypes = {
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociIndex: "application/vnd.oci.image.index.v1+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerList: "application/vnd.docker.distribution.manifest.list.v2+json",
} as const;

export type ManifestMediaType = (typeof mediaTypes)[keyof typeof mediaTypes];

/** What every upstream is asked for, whatever the client accepts: the bytes must be the same for all. */
export const manifestAccept = Object.values(mediaTypes).join(", ");

export const maxManifestBytes = 10 << 20;

const jsonLimits = { depth: 64, elements: 400_000 };
/** Far beyond any real image or index; each costs a row when it is stored. */
const maxChildren = 4_000;
const maxMediaType = 255;

export type ChildKind = "manifest" | "blob";

/** Something that a manifest names. */
export interface Child {
  kind: ChildKind;
  mediaType: string;
  digest: Digest;
  size: number;
  /** `os/architecture[/variant]` of an index's member. */
  platform: string | undefined;
}

/** A manifest as far as this server acts on it; the payload is kept byte for byte elsewhere. */
export interface Manifest {
  mediaType: ManifestMediaType;
  children: Child[];
}

/** The document is not one that this server passes on; the message says why. */
export class ManifestError extends Error {
  override readonly name = "ManifestError";
}

/** The type without parameters, in lower case. */
export function essence(contentType: string | null): string {
  return (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/**
 * Reads a manifest or index (OCI image-spec 1.1; Docker image manifest v2, schema 2). Throws `ManifestError`
 * where type and document disagree, or where it could be read as both (CVE-2021-41190).
 */
export function parseManifest(payload: Uint8Array, contentType: string | null): Manifest {
  const document = readDocument(payload);
  const mediaType = mediaTypeOf(document, essence(contentType));
  const isIndex = mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerList;
  if (document["schemaVersion"] !== 2) {
    throw new ManifestError(
      "the manifest is not of schema version 2; push the image anew with a current tool",
    );
  }
  if ("manifests" in document && ("config" in document || "layers" in document)) {
    throw new ManifestError("the manifest can be read both as an image and as an index");
  }
  const children = isIndex
    ? list(document, "manifests").map((entry) => child(entry, "manifest"))
    : [
        child(document["config"], "blob"),
        ...list(document, "layers").map((entry) => child(entry, "blob")),
      ];
  if (children.length > maxChildren) throw new ManifestError("the manifest names too many objects");
  return { mediaType, children };
}

function readDocument(payload: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseStrictJson(new TextDecoder("utf-8", { fatal: true }).decode(payload), jsonLimits);
  } catch (error) {
    const reason = error instanceof JsonLimitError ? error.message : "it does not parse";
    throw new ManifestError(`the manifest is not acceptable JSON: ${reason}`, { cause: error });
  }
  if (!isObject(value)) throw new ManifestError("the manifest is not a JSON object");
  return value;
}

function mediaTypeOf(document: Record<string, unknown>, contentType: string): ManifestMediaType {
  const known: readonly string[] = Object.values(mediaTypes);
  if (!known.includes(contentType)) {
    throw new ManifestError(
      contentType.startsWith("application/vnd.docker.distribution.manifest.v1+")
        ? "the image is stored in Docker's old schema 1, which is not supported; push it anew with a current tool"
        : "the content type is not that of a manifest",
    );
  }
  const declared = document["mediaType"];
  if (declared !== undefined && declared !== contentType) {
    throw new ManifestError("the manifest's mediaType and its content type disagree");
  }
  return contentType as ManifestMediaType;
}

function list(document: Record<string, unknown>, field: string): unknown[] {
  const value = document[field];
  if (!Array.isArray(value)) throw new ManifestError(`the manifest has no list "${field}"`);
  return value;
}

function child(value: unknown, kind: ChildKind): Child {
  if (!isObject(value)) throw new ManifestError("a descriptor of the manifest is not an object");
  const { mediaType, digest, size } = value;
  const parsed = typeof digest === "string" ? parseDigest(digest) : undefined;
  if (!parsed) throw new ManifestError("a descriptor of the manifest has no valid digest");
  if (!Number.isSafeInteger(size) || (size as number) < 0) {
    throw new ManifestError("a descriptor of the manifest has no valid size");
  }
  if (typeof mediaType !== "string" || mediaType.length > maxMediaType) {
    throw new ManifestError("a descriptor of the manifest has no valid mediaType");
  }
  return {
    kind,
    mediaType,
    digest: parsed,
    size: size as number,
    platform: platformOf(value["platform"]),
  };
}

/** `os/architecture[/variant]`; undefined where it says nothing of that. */
export function platformOf(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const parts = [value["os"], value["architecture"], value["variant"]];
  const text = parts.filter((part) => typeof part === "string" && part !== "").join("/");
  return text === "" ? undefined : text.slice(0, maxMediaType);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
