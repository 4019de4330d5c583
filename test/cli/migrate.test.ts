import { afterEach, beforeEach, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { migrateWeir } from "../../src/migration.ts";
import { loadConfig } from "../../src/config.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { PostgresCopy } from "../../src/metadata/copies/copy.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { buildImage, sampleBytes } from "../fakes/image.ts";
import { emptyDatabase, lackOfPostgres, type TestDatabase } from "../fakes/postgres.ts";
import { errorDocument, S3Faults } from "../fakes/s3-faults.ts";
import { S3Server, s3Test } from "../fakes/s3-server.ts";
import { FakeUpstream } from "../fakes/upstream.ts";
import { strangerToken, TestWeir } from "../fakes/weir.ts";
import { run } from "./world.ts";

const lack = lackOfPostgres();
const bothTest = (name: string, body: () => Promise<void>) => {
  if (lack) test.skip(`${name} (${lack})`, body);
  else s3Test(name, body, 60_000);
};

const image = buildImage({ layers: [sampleBytes(1000), sampleBytes(2 << 20, 7)] });
const name = "library/alpine";
const [small, large] = image.layers as [Digest, Digest];

let folder: string;
let upstream: FakeUpstream;
let weir: TestWeir;
let database: TestDatabase;
let server: S3Server | undefined;
let bucket: Record<string, string>;
let prefix: string;
beforeEach(async () => {
  if (lack) return;
  server ??= await S3Server.start();
  prefix = `of-${crypto.randomUUID()}`;
  bucket = server.environment(prefix);
  folder = mkdtempSync(path.join(tmpdir(), "weir-migrate-"));
  upstream = await FakeUpstream.start();
  upstream.image(name, "1", image);
  database = await emptyDatabase();
  const settings = { username: "robot", password: "a-password-of-an-upstream" };
  weir = await TestWeir.start({
    upstreams: [{ fake: upstream }],
    others: [{ fake: upstream, settings }],
    database: "file",
  });
  await pullAll(weir);
});
afterEach(async () => {
  if (lack) return;
  await weir.stop();
  await upstream.stop();
  await database.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function pullAll(from: TestWeir) {
  expect((await from.manifest(name, "1")).status).toBe(200);
  for (const [digest, bytes] of image.blobs) {
    const answer = await from.blob(name, digest);
    expect(Buffer.compare(await answer.bytes(), bytes)).toBe(0);
    await from.settled(name, digest);
  }
}

const key = () => readFileSync(path.join(weir.dataDir, "secret.key"), "utf8").trim();
const fileOf = (digest: Digest) =>
  path.join(weir.dataDir, "blobs", "sha256", digest.slice(7, 9), digest.slice(7));

function settings(more: Record<string, string> = {}): Record<string, string> {
  const { WEIR_BLOBS_URL: blobs = "", ...credentials } = bucket;
  return {
    WEIR_DATA_DIR: weir.dataDir,
    WEIR_MIN_FREE_BYTES: "0",
    WEIR_SECRET_KEY: key(),
    WEIR_TARGET_DATABASE_URL: database.url,
    WEIR_TARGET_BLOBS_URL: blobs,
    ...credentials,
    ...more,
  };
}
const migrate = (words: string[] = [], more: Record<string, string> = {}) =>
  run(["migrate", ...words], { env: settings(more) });

/** A server on what was moved, in a folder of its own. */
function moved(blobs: Record<string, string> = bucket): Promise<TestWeir> {
  return TestWeir.start({
    upstreams: [{ fake: upstream }],
    database,
    dataDir: path.join(folder, "new"),
    env: { WEIR_SECRET_KEY: key(), ...blobs },
  });
}

/** Every row of a table, as one text a row, in an order of its own. */
function sourceRows(table: string): string[] {
  using file = new Database(path.join(weir.dataDir, "weir.db"), { readonly: true });
  return textsOf(file.query<Record<string, unknown>, []>(`select * from "${table}"`).all());
}

const textsOf = (rows: Record<string, unknown>[]) =>
  rows
    .map((row) =>
      JSON.stringify(
        Object.entries(row)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([column, value]) => [
            column,
            value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value,
          ]),
      ),
    )
    .toSorted();

function sourceTables(): string[] {
  using file = new Database(path.join(weir.dataDir, "weir.db"), { readonly: true });
  const text = `select name from sqlite_master
    where type = 'table' and name not like 'sqlite_%' and name not like 'kysely_%'`;
  const rows = file.query<{ name: string }, []>(text).all();
  return rows.map((row) => row.name);
}

async function expectSame(): Promise<void> {
  const tables = sourceTables();
  expect(tables.length).toBeGreaterThan(25);
  // The generation is another, so that everybody looks anew.
  for (const table of tables.filter((one) => one !== "generation")) {
    const rows = await database.query(`select * from "${table}"`);
    expect([table, textsOf(rows)]).toEqual([table, sourceRows(table)]);
  }
}

bothTest(
  "blobs go over while the server runs, the rest when it is stopped; the new one needs no upstream",
  async () => {
    const first = await migrate();
    expect(first).toMatchObject({ code: 0, err: "" });
    expect(first.out).toContain(`${image.blobs.size} blobs`);
    expect(first.out).toContain(`${image.blobs.size} of them copied now`);
    // The old one has gone on, and has cached more.
    const more = buildImage({ layers: [sampleBytes(3000, 9)] });
    upstream.image("library/more", "1", more);
    await (await weir.manifest("library/more", "1")).arrayBuffer();
    for (const digest of more.blobs.keys()) {
      await (await weir.blob("library/more", digest)).arrayBuffer();
      await weir.settled("library/more", digest);
    }
    expect((await migrate(["--finish"])).err).toContain("is in use by another process");
    await weir.halt();
    const last = await migrate(["--finish", "--json"]);
    expect(last.err).toBe("");
    expect(JSON.parse(last.out)).toMatchObject({
      blobs: { blobs: image.blobs.size + more.blobs.size, copied: more.blobs.size, damaged: [] },
      finished: true,
    });
    await expectSame();

    upstream.fault("* /v2/*", { reset: true });
    const there = await moved();
    try {
      const asked = upstream.count();
      await pullAll(there);
      expect(upstream.count()).toBe(asked);
      const user = await fetch(`${there.url}/api/v4/user`, {
        headers: { "PRIVATE-TOKEN": strangerToken },
      });
      expect(user.status).toBe(200);
      const off = "select tgname from pg_trigger where not tgisinternal and tgenabled <> 'O'";
      expect(await database.query(off)).toEqual([]);
      // Ids go on where they were.
      const group = (await there.api("POST", "/groups", { path: "later", name: "later" }, 201)) as {
        id: number;
      };
      using file = new Database(path.join(weir.dataDir, "weir.db"), { readonly: true });
      const before = file
        .query<{ seq: number }, []>("select seq from sqlite_sequence where name = 'groups'")
        .get();
      expect(group.id).toBe((before?.seq ?? 0) + 1);
      const [sealed] = await database.query(
        "select count(*) as n from upstreams where sealed_password is not null",
      );
      expect(sealed).toEqual({ n: 1 });
      expect(there.logLines.filter(({ message }) => String(message).includes("password"))).toEqual(
        [],
      );
    } finally {
      await there.stop();
    }
  },
);

const messageOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: unknown) => (error as Error).message,
  );

