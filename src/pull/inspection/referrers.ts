import type { EntryRecord, PresentEntry } from "../../metadata/contract.ts";
import { textsWithin } from "../../oci/description.ts";
import type { Digest } from "../../oci/digest.ts";
import { ListError, parseReferrers, type Referrer } from "../../oci/list.ts";
import { essence, mediaTypes } from "../../oci/manifest.ts";
import { referrersTag, referrerTagsOf } from "../../oci/reference.ts";
import { decodeReferrers } from "../referrers.ts";
import type { InspectedReferrer } from "./contract.ts";
import type { InspectorOptions } from "./inspector.ts";

/** Longer lists take too long to read for being looked at. */
const maxListLength = 1 << 20;
const maxReferrers = 100;
const maxAnnotations = 4096;

interface Known {
  referrers: InspectedReferrer[];
  isTruncated: boolean;
}

/** What refers to a manifest, as far as its upstream said so when somebody asked, or as tags tell that were pulled. */
export async function knownReferrers(
  options: InspectorOptions,
  entry: EntryRecord,
): Promise<Known> {
  const { upstreamId, repository, digest } = entry;
  const place = { upstreamId, repository, kind: "manifest" } as const;
  const tags = referrerTagsOf(digest);
  const tagged = await options.entries.present(place, tags);
  const listed = await cachedList(options, entry);
  const index = await taggedIndex(options, tagged.get(referrersTag(digest)));
  const all = new Map<Digest, Referrer>();
  for (const one of [...listed.referrers, ...index.referrers]) all.set(one.digest, one);
  let isTruncated = listed.isTruncated || index.isTruncated || all.size > maxReferrers;
  const some = [...all.values()].sort(byDigest).slice(0, maxReferrers);
  const present = await options.entries.present(
    place,
    some.map((one) => one.digest),
  );
  const left = () => {
    isTruncated = true;
  };
  const named = some.map((one) => ({
    ...one,
    artifactType: one.artifactType,
    annotations: textsWithin(one.annotations, maxAnnotations, left),
    tag: undefined,
    cached: present.get(one.digest),
  }));
  // The first of the tags is that of the index above.
  const older = tags.slice(1).flatMap((tag) => {
    const cached = tagged.get(tag);
    return cached ? [byTag(tag, cached)] : [];
  });
  return { referrers: [...named, ...older], isTruncated };
}

const byDigest = (a: Referrer, b: Referrer) => (a.digest < b.digest ? -1 : 1);

const byTag = (tag: string, cached: PresentEntry): InspectedReferrer => ({
  digest: cached.digest,
  mediaType: cached.contentType,
  artifactType: undefined,
  size: cached.size,
  annotations: {},
  tag,
  cached,
});

interface Listed {
  referrers: Referrer[];
  isTruncated: boolean;
}
const none: Listed = { referrers: [], isTruncated: false };
const tooMuch: Listed = { referrers: [], isTruncated: true };

async function cachedList({ lists }: InspectorOptions, entry: EntryRecord): Promise<Listed> {
  const key = { kind: "referrers", subject: entry.digest } as const;
  const [list] = await lists.find([entry.upstreamId], entry.repository, key);
  if (!list) return none;
  if (list.content.length > maxListLength) return tooMuch;
  return { referrers: decodeReferrers(list.content), isTruncated: false };
}

/** The index by the tag that stands in for the list where a registry has no referrers API. */
async function taggedIndex(
  { entries }: InspectorOptions,
  tagged: PresentEntry | undefined,
): Promise<Listed> {
  if (essence(tagged?.contentType ?? null) !== mediaTypes.ociIndex || !tagged) return none;
  const payload = await entries.payload(tagged.digest, maxListLength);
  if (!payload) return tooMuch;
  try {
    return { referrers: parseReferrers(payload), isTruncated: false };
  } catch (error) {
    if (error instanceof ListError) return none;
    throw error;
  }
}
