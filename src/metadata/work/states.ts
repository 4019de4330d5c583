import { type Selectable, sql } from "kysely";
import type { Db, WorkTable } from "../schema.ts";
import type { SharedTime } from "../time.ts";
import type { WorkEnding, WorkProgress, WorkState, WorkStates } from "./contract.ts";

/** What the table takes. */
const maxMessage = 255;

/** `WorkStates` on any engine. */
export class SqlWorkStates implements WorkStates {
  constructor(
    readonly db: Db,
    readonly time: SharedTime,
  ) {}

  now(): Promise<number> {
    return this.time(this.db);
  }

  async add(name: string, nextRunAt: number): Promise<void> {
    await this.db
      .insertInto("work")
      .values({ name, next_run_at: nextRunAt })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  async all(): Promise<WorkState[]> {
    const rows = await this.db.selectFrom("work").selectAll().orderBy("name").execute();
    return rows.map(stateOf);
  }

  async get(name: string): Promise<WorkState | undefined> {
    const row = await this.db
      .selectFrom("work")
      .selectAll()
      .where("name", "=", name)
      .executeTakeFirst();
    return row && stateOf(row);
  }

  async wake(name: string, now: number): Promise<void> {
    await this.db
      .updateTable("work")
      .set((eb) => ({
        wakes: eb("wakes", "+", 1),
        next_run_at: sql<number>`case when next_run_at > ${now} then cast(${now} as bigint) else next_run_at end`,
      }))
      .where("name", "=", name)
      .execute();
  }

  async schedule(name: string, at: number, now: number): Promise<void> {
    await this.db
      .updateTable("work")
      .set({ next_run_at: at })
      .where("name", "=", name)
      .where("leased_until", "<=", now)
      .execute();
  }

  async claim(
    name: string,
    owner: string,
    until: number,
    now: number,
  ): Promise<WorkState | undefined> {
    const row = await this.db
      .updateTable("work")
      .set({ owner, leased_until: until })
      .where("name", "=", name)
      .where("next_run_at", "<=", now)
      .where("leased_until", "<=", now)
      .returningAll()
      .executeTakeFirst();
    return row && stateOf(row);
  }

  async renew(name: string, owner: string, until: number): Promise<boolean> {
    return this.#set(name, owner, { leased_until: until });
  }

  async save(
    name: string,
    owner: string,
    { state, done, total }: WorkProgress,
    until: number,
  ): Promise<boolean> {
    const progress = { state: state ?? null, done, total: total ?? null };
    return this.#set(name, owner, { ...progress, leased_until: until });
  }

  async release(name: string, owner: string, ending: WorkEnding): Promise<boolean> {
    const { state, done, total, lastRunAt, nextRunAt, failures, message, wakes, now } = ending;
    const { numUpdatedRows } = await this.db
      .updateTable("work")
      .set((eb) => ({
        state: state ?? null,
        done,
        total: total ?? null,
        last_run_at: lastRunAt ?? null,
        next_run_at: sql<number>`case when wakes = ${wakes} then cast(${nextRunAt} as bigint) else cast(${now} as bigint) end`,
        failures,
        message: message?.slice(0, maxMessage) ?? null,
        wakes: eb("wakes", "-", wakes),
        owner: null,
        leased_until: 0,
      }))
      .where("name", "=", name)
      .where("owner", "=", owner)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  async cancel(name: string, nextRunAt: number): Promise<void> {
    const nothing = { state: null, done: 0, total: null, failures: 0, message: null };
    await this.db
      .updateTable("work")
      .set({ ...nothing, next_run_at: nextRunAt, owner: null, leased_until: 0 })
      .where("name", "=", name)
      .execute();
  }

  async #set(
    name: string,
    owner: string,
    columns: Partial<Selectable<WorkTable>>,
  ): Promise<boolean> {
    const { numUpdatedRows } = await this.db
      .updateTable("work")
      .set(columns)
      .where("name", "=", name)
      .where("owner", "=", owner)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }
}

/** Ends all leases: for an engine that one process alone has, which was killed while it held them. */
export async function endLeases(db: Db): Promise<void> {
  await db
    .updateTable("work")
    .set({ owner: null, leased_until: 0 })
    .where("owner", "is not", null)
    .execute();
}

function stateOf(row: Selectable<WorkTable>): WorkState {
  return {
    name: row.name,
    state: row.state ?? undefined,
    done: row.done,
    total: row.total ?? undefined,
    failures: row.failures,
    message: row.message ?? undefined,
    wakes: row.wakes,
    lastRunAt: row.last_run_at ?? undefined,
    nextRunAt: row.next_run_at,
    leasedUntil: row.leased_until,
  };
}
