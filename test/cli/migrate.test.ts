import { afterEach, beforeEach, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { migrateWeir } from "../../src/migration.ts";
import { loadConfig } from "../../src/config.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { MigrationReport } from "../../src/work/contract.ts";
import { expectCopied, rowsOfFile, tablesOfFile } from "../fakes/copied.ts";
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

const messageOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: unknown) => (error as Error).message,
  );

/** What a configuration goes through: names change hands, a group goes with all that is below it, tokens come, a cache is purged. */
async function changeAll(): Promise<void> {
  const of = "/virtual_registries/container";
  const group = async (path: string, more: object = {}) =>
    (await weir.api("POST", "/groups", { path, name: path, ...more }, 201)) as { id: number };
  const outer = await group("outer");
  await group("inner", { parent_id: outer.id });
  const create = `/groups/${outer.id}/-${of}/upstreams`;
  const named = (name: string) => ({
    name,
    url: upstream.url,
    username: name,
    password: "a-password-of-an-upstream",
  });
  const one = (await weir.api("POST", create, named("one"), 201)) as { id: number };
  const two = (await weir.api("POST", create, named("two"), 201)) as { id: number };
  expect(await migrate()).toMatchObject({ code: 0, err: "" });
  for (const [{ id }, name] of [
    [one, "two"],
    [two, "one"],
  ] as const) {
    await weir.api("PATCH", `${of}/upstreams/${id}`, { name });
  }
  await weir.api("POST", "/personal_access_tokens", { name: "new", scopes: ["api"] }, 201);
  expect(await migrate()).toMatchObject({ code: 0, err: "" });
  await weir.api("DELETE", `/groups/${outer.id}`, undefined, 204);
  await group("outer");
  await weir.api("DELETE", `${of}/upstreams/1/cache`, undefined, 204);
  await pullAll(weir);
}

const rowsOfAll = () =>
  tablesOfFile(fileOfDatabase()).flatMap((table) => rowsOfFile(fileOfDatabase(), table)).length;
const fileOfDatabase = () => path.join(weir.dataDir, "weir.db");
const expectSame = () => expectCopied(fileOfDatabase(), database.url);

bothTest(
  "blobs and rows go over while the server runs, the rest when it is stopped; the new one needs no upstream",
  async () => {
    const first = await migrate();
    expect(first).toMatchObject({ code: 0, err: "" });
    expect(first.out).toContain(`${image.blobs.size} blobs`);
    expect(first.out).toContain(`${image.blobs.size} of them copied now`);
    expect(first.out).toMatch(/(\d+) rows of \d+ tables are there, \1 of them copied now/);
    expect(await messageOf(moved({}))).toContain("weir migrate has not come to its end");
    // The old one has gone on, and has cached more.
    const more = buildImage({ layers: [sampleBytes(3000, 9)] });
    upstream.image("library/more", "1", more);
    await (await weir.manifest("library/more", "1")).arrayBuffer();
    for (const digest of more.blobs.keys()) {
      await (await weir.blob("library/more", digest)).arrayBuffer();
      await weir.settled("library/more", digest);
    }
    expect(await migrate()).toMatchObject({ code: 0, err: "" });
    await changeAll();
    expect((await migrate(["--finish"])).err).toContain("is in use by another process");
    await weir.halt();
    const last = await migrate(["--finish", "--json"]);
    expect(last.err).toBe("");
    const report = JSON.parse(last.out) as MigrationReport;
    expect(report).toMatchObject({
      blobs: { blobs: image.blobs.size + more.blobs.size, copied: 0, damaged: [] },
      database: { rows: rowsOfAll(), putOff: 0 },
      finished: true,
    });
    expect(report.database?.copied).toBeLessThan(rowsOfAll() / 2);
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
          if (done.copied > rows) throw new Error("killed");
        },
      });
    };
    expect(await messageOf(stopAfter(10))).toBe("killed");
    expect(await messageOf(moved({}))).toContain("weir migrate has not come to its end");
    const last = JSON.parse((await migrate(["--finish", "--json"])).out) as MigrationReport;
    await expectSame();
    const tables = await database.query(
      "select count(*) as n from pg_tables where tablename like 'unfinished_copy%'",
    );
    expect(tables).toEqual([{ n: 0 }]);
    // Not from its beginning.
    expect(last.database?.rows).toBe(rowsOfAll());
    expect(last.database?.copied).toBeLessThan(rowsOfAll());
    // Done is done.
    const again = await migrate(["--finish"]);
    expect(again.code).toBe(1);
    expect(again.err).toContain("has tables already");
  },
);

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
