import type { EntryRecord, Lists, ManagedEntries, Upstream } from "../../metadata/contract.ts";
import {
  describeManifest,
  type Descriptor,
  type ManifestDescription,
} from "../../oci/description.ts";
import { parseDigest } from "../../oci/digest.ts";
import type { ChildKind } from "../../oci/manifest.ts";
import { entryValidityMs } from "../validity.ts";
import type {
  InspectedDescriptor,
  InspectedEntry,
  InspectedManifest,
  Inspector,
} from "./contract.ts";
import { knownReferrers } from "./referrers.ts";

export interface InspectorOptions {
  entries: Pick<ManagedEntries, "present" | "payload" | "tagsOf">;
  lists: Pick<Lists, "find">;
}

/** Larger ones take too long to read for being looked at. */
const maxPayload = 4 << 20;
const bounds = { descriptors: 1000, annotations: 16_384 };
const maxTags = 100;

const nothing: ManifestDescription = {
  artifactType: undefined,
  annotations: {},
  subject: undefined,
  config: undefined,
  layers: [],
  members: [],
  isTruncated: true,
};

export function createInspector(options: InspectorOptions): Inspector {
  return {
    inspect: async (entry, upstream): Promise<InspectedEntry> => ({
      nextCheckAt: nextCheckOf(entry, upstream),
      manifest: entry.kind === "manifest" ? await inspectManifest(options, entry) : undefined,
    }),
  };
}

/** What is had by its digest stays what it is. */
function nextCheckOf(entry: EntryRecord, upstream: Upstream): number | undefined {
  if (entry.kind === "blob" || parseDigest(entry.reference)) return undefined;
  const ms = entryValidityMs(entry, upstream);
  return Number.isFinite(ms) ? entry.checkedAt + ms : undefined;
}

async function inspectManifest(
  options: InspectorOptions,
  entry: EntryRecord,
): Promise<InspectedManifest> {
  const { entries } = options;
  const { digest, contentType, upstreamId, repository } = entry;
  const payload = await entries.payload(digest, maxPayload);
  const described = payload ? describeManifest(payload, contentType, bounds) : nothing;
  const { subject, config, layers, members, isTruncated, ...rest } = described;
  const place = { upstreamId, repository };
  const withEntries = async (kind: ChildKind, some: readonly Descriptor[]) => {
    const digests = some.map((one) => one.digest);
    const present = await entries.present({ ...place, kind }, digests);
    return some.map((one): InspectedDescriptor => {
      return { ...one, cached: present.get(one.digest) };
    });
  };
  const [ownConfig, ...ownLayers] = await withEntries(
    "blob",
    config ? [config, ...layers] : layers,
  );
  const [ownSubject] = await withEntries("manifest", subject ? [subject] : []);
  const known = await knownReferrers(options, entry);
  const tags = await entries.tagsOf({ ...place, digest }, maxTags + 1);
  return {
    ...rest,
    subject: ownSubject,
    config: config && ownConfig,
    layers: config || !ownConfig ? ownLayers : [ownConfig, ...ownLayers],
    members: await withEntries("manifest", members),
    tags: tags.slice(0, maxTags),
    referrers: known.referrers,
    isTruncated: isTruncated || known.isTruncated || tags.length > maxTags,
  };
}
