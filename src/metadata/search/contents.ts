import { sql } from "kysely";
import type { Digest } from "../../oci/digest.ts";
import type { ChildKind } from "../../oci/manifest.ts";
import type { PresentEntry } from "../management/contract.ts";
import { upstreamOfCache } from "../caches.ts";
import type { Db } from "../schema.ts";
import { type CachePlace, seen } from "./entry-search.ts";
import { Repositories } from "./repositories.ts";
import { RepositoryEntries } from "./repository-entries.ts";

/** So many values fit into one question on every engine. */
const referencesAtOnce = 500;

interface Within {
  cacheId: number;
  repository: string;
  kind: ChildKind;
}

/** What is in a cache's repositories (`caches.ts`), and what their manifests lead to. */
export class RepositoryContents {
  constructor(
    readonly db: Db,
    readonly repositories = new Repositories(db),
    readonly entries = new RepositoryEntries(db),
  ) {}

  /** `ManagedEntries.present`. */
  async present(
    { cacheId, repository, kind }: Within,
    references: readonly string[],
  ): Promise<Map<string, PresentEntry>> {
    const wanted = [...new Set(references)];
    const found = new Map<string, PresentEntry>();
    for (let start = 0; start < wanted.length; start += referencesAtOnce) {
      const rows = await seen(this.db)
        .select(["e.id", "e.reference", "e.digest", "e.size", "e.content_type as contentType"])
        .where("e.upstream_id", "=", cacheId)
        .where("e.repository", "=", repository)
        .where("e.kind", "=", kind)
        .where("e.reference", "in", wanted.slice(start, start + referencesAtOnce))
        .execute();
      for (const { reference, ...entry } of rows) found.set(reference, entry);
    }
    return found;
  }

  /** `ManagedEntries.tagsOf`. */
  async tagsOf(
    { cacheId, repository, digest }: CachePlace & { digest: Digest },
    most: number,
  ): Promise<string[]> {
    // By the digest, never by way of all that the upstream or the repository has.
    const rows = await seen(this.db)
      .select("e.reference")
      .where("e.digest", "=", digest)
      .where("e.group_id", "=", (eb) =>
        eb
          .selectFrom("upstreams as u")
          .select("u.group_id")
          .where("u.id", "=", upstreamOfCache(cacheId)),
      )
      .where(sql<boolean>`e.upstream_id + 0 = ${cacheId} and e.repository || '' = ${repository}`)
      .where("e.kind", "=", "manifest")
      .where("e.reference", "<>", digest)
      .orderBy("e.reference")
      .limit(most)
      .execute();
    return rows.map(({ reference }) => reference);
  }

  /** `ManagedEntries.payload`. */
  async payload(digest: Digest, maxBytes: number): Promise<Uint8Array | undefined> {
    const row = await this.db
      .selectFrom("manifests")
      .select("payload")
      .where("digest", "=", digest)
      .where(sql<boolean>`length(payload) <= ${maxBytes}`)
      .executeTakeFirst();
    return row?.payload;
  }
}
