import { sql, type Transaction } from "kysely";
import type { Schema } from "../schema.ts";
import type { Tally } from "./contract.ts";
import { columnsOf, counterColumns } from "./counters.ts";

type Tx = Transaction<Schema>;

interface Times {
  fiveMinutes: number;
  hour: number;
  day: number;
}

/** Repositories of one upstream that are counted one by one on one day. */
const maxRepositories = 200;
const others = "";

/** `Statistics.add`. */
export async function addTallies(tx: Tx, tallies: readonly Tally[], times: Times): Promise<void> {
  const groups = await groupsOf(tx, tallies);
  // In one order for all servers, so that of two none waits for the other.
  const ordered = tallies.toSorted(
    (a, b) => a.upstreamId - b.upstreamId || compare(a.repository ?? "", b.repository ?? ""),
  );
  const byUpstream = Map.groupBy(ordered, ({ upstreamId }) => upstreamId);
  for (const [upstreamId, own] of byUpstream) {
    const groupId = groups.get(upstreamId);
    if (groupId === undefined) continue;
    const key = { group_id: groupId, upstream_id: upstreamId };
    for (const { repository, counters } of own) {
      if (repository !== undefined) continue;
      await addToRecent(tx, { ...key, at: times.fiveMinutes, ...columnsOf(counters) });
      await addToUpstream(tx, { ...key, span: "hour", at: times.hour, ...columnsOf(counters) });
      await addToUpstream(tx, { ...key, span: "day", at: times.day, ...columnsOf(counters) });
    }
    await addRepositories(tx, { ...key, at: times.day }, own);
  }
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

async function groupsOf(tx: Tx, tallies: readonly Tally[]): Promise<Map<number, number>> {
  const ids = [...new Set(tallies.map(({ upstreamId }) => upstreamId))];
  const rows = await tx
    .selectFrom("upstreams")
    .select(["id", "group_id"])
    .where("id", "in", ids)
    .execute();
  return new Map(rows.map(({ id, group_id: groupId }) => [id, groupId]));
}

/** Several servers may do this at once: what is there is added to. */
const sums = (table: string) =>
  Object.fromEntries(
    counterColumns.map((column) => [
      column,
      sql<number>`${sql.ref(`${table}.${column}`)} + ${sql.ref(`excluded.${column}`)}`,
    ]),
  );

async function addToUpstream(tx: Tx, row: Schema["upstream_statistics"]): Promise<void> {
  await tx
    .insertInto("upstream_statistics")
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns(["group_id", "span", "at", "upstream_id"])
        .doUpdateSet(sums("upstream_statistics")),
    )
    .execute();
}

async function addToRecent(tx: Tx, row: Schema["recent_statistics"]): Promise<void> {
  await tx
    .insertInto("recent_statistics")
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(["group_id", "at", "upstream_id"]).doUpdateSet(sums("recent_statistics")),
    )
    .execute();
}

interface Key {
  group_id: number;
  upstream_id: number;
  at: number;
}

async function addRepositories(tx: Tx, key: Key, tallies: readonly Tally[]): Promise<void> {
  const named = tallies.filter(({ repository }) => repository !== undefined);
  if (named.length === 0) return;
  const names = new Set(
    (
      await tx
        .selectFrom("repository_statistics")
        .select("repository")
        .where("group_id", "=", key.group_id)
        .where("at", "=", key.at)
        .where("upstream_id", "=", key.upstream_id)
        .execute()
    ).map(({ repository }) => repository),
  );
  for (const { repository = others, counters } of named) {
    const isCounted = names.has(repository) || names.size < maxRepositories;
    const name = isCounted ? repository : others;
    names.add(name);
    await tx
      .insertInto("repository_statistics")
      .values({ ...key, repository: name, ...columnsOf(counters) })
      .onConflict((conflict) =>
        conflict
          .columns(["group_id", "at", "upstream_id", "repository"])
          .doUpdateSet(sums("repository_statistics")),
      )
      .execute();
  }
}
