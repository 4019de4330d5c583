import type { Registry } from "../../metadata/contract.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Reference } from "../../oci/reference.ts";

/** Brings objects into a registry's cache, by the road of a pull. Throws `RegistryError` as a pull does. */
export interface Bringing {
  prefetchManifest(
    registry: Registry,
    repository: string,
    reference: Reference,
  ): Promise<BroughtManifest>;
  prefetchBlob(registry: Registry, repository: string, digest: Digest): Promise<{ size: number }>;
}

export interface BroughtManifest {
  digest: Digest;
  contentType: string;
  payload: Uint8Array;
  explanation: { status: string; reason?: string };
}
