import { LruMap } from "../../lib/lru.ts";
import { type Digest, parseDigest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/error.ts";
import { parseReference, type Reference } from "../../oci/reference.ts";
import { parsePlace, type Place } from "./roads.ts";

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

/** The one list of tags that a repository has (OCI distribution-spec, "Listing Tags"). */
function requireList(tail: string): void {
  if (tail !== "list") throw notProtocol();
}

/** A path that is none of the pull endpoints. */
export function notProtocol(): RegistryError {
  const message = "this path is not one of the registry protocol's pull endpoints";
  return new RegistryError("not_found", message);
}

/** What a path asks for of its repository. */
export type Wanted =
  | Reference
  | { kind: "blob"; digest: Digest }
  | { kind: "tags" }
  | { kind: "referrers"; digest: Digest };

export interface Asked {
  place: Place;
  wanted: Wanted;
}

const read = new WeakMap<V2Path, Asked>();

/** Reads a path to its end; throws `RegistryError` for what is malformed in it. */
export function readPath(path: V2Path): Asked {
  const known = read.get(path);
  if (known) return known;
  const asked = { place: parsePlace(path.name), wanted: readTail(path) };
  read.set(path, asked);
  return asked;
}

function readTail({ kind, tail }: V2Path): Wanted {
  switch (kind) {
    case "manifests":
      return manifestReference(tail);
    case "blobs":
      return { kind: "blob", digest: blobDigest(tail) };
    case "referrers":
      return { kind: "referrers", digest: blobDigest(tail) };
    case "tags":
      requireList(tail);
      return { kind: "tags" };
  }
}
