import type { DeleteResult, Transaction } from "kysely";
import type { Clock } from "../../lib/clock.ts";
import type { AuditFact, Author } from "../audit/contract.ts";
import { insertEvent, system } from "../audit/events.ts";
import { upstreamOfCache } from "../caches.ts";
import type { Changes } from "../changes.ts";
import type { Passwords } from "../passwords.ts";
import { type Limits, lockGroup } from "../positions.ts";
import type { Schema } from "../schema.ts";
import { lockUpstream } from "../turns.ts";
import type { Saving } from "../upstreams.ts";
import type { Condition, Removal } from "./contract.ts";

/** Tables whose rows belong to a group and have an id and a time of change. */
type Table =
  "registries" | "upstreams" | "registry_upstreams" | "cache_entries" | "prefetches" | "webhooks";

/** A write that is on record. */
export interface Recorded extends Saving {
  /** Puts on record what is done here: it is there if, and only if, what was done is. */
  note: (fact: AuditFact) => Promise<void>;
}

/** Nothing stands in the way. */
export const always: Condition = { unmodifiedSince: undefined };

/** So many take some milliseconds. */
const entriesPerStep = 100;
/** A list can be as large as thousands of entries. */
const listsPerStep = 50;

/** Changes, each in one transaction that has its group to itself. */
export class Writer {
  constructor(
    readonly changes: Changes,
    readonly passwords: Passwords,
    readonly clock: Clock,
    readonly limits: Limits,
    /** Whose changes these are. */
    readonly author: Author = system,
  ) {}

  by(author: Author): Writer {
    return new Writer(this.changes, this.passwords, this.clock, this.limits, author);
  }

  inGroup<T>(groupId: number, work: (saving: Recorded) => Promise<T>): Promise<T> {
    return this.run(async (saving) => {
      await lockGroup(saving.tx, groupId);
      return work(saving);
    });
  }

  /** Undefined where the row is not there. */
  withRow<T>(
    table: Table,
    id: number,
    work: (saving: Recorded) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    return this.run(async (saving) =>
      (await lockRow(saving.tx, table, id)) ? work(saving) : undefined,
    );
  }

  remove(
    table: Table,
    id: number,
    { unmodifiedSince }: Pick<Condition, "unmodifiedSince">,
    work: (saving: Recorded) => Promise<void>,
  ): Promise<Removal> {
    return this.run(async (saving) => {
      const row = await lockRow(saving.tx, table, id);
      if (!row) return "absent";
      // Whoever asks has the time from a header, which tells seconds.
      const updatedAt = Math.floor(row.updated_at / 1000) * 1000;
      if (unmodifiedSince !== undefined && updatedAt > unmodifiedSince) return "changed";
      saving.changed();
      await work(saving);
      return "removed";
    });
  }

  /** A step: gives up some lists and entries of a cache; how many. Nobody remembers what nobody has any more. */
  removeSome(cacheId: number): Promise<number> {
    return this.run(async ({ tx }) => {
      await lockUpstream(tx, upstreamOfCache(cacheId));
      const lists = await removeLists(tx, cacheId);
      if (lists === listsPerStep) return lists;
      return lists + (await removeOldest(tx, cacheId));
    });
  }

  /** A step: gives up some of a cache's entries that were last pulled at this time or earlier; how many. */
  removeOld(cacheId: number, lastPull: number): Promise<number> {
    return this.run(async ({ tx, changed }) => {
      await lockUpstream(tx, upstreamOfCache(cacheId));
      const count = await removeOldest(tx, cacheId, lastPull);
      if (count > 0) changed();
      return count;
    });
  }

  run<T>(work: (saving: Recorded) => Promise<T>): Promise<T> {
    const { passwords, clock, limits, author } = this;
    return this.changes.run((tx, changed) => {
      const at = clock.now();
      const note = (fact: AuditFact) => insertEvent(tx, { ...fact, at, author, result: "success" });
      return work({ tx, passwords, now: at, limits, changed, note });
    });
  }
}

/** Of a cache; how many. */
function removeLists(tx: Transaction<Schema>, cacheId: number): Promise<number> {
  return countOf(
    tx
      .deleteFrom("lists")
      .where("id", "in", (eb) =>
        eb.selectFrom("lists").select("id").where("upstream_id", "=", cacheId).limit(listsPerStep),
      ),
  );
}

function removeOldest(
  tx: Transaction<Schema>,
  cacheId: number,
  lastPull = Number.MAX_SAFE_INTEGER,
): Promise<number> {
  return countOf(
    tx
      .deleteFrom("cache_entries")
      .where("id", "in", (eb) =>
        eb
          .selectFrom("cache_entries")
          .select("id")
          .where("upstream_id", "=", cacheId)
          .where("downloaded_at", "<=", lastPull)
          .limit(entriesPerStep),
      )
      // One that is pulled this moment stays.
      .where("downloaded_at", "<=", lastPull),
  );
}

async function countOf(query: { executeTakeFirst(): Promise<DeleteResult> }): Promise<number> {
  return Number((await query.executeTakeFirst()).numDeletedRows);
}

/** The row as it is once its group's row is ours. */
async function lockRow(tx: Transaction<Schema>, table: Table, id: number) {
  const read = () =>
    tx.selectFrom(table).select(["group_id", "updated_at"]).where("id", "=", id).executeTakeFirst();
  const found = await read();
  if (!found) return undefined;
  await lockGroup(tx, found.group_id);
  return read();
}
