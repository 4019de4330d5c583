import type { Generated } from "kysely";
import type { Digest } from "../../oci/digest.ts";

export interface PrefetchesTable {
  id: Generated<number>;
  group_id: number;
  registry_id: number;
  /** Of those of its registry; null: it has none. */
  name: Generated<string | null>;
  /** A JSON array of texts. */
  platforms: string;
  every_hours: number | null;
  status: Generated<"scheduled" | "running" | "finished" | "failed">;
  next_run_at: number | null;
  last_run_at: number | null;
  run_started_at: number | null;
  advanced_at: Generated<number>;
  created_at: number;
  updated_at: number;
}

export interface PrefetchImagesTable {
  prefetch_id: number;
  position: number;
  image: string;
  status: Generated<"pending" | "done" | "failed">;
  reason: string | null;
  digest: Digest | null;
  attempts: Generated<number>;
  not_before: Generated<number>;
  objects_done: Generated<number>;
  objects_total: Generated<number>;
  bytes_done: Generated<number>;
  bytes_total: Generated<number>;
}
