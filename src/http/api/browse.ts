import { maybeTime, timeText } from "../../lib/time-text.ts";
import type { EntryRecord, PresentEntry, RepositoryRecord } from "../../metadata/contract.ts";
import { parseDigest } from "../../oci/digest.ts";
import type {
  InspectedDescriptor,
  InspectedEntry,
  InspectedManifest,
} from "../../pull/inspection/contract.ts";
import { entryIdText, entryJson } from "./represent.ts";

export function repositoryJson(repository: RepositoryRecord) {
  return {
    repository: repository.repository,
    entries_count: repository.entries,
    tags_count: repository.tags,
    digests_count: repository.digests,
    size: repository.size,
    last_downloaded_at: timeText(repository.lastDownloadedAt),
  };
}

export function entryDetailJson(entry: EntryRecord, { nextCheckAt, manifest }: InspectedEntry) {
  return {
    ...entryJson(entry),
    repository: entry.repository,
    kind: kindOf(entry),
    reference: entry.reference,
    next_check_at: maybeTime(nextCheckAt),
    manifest: manifest ? manifestJson(manifest, entry) : null,
  };
}

function kindOf({ kind, reference }: EntryRecord): "tag" | "digest" | "blob" {
  if (kind === "blob") return "blob";
  return parseDigest(reference) ? "digest" : "tag";
}

function manifestJson(manifest: InspectedManifest, entry: EntryRecord) {
  const presence = (cached: PresentEntry | undefined) => ({
    cached: cached !== undefined,
    entry_id: cached ? entryIdText({ groupId: entry.groupId, id: cached.id }) : null,
  });
  const descriptorJson = ({ digest, mediaType, size, annotations, cached }: Described) => {
    return { digest, media_type: mediaType, size, annotations, ...presence(cached) };
  };
  return {
    media_type: entry.contentType,
    artifact_type: manifest.artifactType ?? null,
    annotations: manifest.annotations,
    subject: manifest.subject ? descriptorJson(manifest.subject) : null,
    config: manifest.config ? descriptorJson(manifest.config) : null,
    layers: manifest.layers.map(descriptorJson),
    platforms: manifest.members.map((member) => ({
      ...descriptorJson(member),
      platform: member.platform ?? null,
    })),
    tags: manifest.tags,
    referrers: manifest.referrers.map((referrer) => ({
      ...descriptorJson(referrer),
      artifact_type: referrer.artifactType ?? null,
      tag: referrer.tag ?? null,
    })),
    truncated: manifest.isTruncated,
  };
}

type Described = Omit<InspectedDescriptor, "platform">;
