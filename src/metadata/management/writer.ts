import type { Transaction } from "kysely";
import { type Clock, yieldTurn } from "../../lib/clock.ts";
import type { Changes } from "../changes.ts";
import type { Passwords } from "../passwords.ts";
import { type Limits, lockGroup } from "../positions.ts";
import type { Schema } from "../schema.ts";
import type { Saving } from "../upstreams.ts";
import type { Condition, Removal } from "./contract.ts";

/** Tables whose rows belong to a group and have an id and a time of change. */
type Table = "registries" | "upstreams" | "registry_upstreams" | "cache_entries";

/** So many take some milliseconds. */
const entriesPerStep = 2000;
/** A list can be as large as thousands of entries. */
const listsPerStep = 50;

/** Changes, each in one transaction that has its group to itself. */
export class Writer {
  constructor(
    readonly changes: Changes,
    readonly passwords: Passwords,
    readonly clock: Clock,
    readonly limits: Limits,
  ) {}

  inGroup<T>(groupId: number, work: (saving: Saving) => Promise<T>): Promise<T> {
    return this.#run(async (saving) => {
      await lockGroup(saving.tx, groupId);
      return work(saving);
    });
  }

  /** Undefined where the row is not there. */
  withRow<T>(
    table: Table,
    id: number,
    work: (saving: Saving) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    return this.#run(async (saving) =>
      (await lockRow(saving.tx, table, id)) ? work(saving) : undefined,
    );
  }

  remove(
    table: Table,
    id: number,
    { unmodifiedSince }: Condition,
    work: (saving: Saving) => Promise<void>,
  ): Promise<Removal> {
    return this.#run(async (saving) => {
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

  /** Gives up all entries and lists of an upstream, in steps between which others have their turn. */
  async emptyCache(upstreamId: number): Promise<void> {
    await this.#empty("lists", upstreamId, listsPerStep);
    await this.#empty("cache_entries", upstreamId, entriesPerStep);
  }

  async #empty(table: "cache_entries" | "lists", upstreamId: number, step: number): Promise<void> {
    let deleted: number;
    do {
      deleted = await this.#run(async ({ tx, changed }) => {
        const { numDeletedRows } = await tx
          .deleteFrom(table)
          .where("id", "in", (eb) =>
            eb.selectFrom(table).select("id").where("upstream_id", "=", upstreamId).limit(step),
          )
          .executeTakeFirst();
        if (numDeletedRows > 0n) changed();
        return Number(numDeletedRows);
      });
      await yieldTurn();
    } while (deleted === step);
  }

  #run<T>(work: (saving: Saving) => Promise<T>): Promise<T> {
    const { passwords, clock, limits } = this;
    return this.changes.run((tx, changed) =>
      work({ tx, passwords, now: clock.now(), limits, changed }),
    );
  }
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
