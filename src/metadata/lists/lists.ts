import { sql, type Transaction } from "kysely";
import { cacheIdOf, upstreamOfCache } from "../caches.ts";
import type { Db, Schema } from "../schema.ts";
import { inTransaction } from "../transactions.ts";
import { shareUpstream } from "../turns.ts";
import type { CachedList, FetchedList, ListKey, Lists } from "./contract.ts";

/** Far more tags than anybody pulls of one repository. */
const maxShown = 100_000;

/** Of lists that are given up; each can be some MiB. */
const perStep = 50;

/** Lists of upstreams, on any engine. */
export class SqlLists implements Lists {
  constructor(readonly db: Db) {}

  async find(
    upstreamIds: readonly number[],
    repository: string,
    key: ListKey,
  ): Promise<CachedList[]> {
    if (upstreamIds.length === 0) return [];
    const rows = await this.db
      .selectFrom("lists")
      .select(["id", "upstream_id as cacheId", "repository", "content"])
      .select("checked_at as checkedAt")
      .where("upstream_id", "in", cachesOf(this.db, upstreamIds))
      .where("repository", "=", repository)
      .where("kind", "=", key.kind)
      .where("subject", "=", subjectOf(key))
      .execute();
    return rows.map(({ cacheId, ...row }) => ({ ...row, upstreamId: upstreamOfCache(cacheId) }));
  }

  store(list: FetchedList): Promise<void> {
    return inTransaction(this.db, async (tx) => {
      await shareUpstream(tx, list.upstreamId);
      await this.#store(tx, list);
    });
  }

  /** In one statement, in which the upstream is still the one that was asked; else nothing is written. */
  async #store(tx: Transaction<Schema>, list: FetchedList): Promise<void> {
    const { groupId, upstreamId, upstreamVersion, repository, key, content, now } = list;
    await tx
      .insertInto("lists")
      .columns([
        "group_id",
        "upstream_id",
        "repository",
        "kind",
        "subject",
        "content",
        "checked_at",
      ])
      .expression((eb) =>
        eb
          .selectFrom("upstreams")
          .select([
            "group_id",
            cacheIdOf("upstreams").as("cache_id"),
            eb.val(repository).as("repository"),
            eb.val(key.kind).as("kind"),
            eb.val(subjectOf(key)).as("subject"),
            eb.val(content).as("content"),
            eb.val(now).as("checked_at"),
          ])
          .where("id", "=", upstreamId)
          .where("group_id", "=", groupId)
          .where("version", "=", upstreamVersion)
          .forShare(),
      )
      .onConflict((conflict) =>
        conflict
          .columns(["upstream_id", "repository", "kind", "subject"])
          .doUpdateSet({ content, checked_at: now }),
      )
      .execute();
  }

  async delete(id: number): Promise<void> {
    await this.db.deleteFrom("lists").where("id", "=", id).execute();
  }

  async forget(upstreamId: number, repository: string): Promise<void> {
    await this.db
      .deleteFrom("lists")
      .where("upstream_id", "in", cachesOf(this.db, [upstreamId]))
      .where("repository", "=", repository)
      .execute();
  }

  async expire(before: number, most: number): Promise<number> {
    return inTransaction(this.db, async (tx) => {
      const ids = tx.selectFrom("lists").select("id").limit(perStep);
      const forEver = tx
        .selectFrom("upstreams as u")
        .select(cacheIdOf("u").as("id"))
        .where("u.cache_validity_hours", "=", 0);
      const excess = ids.orderBy("checked_at", "desc").offset(most);
      const old = ids.where("checked_at", "<", before).where("upstream_id", "not in", forEver);
      for (const some of [excess, old.orderBy("checked_at")]) {
        const gone = (await some.execute()).map(({ id }) => id);
        if (gone.length === 0) continue;
        await tx.deleteFrom("lists").where("id", "in", gone).execute();
        return gone.length;
      }
      return 0;
    });
  }

  async shownTags(
    upstreamId: number,
    repository: string,
    since: number,
  ): Promise<string[] | undefined> {
    const rows = await this.db
      .selectFrom("cache_entries")
      .select("reference")
      .where("upstream_id", "in", cachesOf(this.db, [upstreamId]))
      .where("repository", "=", repository)
      .where("kind", "=", "manifest")
      .where("proof", "=", sql.lit("shown"))
      .where("status", "=", sql.lit("default"))
      .where("upstream_checked_at", ">=", since)
      .orderBy("reference")
      .limit(maxShown)
      .execute();
    if (rows.length === 0) return undefined;
    return rows.map(({ reference }) => reference).filter((reference) => !reference.includes(":"));
  }
}

/** Of upstreams that are there. */
function cachesOf(db: Db, upstreamIds: readonly number[]) {
  return db
    .selectFrom("upstreams as u")
    .select(cacheIdOf("u").as("id"))
    .where("u.id", "in", upstreamIds);
}

function subjectOf(key: ListKey): string {
  return key.kind === "tags" ? "" : key.subject;
}
