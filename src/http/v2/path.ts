import { LruMap } from "../../lib/lru.ts";
import { type Digest, parseDigest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/error.ts";
import { isRepositoryName, parseReference, type Reference } from "../../oci/reference.ts";

/** What a path under `/v2/` asks for, as far as its form goes. */
export interface V2Path {
  kind: "manifests" | "blobs" | "tags" | "referrers";
  /** The whole name, with our prefix: what a client puts into a scope. */
  name: string;
  /** What stands behind the kind. */
  tail: string;
}

/** Longer than a name, a kind and a sha512 digest together, each character escaped. */
const maxPath = 2048;
const shape = /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\/([^/]+)$/;
/** Separators and controls that would change the path's meaning once decoded. */
const dangerous = /%(?:2f|5c|00)/i;

/** Longer ones are read each time, so that strangers cannot fill the memory. */
const maxRemembered = 400;
/** Paths that were split before: a popular image is asked for thousands of times a second. */
const remembered = new LruMap<string, V2Path>(4096);

/** Decodes once and splits; undefined for anything that is not a path of the registry protocol. */
export function splitPath(path: string): V2Path | undefined {
  if (path.length > maxPath) return undefined;
  const known = remembered.get(path);
  if (known) return known;
  const match = shape.exec(decoded(path) ?? "");
  if (!match) return undefined;
  const [, name = "", kind = "", tail = ""] = match;
  const split = Object.freeze({ kind: kind as V2Path["kind"], name, tail });
  if (path.length <= maxRemembered) remembered.set(path, split);
  return split;
}

function decoded(path: string): string | undefined {
  if (!path.includes("%")) return path;
  if (dangerous.test(path)) return undefined;
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined; // not UTF-8: no name of ours
  }
}

/** The virtual registry road: `virtual_registries/container/<id>/<repository>`, the plural being an alias. */
const road = /^virtual_registries\/containers?\/([1-9]\d{0,14})\/(.+)$/;

export interface Target {
  registryId: number;
  repository: string;
}

/** Where a name leads; throws `RegistryError` (`name_invalid`) for one that cannot be. */
export function parseTarget(name: string): Target {
  const [, id, repository] = road.exec(name) ?? [];
  if (id === undefined || repository === undefined || !isRepositoryName(repository)) {
    const message =
      "the name must be virtual_registries/container/<registry id>/<repository>, in lower case";
    throw new RegistryError("name_invalid", message);
  }
  return { registryId: Number(id), repository };
}

export function manifestReference(tail: string): Reference {
  const reference = parseReference(tail);
  if (reference) return reference;
  // What looks like a digest and is none deserves to be told so.
  if (tail.includes(":")) throw digestInvalid();
  throw new RegistryError(
    "tag_invalid",
    "a tag has at most 128 of the characters A-Z a-z 0-9 _ . -",
  );
}

export function blobDigest(tail: string): Digest {
  const digest = parseDigest(tail);
  if (!digest) throw digestInvalid();
  return digest;
}

function digestInvalid(): RegistryError {
  return new RegistryError(
    "digest_invalid",
    "a digest is sha256: with 64, or sha512: with 128 lower-case hexadecimal digits",
  );
}

/** What a well-formed path asks for. */
export interface Asked extends Target {
  object: Reference | { kind: "blob"; digest: Digest };
}

const read = new WeakMap<V2Path, Asked>();

/** Reads a path of a manifest or blob to its end; throws `RegistryError` for what is malformed in it. */
export function readPath(path: V2Path): Asked {
  const known = read.get(path);
  if (known) return known;
  const target = parseTarget(path.name);
  const object =
    path.kind === "blobs"
      ? ({ kind: "blob", digest: blobDigest(path.tail) } as const)
      : manifestReference(path.tail);
  const asked = { ...target, object };
  read.set(path, asked);
  return asked;
}
