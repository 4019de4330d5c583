import type { Registry } from "../../metadata/contract.ts";
import type { Digest } from "../../oci/digest.ts";
import { mediaTypes } from "../../oci/manifest.ts";
import type { ListOptions, Puller } from "../../pull/contract.ts";
import type { Exchange } from "../exchange.ts";
import { listResponse } from "../respond.ts";
import { referrersPage, tagsPage } from "./query.ts";

interface Asked {
  request: Request;
  exchange: Exchange;
  puller: Puller;
  registry: Registry;
  /** As it is called behind our prefix. */
  repository: string;
  /** As it was asked for: it stands in the answer and in links. */
  name: string;
}

/** OCI distribution-spec, "Listing Tags". */
export async function tagsResponse(asked: Asked, options: ListOptions): Promise<Response> {
  const { request, exchange, puller, registry, repository, name } = asked;
  const query = new URL(request.url).searchParams;
  const page = tagsPage(query);
  const pulled = await puller.tags(registry, repository, page, options);
  const { tags, more, explanation } = pulled;
  const last = tags.at(-1);
  // Where there is more, the page is as long as asked for, or as we let it be.
  const n = String(tags.length);
  return listResponse(exchange, request, {
    type: "application/json",
    body: { name, tags },
    explanation,
    ...(more && last && { next: linkTo(`${name}/tags/list`, query, { n, last }) }),
  });
}

/** OCI distribution-spec, "Listing Referrers". We filter, whatever the upstream did. */
export async function referrersResponse(
  asked: Asked,
  subject: Digest,
  options: ListOptions,
): Promise<Response> {
  const { request, exchange, puller, registry, repository, name } = asked;
  const query = new URL(request.url).searchParams;
  const page = referrersPage(query);
  const pulled = await puller.referrers(registry, repository, subject, page, options);
  const { referrers, more, explanation } = pulled;
  const { artifactType } = page;
  const last = referrers.at(-1)?.digest;
  const next = { ...(artifactType !== undefined && { artifactType }) };
  return listResponse(exchange, request, {
    type: mediaTypes.ociIndex,
    body: { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: referrers },
    explanation,
    ...(artifactType !== undefined && { filtered: "artifactType" }),
    ...(more && last && { next: linkTo(`${name}/referrers/${subject}`, query, { ...next, last }) }),
  });
}

/** A relative link to the next page. Of the query at hand only what says whose the name is goes along. */
function linkTo(path: string, query: URLSearchParams, next: Record<string, string>): string {
  const ns = query.get("ns");
  return `/v2/${path}?${new URLSearchParams({ ...next, ...(ns !== null && { ns }) })}`;
}
