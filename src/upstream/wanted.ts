import type { Digest } from "../oci/digest.ts";
import { manifestAccept, mediaTypes } from "../oci/manifest.ts";
import { type Reference, referenceText } from "../oci/reference.ts";
import type { Upstream } from "./contract.ts";
import type { Call } from "./transport.ts";

/** One request to a registry: what varies. */
export interface Wanted extends Pick<Call, "method" | "headers" | "lane"> {
  upstream: Upstream;
  repository: string;
  kind: "manifests" | "blobs" | "tags" | "referrers";
  reference: string;
  /** With its question mark. */
  query?: string;
  /** Statuses that, like 404, say that there is no such thing. */
  lacking?: readonly number[];
  marks: readonly string[];
}

export function wantedManifest(
  upstream: Upstream,
  repository: string,
  reference: Reference,
  marks: readonly string[],
) {
  const headers = { Accept: manifestAccept };
  const kind = "manifests" as const;
  const text = referenceText(reference);
  return { upstream, repository, kind, reference: text, headers, lane: "call", marks } as const;
}

export function wantedBlob(
  upstream: Upstream,
  repository: string,
  digest: Digest,
  marks: readonly string[],
) {
  const headers = { Accept: "*/*" };
  const kind = "blobs" as const;
  return { upstream, repository, kind, reference: digest, headers, lane: "call", marks } as const;
}

/** What registries say that know no lists of tags. */
const withoutTags = [405, 501];
/** The same of referrers: some take the path for a malformed one of another kind. */
const withoutReferrers = [400, 405, 406, 501];

export function wantedTags(upstream: Upstream, repository: string, marks: readonly string[]) {
  const headers = { Accept: "application/json" };
  const what = { kind: "tags", reference: "list", lacking: withoutTags } as const;
  return { upstream, repository, ...what, headers, lane: "call", marks } as const;
}

export function wantedReferrers(
  upstream: Upstream,
  repository: string,
  digest: Digest,
  marks: readonly string[],
) {
  const headers = { Accept: mediaTypes.ociIndex };
  const what = { kind: "referrers", reference: digest, lacking: withoutReferrers } as const;
  return { upstream, repository, ...what, headers, lane: "call", marks } as const;
}
