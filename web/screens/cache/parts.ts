import type { EntryKind } from "./queries.ts";

export interface EntryParts {
  repository: string;
  kind: EntryKind;
  reference: string;
}

/** What the path of an entry says: `/library/alpine/manifests/3.20`. */
export function partsOf(relativePath: string): EntryParts {
  const [, repository = relativePath, kind, reference = ""] =
    /^\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(relativePath) ?? [];
  if (kind === "blobs") return { repository, kind: "blob", reference };
  return { repository, kind: reference.includes(":") ? "digest" : "tag", reference };
}

const shownHex = 12;

/** A digest as one tells it from others: `sha256:0123456789ab…`. Tags stay as they are. */
export function shortReference(reference: string): string {
  const [algorithm = "", hex] = reference.split(":");
  if (hex === undefined || hex.length <= shownHex) return reference;
  return `${algorithm}:${hex.slice(0, shownHex)}…`;
}

/** As an image is called: `library/alpine:3.20`, `library/alpine@sha256:…`. */
export function imageName({ repository, kind, reference }: EntryParts): string {
  return `${repository}${kind === "tag" ? ":" : "@"}${reference}`;
}

const words: readonly [pattern: RegExp, word: string][] = [
  [/cosign\.simplesigning|cosign\.artifact\.sig|notary.*signature/, "Signature"],
  [/sigstore\.bundle/, "Signature (Sigstore bundle)"],
  [/spdx|cyclonedx|syft|sbom/, "SBOM"],
  [/in-toto|slsa|provenance|dsse/, "Attestation"],
  [/image\.index|manifest\.list/, "Index of platforms"],
  [/image\.manifest|distribution\.manifest/, "Image manifest"],
  [/image\.config|container\.image\.v1/, "Image configuration"],
  [/helm\.chart/, "Helm chart"],
  [/rootfs\.diff|image\.layer/, "Layer"],
];

/** A media type in words, where there are some. */
export function typeWords(mediaType: string): string {
  return words.find(([pattern]) => pattern.test(mediaType))?.[1] ?? mediaType;
}

/** What a referrer is: by its type, by the suffix of the tag that it is kept at (`sha256-….sig`), or just the type. */
export function referrerWords(artifactType: string | null, tag: string | null): string {
  const suffix = tag === null ? "" : (/\.(sig|att|sbom)$/.exec(tag)?.[1] ?? "");
  const bySuffix: Readonly<Record<string, string>> = {
    sig: "Signature",
    att: "Attestation",
    sbom: "SBOM",
  };
  return bySuffix[suffix] ?? (artifactType === null ? "Artifact" : typeWords(artifactType));
}
