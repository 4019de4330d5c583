import type { Generated } from "kysely";
import type { Digest } from "../../oci/digest.ts";

export interface GroupsTable {
  id: Generated<number>;
  path: string;
  name: string;
  parent_id: number | null;
  cache_max_bytes: number | null;
}

export interface BlobsTable {
  digest: Digest;
  size: number;
  stored_at: number;
  verified_at: number;
  /** Since when a server is about to delete the bytes. */
  removing_at: number | null;
}

/** Of all content; of what of that nothing needs; of what the entries of an upstream or a group need. */
export type BytesScope = "stored" | "leaving" | "upstream" | "group";
