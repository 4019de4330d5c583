import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Kysely, sql } from "kysely";
import { sqliteDialect } from "../../src/metadata/sqlite/dialect.ts";

interface Rows {
  rows: { id: number; text: string };
}

describe("transactions on SQLite", () => {
  let database: Database;
  let db: Kysely<Rows>;
  beforeEach(async () => {
    database = new Database(":memory:", { strict: true });
    db = new Kysely<Rows>({ dialect: sqliteDialect(database) });
    await sql`create table rows (id integer primary key, text text not null) strict`.execute(db);
  });
  afterEach(() => db.destroy());

  const insert = (id: number, text: string) => db.insertInto("rows").values({ id, text });
  const ids = async () =>
    (await db.selectFrom("rows").select("id").orderBy("id").execute()).map(({ id }) => id);

  const failures: [what: string, code: string, fail: (tx: Kysely<Rows>) => Promise<unknown>][] = [
    [
      "our own error",
      "OURS",
      () => Promise.reject(Object.assign(new Error("ours"), { code: "OURS" })),
    ],
    [
      "a broken constraint",
      "SQLITE_CONSTRAINT_PRIMARYKEY",
      (tx) => tx.insertInto("rows").values({ id: 1, text: "again" }).execute(),
    ],
    [
      "a full disk",
      "SQLITE_FULL",
      async (tx) => {
        database.run("pragma max_page_count = 4");
        await tx
          .insertInto("rows")
          .values({ id: 9, text: "x".repeat(1 << 20) })
          .execute();
      },
    ],
  ];
  for (const [what, code, fail] of failures) {
    test(`${what} rolls everything back and the connection goes on`, async () => {
      await insert(1, "before").execute();
      const failing = db.transaction().execute(async (tx) => {
        await tx.insertInto("rows").values({ id: 2, text: "half" }).execute();
        await fail(tx);
      });
      expect(failing).rejects.toMatchObject({ code });
      await failing.catch(() => {});
      expect(database.inTransaction).toBe(false);
      database.run("pragma max_page_count = 1000");
      await db
        .transaction()
        .execute((tx) => tx.insertInto("rows").values({ id: 3, text: "a" }).execute());
      expect(await ids()).toEqual([1, 3]);
    });
  }

  test("a query outside waits for the transaction and sees all of it", async () => {
    const order: string[] = [];
    const writing = db.transaction().execute(async (tx) => {
      await tx.insertInto("rows").values({ id: 1, text: "one" }).execute();
      await new Promise(setImmediate);
      await tx.insertInto("rows").values({ id: 2, text: "two" }).execute();
      order.push("written");
    });
    const reading = ids().then((found) => order.push(`read ${found.join()}`));
    await Promise.all([writing, reading]);
    expect(order).toEqual(["written", "read 1,2"]);
  });

  test("statements say how many rows they changed, or give rows back", async () => {
    for (const id of [1, 2, 3]) await insert(id, "same").execute();
    const updated = await db.updateTable("rows").set({ text: "new" }).where("id", "<", 3).execute();
    expect(updated[0]?.numUpdatedRows).toBe(2n);
    const deleted = await db.deleteFrom("rows").where("id", "=", 1).returning("text").execute();
    expect(deleted).toEqual([{ text: "new" }]);
  });

  test("more different queries than are kept prepared still work", async () => {
    for (let i = 0; i < 600; i++) {
      const { rows } = await sql<{ n: number }>`select ${sql.lit(i)} as n`.execute(db);
      expect(rows).toEqual([{ n: i }]);
    }
  });
});