const around = {
  clock: systemClock,
  log: createLog(systemClock, "error", { write() {}, async flush() {} }),
  version: "test",
  random: () => 0,
};

bothTest(
  "a copy of the database that ends in the middle goes on, and no server begins on half of it",
  async () => {
    await weir.halt();
    const stopAfter = (rows: number) => {
      const env = settings();
      const own = Object.fromEntries(
        Object.entries(env).filter(([one]) => !one.startsWith("WEIR_TARGET_")),
      );
      const readFile = () => "";
      const target = loadConfig({ ...own, WEIR_DATABASE_URL: database.url }, readFile);
      return migrateWeir(loadConfig(own, readFile), target, around, {
        finish: true,
        progress: (done) => {
          if (done.rows > rows) throw new Error("killed");
        },
      });
    };
    expect(await messageOf(stopAfter(10))).toBe("killed");
    expect(await messageOf(moved({}))).toContain("weir migrate has not come to its end");
    const [noted] = await database.query("select table_name from unfinished_copy");
    const last = JSON.parse((await migrate(["--finish", "--json"])).out) as {
      database: { rows: number };
    };
    await expectSame();
    const tables = await database.query(
      "select count(*) as n from pg_tables where tablename = 'unfinished_copy'",
    );
    expect(tables).toEqual([{ n: 0 }]);
    expect(noted).toBeDefined();
    // Not from its beginning.
    const all = sourceTables().flatMap((table) => sourceRows(table));
    expect(last.database.rows).toBeLessThan(all.length);
    // Done is done.
    const again = await migrate(["--finish"]);
    expect(again.code).toBe(1);
    expect(again.err).toContain("has tables already");
  },
);

