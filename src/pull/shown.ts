import type { ShownObject } from "../metadata/contract.ts";
import type { Described } from "../upstream/contract.ts";
import { blobContentType } from "./content-type.ts";
import type { Wanted } from "./flight.ts";

/** What its upstream has shown of a blob, as it is noted. */
export function shownBlob(
  { upstream, repository, digest }: Wanted,
  { contentType, etag }: Pick<Described, "contentType" | "etag">,
  size: number,
  now: number,
): ShownObject {
  return {
    groupId: upstream.groupId,
    upstreamId: upstream.id,
    upstreamVersion: upstream.version,
    repository,
    kind: "blob",
    reference: digest,
    digest,
    contentType: blobContentType(contentType),
    size,
    etag,
    now,
  };
}
