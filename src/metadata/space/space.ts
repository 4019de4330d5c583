import { sql } from "kysely";
import { cacheIdOf, cachesFor, isKeptBy, upstreamIdOf, upstreamOfCache } from "../caches.ts";
import type { Changes } from "../changes.ts";
import type { Db } from "../schema.ts";
import type { BytesScope } from "./tables.ts";
import type {
  BoundedSpace,
  Evicted,
  EvictionWish,
  Space,
  SpaceScope,
  SpaceUsage,
} from "./contract.ts";
import { inTransaction } from "../transactions.ts";
import { lockUpstream } from "../turns.ts";
import { evictSome } from "./evicting.ts";

/** `Space` on any engine. */
export class SqlSpace implements Space {
  constructor(
    readonly db: Db,
    readonly changes: Changes,
  ) {}

  async usage(): Promise<SpaceUsage> {
    const rows = await this.db
      .selectFrom("cached_bytes")
      .select(["scope", "bytes"])
      .where("scope", "in", ["stored", "leaving"])
      .where("owner_id", "=", 0)
      .execute();
    const of = (scope: BytesScope) => rows.find((row) => row.scope === scope)?.bytes ?? 0;
    return { stored: of("stored"), leaving: of("leaving") };
  }

  async bounded(): Promise<BoundedSpace[]> {
    const own = cacheIdOf("u");
    const { rows } = await sql<BoundedSpace>`
      select 'upstream' as scope, u.id, u.name,
        case when u.doubted_epoch < u.cache_epoch then (
          select coalesce(max(d.bytes), 0) from cached_bytes as d
          where d.scope = 'upstream' and ${isKeptBy("d.owner_id", "u")}
        ) else coalesce(b.bytes, 0) end as bytes, u.cache_max_bytes as ${sql.ref("maxBytes")}
      from upstreams as u left join cached_bytes as b on b.scope = 'upstream' and b.owner_id = ${own}
      where u.cache_max_bytes is not null
      union all
      select 'group', g.id, g.path, coalesce(b.bytes, 0), g.cache_max_bytes
      from groups as g left join cached_bytes as b on b.scope = 'group' and b.owner_id = g.id
      where g.cache_max_bytes is not null`.execute(this.db);
    return rows;
  }

  async group(id: number) {
    const row = await this.db
      .selectFrom("groups")
      .select("cache_max_bytes as maxBytes")
      .where("id", "=", id)
      .executeTakeFirst();
    if (!row) return undefined;
    const bytes = await this.bytesOf({ scope: "group", id });
    return { bytes, maxBytes: row.maxBytes ?? undefined };
  }

  async bytesOf({ scope, id }: Exclude<SpaceScope, { scope: "instance" }>): Promise<number> {
    const owners = scope === "upstream" ? await cachesFor(this.db, id) : [id];
    const rows = await this.db
      .selectFrom("cached_bytes")
      .select("bytes")
      .where("scope", "=", scope)
      .where("owner_id", "in", owners)
      .execute();
    return rows.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async cachesOf({ scope, id }: SpaceScope): Promise<number[]> {
    if (scope === "upstream") return cachesFor(this.db, id);
    let query = this.db
      .selectFrom("cached_bytes as b")
      .select("b.owner_id as id")
      .where("b.scope", "=", "upstream")
      .where("b.bytes", ">", 0);
    if (scope === "group") {
      query = query
        .innerJoin("upstreams as u", (join) => join.on("u.id", "=", upstreamIdOf("b.owner_id")))
        .where("u.group_id", "=", id);
    }
    return (await query.orderBy("b.owner_id").execute()).map((row) => row.id);
  }

  async oldest(cacheId: number): Promise<number | undefined> {
    const row = await this.db
      .selectFrom("cache_entries")
      .select("downloaded_at as at")
      .where("upstream_id", "=", cacheId)
      .orderBy("downloaded_at")
      .limit(1)
      .executeTakeFirst();
    return row?.at;
  }

  evict(wish: EvictionWish): Promise<Evicted> {
    if (wish.isDry) return evictSome(this.db, wish);
    // What a power failure brings back is evicted again: nobody waits for the disk here.
    return inTransaction(this.db, async (tx) => {
      // Nobody stores what needs this while it goes.
      await lockUpstream(tx, upstreamOfCache(wish.cacheId));
      return evictSome(tx, wish);
    });
  }

  settle(): Promise<void> {
    return this.changes.run(async (_, changed) => changed());
  }
}
