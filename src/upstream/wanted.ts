import type { Digest } from "../oci/digest.ts";
import { manifestAccept } from "../oci/manifest.ts";
import { type Reference, referenceText } from "../oci/reference.ts";
import type { Upstream } from "./contract.ts";
import type { Call } from "./transport.ts";

/** One request to a registry: what varies. */
export interface Wanted extends Pick<Call, "method" | "headers" | "lane"> {
  upstream: Upstream;
  repository: string;
  kind: "manifests" | "blobs";
  reference: string;
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
