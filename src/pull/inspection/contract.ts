import type { EntryRecord, PresentEntry, Upstream } from "../../metadata/contract.ts";
import type { Descriptor, ManifestDescription } from "../../oci/description.ts";
import type { Digest } from "../../oci/digest.ts";

/** What can be known of a cache entry without asking anybody outside. */
export interface Inspector {
  inspect(entry: EntryRecord, upstream: Upstream): Promise<InspectedEntry>;
}

export interface InspectedEntry {
  /** When a pull asks its upstream again; undefined: never, since it is had by its digest or the upstream is not asked again. */
  nextCheckAt: number | undefined;
  /** Undefined for a blob. */
  manifest: InspectedManifest | undefined;
}

/** `cached`: the entry in the same repository; undefined where there is none. */
export type InspectedDescriptor = Descriptor & { cached: PresentEntry | undefined };

export interface InspectedManifest extends Omit<
  ManifestDescription,
  "subject" | "config" | "layers" | "members"
> {
  subject: InspectedDescriptor | undefined;
  config: InspectedDescriptor | undefined;
  layers: InspectedDescriptor[];
  members: InspectedDescriptor[];
  /** Tags of the repository that stand for it. */
  tags: string[];
  referrers: InspectedReferrer[];
}

/** What is known to refer to a manifest: a signature, an attestation, an SBOM. */
export interface InspectedReferrer {
  digest: Digest;
  mediaType: string;
  artifactType: string | undefined;
  size: number;
  annotations: Record<string, string>;
  /** The tag by which it is had, where it is by one that stands for what refers to a digest. */
  tag: string | undefined;
  cached: PresentEntry | undefined;
}