bothTest("a copy that was begun before the server ran again is begun anew", async () => {
  await weir.halt();
  const copy = PostgresCopy.open(path.join(weir.dataDir, "weir.db"), {
    url: database.url,
    ca: undefined,
  });
  try {
    await copy.run(() => {});
  } finally {
    await copy.close();
  }
  await weir.run();
  await weir.api("POST", "/groups", { path: "meanwhile", name: "meanwhile" }, 201);
  await weir.halt();
  expect(await migrate(["--finish"])).toMatchObject({ code: 0, err: "" });
  await expectSame();
  expect(await database.query("select path from groups where path = 'meanwhile'")).toHaveLength(1);
});

bothTest("each half goes alone", async () => {
  const blobs = { WEIR_TARGET_DATABASE_URL: "" };
  await weir.halt();
  expect(await migrate(["--finish"], blobs)).toMatchObject({ code: 0, err: "" });
  expect(await database.query("select 1 from pg_tables where schemaname = 'public'")).toEqual([]);
  // The blobs are there already: now the database, from a server whose blobs are in the bucket.
  const rest = { WEIR_TARGET_BLOBS_URL: "", ...bucket };
  expect(await migrate(["--finish"], rest)).toMatchObject({ code: 0, err: "" });
  await expectSame();
  const there = await moved();
  try {
    const asked = upstream.count();
    await pullAll(there);
    expect(upstream.count()).toBe(asked);
  } finally {
    await there.stop();
  }
});

bothTest(
  "what is missing or wrong is not moved, and is fetched again when it is pulled",
  async () => {
    rmSync(fileOf(small));
    await Bun.write(fileOf(large), new Uint8Array(2 << 20));
    await weir.halt();
    const done = await migrate(["--finish"]);
    expect(done.code).toBe(0);
    expect(done.err).toContain("2 blobs were missing or wrong");
    const there = await moved();
    try {
      await pullAll(there);
    } finally {
      await there.stop();
    }
  },
);

bothTest(
  "a bucket that fails in the middle stops it, and it goes on when the bucket works again",
  async () => {
    if (!server) throw new Error("there is no server");
    const faults = await S3Faults.start(server.endpoint);
    try {
      bucket = server.environment(prefix, faults.endpoint);
      faults.fault = ({ method }) =>
        method === "PUT" ? Promise.resolve(errorDocument(403, "AccessDenied")) : undefined;
      const failed = await migrate();
      expect(failed.code).toBe(1);
      expect(failed.err).toContain("the target does not take blobs");
      faults.fault = undefined;
      expect(await migrate()).toMatchObject({ code: 0, err: "" });
      const puts = faults.count("PUT");
      expect((await migrate()).out).toContain("0 of them copied now");
      expect(faults.count("PUT")).toBe(puts);
    } finally {
      await faults.stop();
    }
  },
);

bothTest("what cannot be right is said before anything is copied", async () => {
  const refused = async (more: Record<string, string>, text: string, code = 1) => {
    const { code: got, err } = await migrate(["--finish"], more);
    expect(err).toContain(text);
    expect(got).toBe(code);
  };
  await refused({ WEIR_TARGET_DATABASE_URL: "", WEIR_TARGET_BLOBS_URL: "" }, "say where to", 2);
  await refused(
    { WEIR_SECRET_KEY: "another-secret-that-nobody-has-used" },
    "does not open the passwords of upstreams",
  );
  await refused(
    { WEIR_TARGET_SECRET_KEY: "another-secret-that-nobody-has-used" },
    "WEIR_TARGET_SECRET_KEY",
  );
  await refused({ WEIR_SECRET_KEY: "" }, "WEIR_SECRET_KEY");
  await refused({ WEIR_DATA_DIR: path.join(folder, "none") }, "weir.db: cannot be read");
  await refused(
    { WEIR_TARGET_DATABASE_URL: "postgres://weir@127.0.0.1:1/none" },
    "does not answer",
  );
  await database.query("create table somebody_elses (id int)");
  await refused({}, "has tables already");
  expect(await server?.bucket(prefix).list(`${prefix}/blobs/`, undefined, 10)).toEqual([]);
});
