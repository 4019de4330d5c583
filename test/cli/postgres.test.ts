import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { examine } from "../../src/examination.ts";
import type { Finding } from "../../src/cli/doctor/finding.ts";
import { newDatabase } from "../fakes/new-database.ts";
import { emptyDatabase, lackOfPostgres, type TestDatabase } from "../fakes/postgres.ts";
import { FakeUpstream } from "../fakes/upstream.ts";
import { TestWeir } from "../fakes/weir.ts";
import { run } from "./world.ts";

const lack = lackOfPostgres();

/** What works with the data folder, where the database is elsewhere. */
describe.skipIf(lack !== undefined)(`with PostgreSQL${lack ? ` (${lack})` : ""}`, () => {
  let database: TestDatabase;
  let upstream: FakeUpstream;
  let weir: TestWeir;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "weir-elsewhere-"));
    database = await newDatabase();
    upstream = await FakeUpstream.start();
    upstream.image("library/app", "latest");
    const login = { username: "someone", password: "something" };
    weir = await TestWeir.start({ upstreams: [{ fake: upstream, settings: login }], database });
    await (await weir.manifest("library/app", "latest")).arrayBuffer();
  });
  afterAll(async () => {
    await weir.stop();
    await upstream.stop();
    await database.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const env = () => ({
    WEIR_DATA_DIR: weir.dataDir,
    WEIR_DATABASE_URL: database.url,
    WEIR_SECRET_KEY: "a-master-secret-for-tests-shared",
    WEIR_MIN_FREE_BYTES: "0",
    WEIR_ALLOWED_UPSTREAM_ADDRESSES: "127.0.0.0/8",
    WEIR_LISTEN: "127.0.0.1:9",
  });
  const place = () => {
    const { host, pathname } = new URL(database.url);
    return `${pathname.slice(1)} at ${host}`;
  };
  const doctor = async (changes: Record<string, string> = {}) => {
    const { out } = await run(["doctor", "--json"], { env: { ...env(), ...changes }, examine });
    const findings = JSON.parse(out) as Finding[];
    return (name: string) => findings.find(({ check }) => check === name);
  };

  test("doctor asks it for its schema, its upstreams, and whether the key opens their passwords", async () => {
    const found = await doctor();
    expect(found("database")).toMatchObject({
      status: "ok",
      message: `${place()} answers, and is that of this release`,
    });
    expect(found("upstream up1")).toBeDefined();
    expect(found("passwords")).toBeUndefined();
    const other = await doctor({ WEIR_SECRET_KEY: "another-master-secret-for-tests-here" });
    expect(other("passwords")).toMatchObject({
      status: "failed",
      message: "this secret key does not open the passwords of up1",
    });
  });

  test("doctor says what is wrong with it, and leaves an empty one empty", async () => {
    const gone = await doctor({ WEIR_DATABASE_URL: "postgres://nobody:secret@127.0.0.1:9/weir" });
    expect(gone("database")).toMatchObject({
      status: "failed",
      message: expect.stringMatching(/^weir at 127\.0\.0\.1:9 cannot be read \(POSTGRES_/),
    });
    expect(JSON.stringify(gone("database"))).not.toContain("secret");
    const empty = await emptyDatabase();
    const found = await doctor({ WEIR_DATABASE_URL: empty.url });
    expect(found("database")).toMatchObject({
      status: "skipped",
      message: expect.stringContaining("has no tables; the first start makes them"),
    });
    const tables = "select 1 from pg_tables where schemaname = 'public'";
    expect(await empty.query(tables)).toEqual([]);
    await empty.query("create table kysely_migration (name text)");
    expect((await doctor({ WEIR_DATABASE_URL: empty.url }))("database")).toMatchObject({
      status: "warning",
      message: expect.stringContaining("older release"),
    });
    await empty.query("insert into kysely_migration values ('9999_later')");
    expect((await doctor({ WEIR_DATABASE_URL: empty.url }))("database")).toMatchObject({
      status: "failed",
      message: "a newer release has changed it",
    });
    await empty.remove();
  });

  test("backup and restore refuse, and say what to do instead", async () => {
    const target = path.join(folder, "backup");
    const backup = await run(["backup", target], { env: env() });
    expect(backup).toMatchObject({ code: 1, out: "" });
    expect(backup.err).toContain("WEIR_DATABASE_URL: weir backup and weir restore are for");
    expect(backup.err).toContain("pg_dump");
    expect(existsSync(target)).toBe(false);
    const restore = await run(["restore", target], { env: env() });
    expect(restore).toMatchObject({ code: 1, out: "" });
    expect(restore.err).toContain("pg_restore");
  });

  test("a folder that a server uses is nobody else's; verify works when it has ended", async () => {
    const verify = () => run(["verify", "--offline", "--json"], { env: env() });
    const beside = await verify();
    expect(beside).toMatchObject({ code: 1, out: "" });
    expect(beside.err).toContain(`WEIR_DATA_DIR: ${weir.dataDir} is in use by another process`);
    await weir.halt();
    const { code, out } = await verify();
    expect(JSON.parse(out)).toMatchObject({ checked: { manifests: 1 }, findings: [] });
    expect(code).toBe(0);
    await weir.run();
  });
});
