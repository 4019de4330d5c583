import { sql } from "kysely";
import type { Clock } from "../../lib/clock.ts";
import { cacheIdOf } from "../caches.ts";
import type { Db } from "../schema.ts";
import { inTransaction } from "../transactions.ts";
import {
  type GroupSummary,
  type HistoryFilter,
  keptDays,
  type Point,
  type RepositoryCounters,
  type Statistics,
  type Tally,
} from "./contract.ts";
import { counterColumns, countersOf } from "./counters.ts";
import { addTallies } from "./adding.ts";

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
const summaryDays = 30;
/** So many take some milliseconds. */
const rowsPerStep = 1000;

/** `Statistics` on any engine. */
export class SqlStatistics implements Statistics {
  constructor(
    readonly db: Db,
    readonly clock: Clock,
  ) {}

  async add(tallies: readonly Tally[], now: number): Promise<void> {
    if (tallies.length === 0) return;
    const times = { hour: now - (now % hourMs), day: now - (now % dayMs) };
    await inTransaction(this.db, (tx) => addTallies(tx, tallies, times));
  }

  async history(filter: HistoryFilter & { span: "hour" | "day" }): Promise<Point[]> {
    const rows = await this.db
      .selectFrom("upstream_statistics")
      .select(["at", ...sums()])
      .where("span", "=", filter.span)
      .where(within(filter))
      .groupBy("at")
      .orderBy("at")
      .execute();
    return rows.map((row) => ({ at: row.at, counters: countersOf(row) }));
  }

  async ofRepository(filter: HistoryFilter & { repository: string }): Promise<Point[]> {
    const rows = await this.db
      .selectFrom("repository_statistics")
      .select(["at", ...sums()])
      .where("repository", "=", filter.repository)
      .where(within(filter))
      .groupBy("at")
      .orderBy("at")
      .execute();
    return rows.map((row) => ({ at: row.at, counters: countersOf(row) }));
  }

  async topRepositories(filter: HistoryFilter & { limit: number }): Promise<RepositoryCounters[]> {
    const rows = await this.db
      .selectFrom("repository_statistics")
      .select(["upstream_id", "repository", ...sums()])
      .where(within(filter))
      .groupBy(["upstream_id", "repository"])
      .orderBy(sql`sum(hit + stale + revalidated + miss + collapsed + windowed + bypass)`, "desc")
      .orderBy("repository")
      .orderBy("upstream_id")
      .limit(filter.limit)
      .execute();
    return rows.map((row) => ({
      upstreamId: row.upstream_id,
      repository: row.repository,
      counters: countersOf(row),
    }));
  }

  async summary(groupId: number): Promise<GroupSummary> {
    const registries = await this.db
      .selectFrom("registries")
      .select((eb) => eb.fn.countAll().as("count"))
      .where("group_id", "=", groupId)
      .executeTakeFirstOrThrow();
    const upstreams = await this.db
      .selectFrom("upstreams")
      .select((eb) => eb.fn.countAll().as("count"))
      .where("group_id", "=", groupId)
      .where("kind", "=", "registry")
      .executeTakeFirstOrThrow();
    const held = await this.db
      .selectFrom("upstreams as u")
      .innerJoin("entry_counts as c", (join) => join.on("c.upstream_id", "=", cacheIdOf("u")))
      .select((eb) => [eb.fn.sum("c.entries").as("entries"), eb.fn.sum("c.size").as("size")])
      .where("u.group_id", "=", groupId)
      .where("u.kind", "=", "registry")
      .executeTakeFirstOrThrow();
    const today = this.clock.now() - (this.clock.now() % dayMs);
    const from = today - (summaryDays - 1) * dayMs;
    const pulls = await this.db
      .selectFrom("upstream_statistics")
      .select(sums())
      .where("span", "=", "day")
      .where(within({ groupId, from, to: today + dayMs }))
      .executeTakeFirstOrThrow();
    return {
      registries: Number(registries.count),
      upstreams: Number(upstreams.count),
      entries: Number(held.entries ?? 0),
      size: Number(held.size ?? 0),
      counters: countersOf(pulls),
    };
  }

  async expire(): Promise<number> {
    const now = this.clock.now();
    const hours = now - keptDays.hour * dayMs;
    const days = now - keptDays.day * dayMs;
    return (
      (await expireSpan(this.db, "hour", hours, rowsPerStep)) ||
      (await expireSpan(this.db, "day", days, rowsPerStep)) ||
      (await expireRepositories(this.db, days, rowsPerStep))
    );
  }
}

const sums = () => counterColumns.map((column) => sql<number>`sum(${sql.ref(column)})`.as(column));

/** What a Dependency Proxy has is to be seen nowhere. */
function within({ groupId, from, to, upstreamId, without = [] }: HistoryFilter) {
  const only = upstreamId === undefined ? sql`` : sql` and upstream_id = ${upstreamId}`;
  const others = without.length === 0 ? sql`` : sql` and upstream_id not in (${sql.join(without)})`;
  return sql<boolean>`group_id = ${groupId} and at >= ${from} and at < ${to}${only}${others}
    and upstream_id not in
      (select id from upstreams where group_id = ${groupId} and kind = 'dependency_proxy')`;
}

/** Some of the oldest; how many. */
async function expireSpan(
  db: Db,
  span: "hour" | "day",
  before: number,
  limit: number,
): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    delete from upstream_statistics where (group_id, span, at, upstream_id) in (
      select group_id, span, at, upstream_id from upstream_statistics
      where span = ${span} and at < ${before} limit ${limit}
    )`.execute(db);
  return Number(numAffectedRows);
}

async function expireRepositories(db: Db, before: number, limit: number): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    delete from repository_statistics where (group_id, at, upstream_id, repository) in (
      select group_id, at, upstream_id, repository from repository_statistics
      where at < ${before} limit ${limit}
    )`.execute(db);
  return Number(numAffectedRows);
}
