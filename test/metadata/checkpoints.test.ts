import type { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Kysely, sql } from "kysely";
import { yieldTurn } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import type { Schema } from "../../src/metadata/schema.ts";
import { LocalChanges } from "../../src/metadata/sqlite/changes.ts";
import { Checkpoints } from "../../src/metadata/sqlite/checkpoints.ts";
import { sqliteDialect } from "../../src/metadata/sqlite/dialect.ts";
import { openDatabase } from "../../src/metadata/sqlite/open.ts";
import { SteppedClock } from "../fakes/clock.ts";

const pages = 40;

describe("the log of the database", () => {
  let folder: string;
  let file: string;
  let lines: string[];
  let database: Database;
  let checkpoints: Checkpoints;
  let db: Kysely<Schema>;

  const log = () =>
    createLog(new SteppedClock(), "debug", {
      write: (line) => void lines.push(line),
      async flush() {},
    });
  const open = async (worked = file) => {
    database = openDatabase(file);
    checkpoints = new Checkpoints(database, worked, log(), { pages });
    db = new Kysely<Schema>({ dialect: sqliteDialect(database, checkpoints) });
    await sql`create table if not exists rows (id integer primary key, bytes blob)`.execute(db);
  };
  const inLog = () =>
    database.query<{ log: number }, []>("pragma wal_checkpoint(noop)").get()?.log ?? 0;
  const write = (id: number) =>
    db
      .transaction()
      .execute((tx) => sql`insert into rows values (${id}, randomblob(2000))`.execute(tx));
  const count = () =>
    database.query<{ n: number }, []>("select count(*) as n from rows").get()?.n ?? 0;
  /** Until the thread is at rest. */
  const rest = async () => {
    while (checkpoints.isRunning) await yieldTurn();
  };
  /** What another process sees that opens the file and closes it, as tools do. */
  const tool = async () => {
    const program = `import { Database } from "bun:sqlite";
      const database = new Database(${JSON.stringify(file)});
      console.log(database.query("select count(*) as n from rows").get().n);
      database.close(true);`;
    const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe" });
    return Number(await new Response(child.stdout).text());
  };

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "weir-checkpoints-"));
    file = path.join(folder, "weir.db");
    lines = [];
  });
  afterEach(async () => {
    await db.destroy();
    rmSync(folder, { recursive: true });
  });

  test("is written back, and begun anew, by a thread beside those who write", async () => {
    await open();
    let begun = 0;
    for (let id = 0, before = 0; id < 2000; id++) {
      await write(id);
      const now = inLog();
      if (now < before) begun++;
      before = now;
      if (now > 400) await rest();
      else await yieldTurn();
    }
    await rest();
    // Left to SQLite, it would have been written back by a writer, at sixteen times what is written here.
    expect(begun).toBeGreaterThan(2);
    // What comes to its end while it is written to is begun anew the next time.
    let id = 2000;
    for (; id < 2200 && inLog() >= 400; id++) {
      await write(id);
      await rest();
    }
    expect(inLog()).toBeLessThan(400);
    expect(count()).toBe(id);
    expect(database.query("pragma integrity_check").get()).toEqual({ integrity_check: "ok" });
    expect(lines).toEqual([]);
  });

  test("grows while somebody reads what is old, and is written back afterwards", async () => {
    await open();
    const reader = openDatabase(file);
    reader.run("begin");
    reader.query("select count(*) from rows").get();
    for (let id = 0; id < 400; id++) await write(id);
    await rest();
    expect(inLog()).toBeGreaterThan(400);
    expect(reader.query("select count(*) as n from rows").get()).toEqual({ n: 0 });
    reader.close(true);
    for (let id = 400; id < 1600 && inLog() > 400; id++) {
      await write(id);
      await rest();
    }
    expect(inLog()).toBeLessThan(400);
    expect(lines).toEqual([]);
  });

  test("is begun anew later where others write all the while, which is no failure", async () => {
    await open();
    const look = async () => {
      for (let i = 0; i < 16; i++) checkpoints.written();
      expect(checkpoints.isRunning).toBe(true);
      await rest();
    };
    const insert = (ids: number) => {
      for (let i = 0; i < ids; i++)
        database.run("insert into rows values (null, randomblob(2000))");
    };
    insert(100);
    const before = inLog();
    const writer = openDatabase(file);
    writer.run("begin immediate");
    await look();
    expect(inLog()).toBe(before);
    writer.run("rollback");
    writer.close(true);
    insert(300);
    await look();
    expect(inLog()).toBeLessThan(pages);
    expect(lines).toEqual([]);
  });

  test("without the thread is written back by who writes, and that is said once", async () => {
    await open(path.join(folder, "no such folder", "weir.db"));
    for (let id = 0; id < 3000; id++) {
      await write(id);
      if (id < 100) await rest();
    }
    expect(inLog()).toBeLessThan(2500);
    expect(count()).toBe(3000);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("its thread has ended");
  });

  test("closing in the middle of it leaves everything in the database", async () => {
    await open();
    let id = 0;
    while (!checkpoints.isRunning) await write(id++);
    await db.destroy();
    expect(existsSync(`${file}-wal`)).toBe(false);
    await open();
    expect(count()).toBe(id);
  });

  test("the thread that closes its connection leaves this process's locks as they are", async () => {
    await open();
    const second = openDatabase(file);
    const other = new Checkpoints(second, file, log(), { pages: 1 });
    for (let id = 0; id < 32; id++) {
      second.run("insert into rows values (null, randomblob(2000))");
      other.written();
    }
    await other.durable();
    await other.close();
    second.close(true);
    // One that takes itself for the last takes the log away as it closes.
    expect(await tool()).toBe(32);
    expect(existsSync(`${file}-wal`)).toBe(true);
    await write(100);
    expect(await tool()).toBe(33);
  });

  test("a change of rights resolves once it is on the disk, and nothing else waits for that", async () => {
    await open();
    await sql`create table generation (id integer primary key, value integer)`.execute(db);
    await sql`insert into generation values (1, 1)`.execute(db);
    const order: string[] = [];
    const changes = await LocalChanges.open(db, async () => {
      const { value } = database.query<{ value: number }, []>("select * from generation").get() ?? {
        value: 0,
      };
      order.push(`committed ${value}, in transaction ${database.inTransaction}`);
      await checkpoints.durable();
      order.push("on the disk");
    });
    await changes.run(async () => {});
    expect(order).toEqual([]);
    await changes.run(async (_, changed) => changed());
    expect(order).toEqual(["committed 2, in transaction false", "on the disk"]);
    const failing = await LocalChanges.open(db, () => Promise.reject(new Error("EIO")));
    expect(failing.run(async (_, changed) => changed())).rejects.toThrow("EIO");
  });
});
