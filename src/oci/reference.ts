import { algorithmOf, type Digest, hexOf, parseDigest } from "./digest.ts";

/** A tag or a digest. */
export type Reference = { kind: "tag"; tag: string } | { kind: "digest"; digest: Digest };

const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagGrammar = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

export const maxNameLength = 255;
const maxComponents = 32;

/**
 * Whether `name` is a repository name (OCI distribution-spec, "Pulling manifests"): 1 to 32 components,
 * 255 characters in all. Length is judged first, so that the pattern meets bounded text only.
 */
export function isRepositoryName(name: string): boolean {
  if (name.length === 0 || name.length > maxNameLength) return false;
  const components = name.split("/");
  return components.length <= maxComponents && components.every((part) => component.test(part));
}

/** Undefined when `text` is neither a tag nor a digest. */
export function parseReference(text: string): Reference | undefined {
  if (tagGrammar.test(text)) return { kind: "tag", tag: text };
  const digest = parseDigest(text);
  return digest && { kind: "digest", digest };
}

export function isTag(text: string): boolean {
  return tagGrammar.test(text);
}

/** What a tag can hold of a digest (distribution-spec 1.1, "Referrers Tag Schema"). */
const maxTagHex = 64;
const referrerTag = /^sha(?:256|512)-[0-9a-f]{64}(?:\.(?:sig|att|sbom))?$/;

/** The tag whose index lists what refers to a digest, where a registry has no referrers API. */
export function referrersTag(digest: Digest): string {
  return `${algorithmOf(digest)}-${hexOf(digest).slice(0, maxTagHex)}`;
}

/** All tags that stand for what refers to a digest: the one above, then those of `isReferrerTag`. */
export function referrerTagsOf(digest: Digest): string[] {
  const tag = referrersTag(digest);
  return [tag, `${tag}.sig`, `${tag}.att`, `${tag}.sbom`];
}

/**
 * Whether a tag stands for what refers to a digest: the one above, or cosign's older ones for signatures, attestations
 * and SBOMs. Such tags appear and move when somebody signs.
 */
export function isReferrerTag(tag: string): boolean {
  return referrerTag.test(tag);
}

export function referenceText(reference: Reference): string {
  return reference.kind === "tag" ? reference.tag : reference.digest;
}

export interface ImageName {
  repository: string;
  reference: Reference;
}

/** `<repository>[:<tag>][@<digest>]`, as clients write it; a digest outweighs the tag beside it. Undefined for anything else. */
export function parseImage(image: string): ImageName | undefined {
  const [, repository = "", tag = "latest", digest] =
    /^([^:@]+)(?::([^:@]+))?(?:@(.+))?$/.exec(image) ?? [];
  const reference = parseReference(digest ?? tag);
  if (!isRepositoryName(repository) || !reference || !isTag(tag)) return undefined;
  return digest === undefined || reference.kind === "digest"
    ? { repository, reference }
    : undefined;
}
