import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import { layout, tarOf } from "../fakes/archive.ts";
import { buildImage, sampleBytes } from "../fakes/image.ts";
import { FakeUpstream } from "../fakes/upstream.ts";
import { TestWeir } from "../fakes/weir.ts";
import { jsonAt, run, runAt } from "./world.ts";

const image = buildImage({ layers: [sampleBytes(1000), sampleBytes(2 << 20, 7)] });
const name = "library/alpine";
const [small, large] = image.layers as [Digest, Digest];

let upstream: FakeUpstream;
let weir: TestWeir;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "weir-stores-"));
  upstream = await FakeUpstream.start();
  upstream.image(name, "1", image);
  weir = await TestWeir.start({ upstreams: [{ fake: upstream }], database: "file" });
  await pullAll();
});
afterEach(async () => {
  await weir.stop();
  await upstream.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function pullAll() {
  await (await weir.manifest(name, "1")).arrayBuffer();
  for (const digest of image.blobs.keys()) {
    await (await weir.blob(name, digest)).arrayBuffer();
    await weir.settled(name, digest);
  }
}

const at = (...parts: string[]) => path.join(folder, ...parts);
const fileOf = (digest: Digest, root = weir.dataDir) =>
  path.join(root, "blobs", "sha256", digest.slice(7, 9), digest.slice(7));
const env = (dataDir = weir.dataDir) => ({
  WEIR_DATA_DIR: dataDir,
  WEIR_MIN_FREE_BYTES: "0",
  WEIR_ALLOWED_UPSTREAM_ADDRESSES: "127.0.0.0/8",
});
const backUp = (target: string, ...more: string[]) =>
  run(["backup", target, ...more], {
    // What other commands take stands beside the settings.
    env: { ...env(), WEIR_URL: "http://localhost:1", WEIR_TOKEN: "t" },
  });
const restore = (source: string, dataDir: string) =>
  run(["restore", source], { env: env(dataDir) });
const verifyAt = (dataDir: string, ...more: string[]) =>
  run(["verify", "--offline", "--json", ...more], { env: env(dataDir) });

/** A server on a restored folder, which the upstream does not answer. */
async function restored<T>(dataDir: string, work: (there: TestWeir) => Promise<T>): Promise<T> {
  upstream.fault("* /v2/*", { reset: true });
  const there = await TestWeir.start({
    upstreams: [{ fake: upstream }],
    dataDir,
    database: "file",
  });
  try {
    return await work(there);
  } finally {
    await there.stop();
    upstream.heal();
  }
}

for (const form of ["folder", "file.tar"]) {
  describe(`a backup to a ${form}`, () => {
    test("is taken while the server runs, and becomes one elsewhere that pulls the same", async () => {
      const made = await backUp(at(form), "--with-secret-key");
      expect(made).toMatchObject({ code: 0, err: "" });
      expect(made.out).toStartWith("backed up 3 blobs (2.0 MiB), 3 of them copied now");
      // What comes after it is not in it, and does not matter to it.
      upstream.image(name, "2", buildImage({ label: "later" }));
      await weir.manifest(name, "2");
      const dataDir = at("elsewhere");
      const back = await restore(at(form), dataDir);
      expect(back).toMatchObject({ code: 0, err: "" });
      expect(statSync(dataDir).mode & 0o077).toBe(0);
      const verified = await verifyAt(dataDir);
      expect(JSON.parse(verified.out)).toMatchObject({
        checked: { manifests: 1, blobs: 3 },
        findings: [],
      });
      await restored(dataDir, async (there) => {
        expect((await there.manifest(name, "1")).headers.get("x-weir-cache")).toStartWith("hit");
        const blob = await there.blob(name, large);
        expect(digestOf(new Uint8Array(await blob.arrayBuffer()))).toBe(large);
        // The restore has hashed it: the file is new, and is not hashed again for that.
        expect(blob.headers.get("x-weir-cache")).toStartWith("hit");
        expect(JSON.stringify(there.logLines)).not.toContain("stored blob was written to");
        expect((await there.manifest(name, "2")).status).toBe(503);
      });
    });

    test("leaves out what is wrong or missing, which is fetched again after it is restored", async () => {
      truncateSync(fileOf(small), 10);
      writeFileSync(fileOf(large), sampleBytes(2 << 20, 8));
      const made = await backUp(at(form));
      expect(made.err).toContain("2 blobs were missing or wrong and are not in the backup");
      const dataDir = at("elsewhere");
      const back = await restore(at(form), dataDir);
      expect(back.err).toContain("the secret key is not in the backup");
      expect(JSON.parse((await verifyAt(dataDir)).out)).toMatchObject({ findings: [] });
      const there = await TestWeir.start({
        upstreams: [{ fake: upstream }],
        dataDir,
        database: "file",
      });
      try {
        const blob = await there.blob(name, large);
        expect(digestOf(new Uint8Array(await blob.arrayBuffer()))).toBe(large);
      } finally {
        await there.stop();
      }
    });

    test("that is cut, or not there, is not restored, and stands in no server's way", async () => {
      expect((await restore(at("nowhere"), at("elsewhere"))).err).toContain("is not there");
      await backUp(at(form));
      if (form === "folder") rmSync(at(form, "backup.json"));
      else truncateSync(at(form), statSync(at(form)).size - 4096);
      const failed = await restore(at(form), at("elsewhere"));
      expect(failed.code).toBe(1);
      const starting = run(["verify", "--offline"], { env: env(at("elsewhere")) });
      expect((await starting).err).toContain("run weir restore again");
      // And again, with one that is whole: what the first one left is cleared.
      await backUp(at("second.tar"));
      expect(await restore(at("second.tar"), at("elsewhere"))).toMatchObject({ code: 0 });
    });
  });
}

describe("a backup folder", () => {
  test("takes only new blobs the second time, and gives up what is not needed", async () => {
    await backUp(at("b"));
    const later = buildImage({ layers: [sampleBytes(500, 3)] });
    upstream.image(name, "2", later);
    await (await weir.manifest(name, "2")).arrayBuffer();
    await (await weir.blob(name, later.layers[0] as Digest)).arrayBuffer();
    await weir.settled(name, later.layers[0] as Digest);
    mkdirSync(path.dirname(fileOf(digestOf(sampleBytes(3)), at("b"))), { recursive: true });
    writeFileSync(fileOf(digestOf(sampleBytes(3)), at("b")), sampleBytes(3));
    const second = await backUp(at("b"));
    expect(second.out).toContain("backed up 4 blobs");
    expect(second.out).toContain("1 of them copied now");
    expect(existsSync(fileOf(digestOf(sampleBytes(3)), at("b")))).toBe(false);
    expect(readdirSync(at("b")).filter((file) => file.endsWith(".db"))).toHaveLength(1);
    expect(readdirSync(at("b"))).not.toContain("secret.key");
  });

  test("stays what it was while a second one is made that is killed", async () => {
    await backUp(at("b"));
    cpSync(at("b"), at("before"), { recursive: true });
    // As a kill leaves it: a snapshot and a blob on their way.
    writeFileSync(at("b", "weir-0000.db.part"), "half");
    writeFileSync(`${fileOf(small, at("b"))}.part`, "half");
    expect(await restore(at("b"), at("elsewhere"))).toMatchObject({ code: 0 });
    expect(await backUp(at("b"))).toMatchObject({ code: 0, err: "" });
    const left = readdirSync(at("b"), { recursive: true, encoding: "utf8" });
    expect(left.filter((file) => file.endsWith(".part"))).toEqual([]);
  });

  test("is none of somebody else's", async () => {
    mkdirSync(at("home"));
    writeFileSync(at("home", "letter"), "dear");
    expect((await backUp(at("home"))).err).toContain("has other things in it");
    expect(readdirSync(at("home"))).toEqual(["letter"]);
    writeFileSync(at("there.tar"), "x");
    expect((await backUp(at("there.tar"))).err).toContain("is there already");
  });

  test("with a wrong database is refused", async () => {
    await backUp(at("b"));
    const file = readdirSync(at("b")).find((one) => one.endsWith(".db")) ?? "";
    const database = new Database(at("b", file));
    database.run("update users set admin = 1");
    database.run("vacuum");
    database.close();
    expect((await restore(at("b"), at("elsewhere"))).err).toContain("is damaged: take another");
  });

  test("is restored into nothing that somebody uses", async () => {
    await backUp(at("b"));
    const refused = await restore(at("b"), weir.dataDir);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.err).toContain("is not empty");
    expect((await weir.manifest(name, "1")).status).toBe(200);
  });

  test("needs a data folder", async () => {
    const nowhere = await run(["backup", at("b")], { env: env(at("nowhere")) });
    expect(nowhere.err).toContain("is WEIR_DATA_DIR right?");
    const noKey = await run(["backup", at("b2"), "--with-secret-key"], { env: env(at("nowhere")) });
    expect(noKey.err).toContain("the key is that of WEIR_SECRET_KEY");
  });
});

describe("verify", () => {
  const wrong = () => writeFileSync(fileOf(large), sampleBytes(2 << 20, 8));

  test("finds nothing where all is well", async () => {
    const { code, out } = await runAt(weir, ["verify"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^verified 1 manifests, 3 blobs \(2\.0 MiB\), \d+ entries: all is well$/);
    expect(await weir.api("GET", "/audit_events?action=store.verify")).toHaveLength(1);
  });

  test("is on record for what it takes out, wherever it was begun", async () => {
    wrong();
    await weir.api("POST", "/verify", { after: "blobs ", repair: false }, 200);
    expect(await weir.api("GET", "/audit_events?action=store.verify")).toMatchObject([
      { details: { repair: false, damaged: 1, repaired: 0 }, actor: { name: "admin" } },
    ]);
  });

  test("puts aside what is wrong, which the next pull fetches", async () => {
    wrong();
    truncateSync(fileOf(small), 10);
    const { code, out } = await runAt(weir, ["verify", "--json"]);
    expect(code).toBe(1);
    const { findings } = JSON.parse(out) as { findings: unknown[] };
    expect(findings).toContainEqual({
      kind: "blob",
      digest: large,
      problem: "wrong",
      outcome: "lost",
      upstream: "up1",
      repository: name,
      reason: null,
    });
    expect(findings).toContainEqual(expect.objectContaining({ digest: small, problem: "missing" }));
    expect(findings).toHaveLength(2);
    expect(readdirSync(path.join(weir.dataDir, "quarantine")).sort()).toEqual(
      [large, small].map((digest) => digest.replace(":", "-")).sort(),
    );
    const blob = await weir.blob(name, large);
    expect(digestOf(new Uint8Array(await blob.arrayBuffer()))).toBe(large);
    expect(weir.logLines).toContainEqual(
      expect.objectContaining({
        message: "stored content is not what it should be",
        digest: large,
      }),
    );
  });

  test("with --repair has it again at once, with one request each", async () => {
    wrong();
    rmSync(fileOf(small));
    const before = upstream.count("GET /v2/*");
    const { findings } = await jsonAt<{ findings: { outcome: string }[] }>(weir, [
      "verify",
      "--repair",
    ]);
    expect(findings.map(({ outcome }) => outcome)).toEqual(["repaired", "repaired"]);
    expect(upstream.count("GET /v2/*") - before).toBe(2);
    expect(await jsonAt(weir, ["verify"])).toMatchObject({ findings: [] });
    const hit = await weir.blob(name, large);
    expect(hit.headers.get("x-weir-cache")).toStartWith("hit");
    expect(digestOf(new Uint8Array(await hit.arrayBuffer()))).toBe(large);
  });

  test("says why something cannot be repaired, and ends with 1", async () => {
    wrong();
    upstream.fault("* /v2/*", { status: 404 });
    const { code, out } = await runAt(weir, ["verify", "--repair", "--json"]);
    expect(code).toBe(1);
    const { findings } = JSON.parse(out) as { findings: unknown[] };
    expect(findings).toEqual([
      expect.objectContaining({
        outcome: "lost",
        reason: "no upstream of this registry has this blob",
      }),
    ]);
    upstream.heal();
    weir.clock.step(60_000);
    const again = await jsonAt<{ findings: unknown[] }>(weir, ["verify", "--repair"]);
    expect(again.findings).toEqual([
      expect.objectContaining({ problem: "missing", outcome: "repaired" }),
    ]);
  });

  test("hashes manifests too", async () => {
    await weir.halt();
    const database = new Database(path.join(weir.dataDir, "weir.db"));
    database.run("update manifests set payload = ?", [new Uint8Array(Buffer.from("{}"))]);
    database.close();
    const lost = await verifyAt(weir.dataDir);
    expect(lost.code).toBe(1);
    expect(JSON.parse(lost.out)).toMatchObject({
      findings: [{ kind: "manifest", digest: image.digest, problem: "wrong", outcome: "lost" }],
    });
    const repaired = await verifyAt(weir.dataDir, "--repair");
    expect(repaired.code).toBe(0);
    expect(JSON.parse(repaired.out)).toMatchObject({ findings: [{ outcome: "repaired" }] });
    await weir.run();
    expect((await weir.manifest(name, "1")).headers.get("x-weir-cache")).toStartWith("hit");
  });

  test("offline is for a folder that no server has", async () => {
    const { code, err } = await verifyAt(weir.dataDir);
    expect(code).toBe(1);
    expect(err).toContain("is in use by another process");
  });

  test("is for administrators, and takes only its own cursors", async () => {
    const cursor = { after: "blobs x" };
    expect(await weir.api("POST", "/verify", cursor, 400)).toEqual({
      error: "after is none that a step has given",
    });
    expect((await runAt(weir, ["verify"], {}, "nobodys-token-of-some-length")).code).toBe(4);
  });
});

test("import takes files and folders, and export writes what import takes", async () => {
  const exported = await runAt(weir, [
    "export-images",
    "1",
    `${name}:1`,
    "--output",
    at("out.tar"),
  ]);
  expect(exported).toMatchObject({ code: 0, err: "" });
  const again = await runAt(weir, ["export-images", "1", `${name}:1`, "--output", at("out.tar")]);
  expect(again).toMatchObject({ code: 1 });
  const options = ["--upstream", "up1", "--repository", "other"];
  const imported = await runAt(weir, ["import", at("out.tar"), ...options, "--tag", "2"]);
  expect(imported).toMatchObject({ code: 0, err: "" });
  expect(imported.out).toStartWith(`other:2@${image.digest}\n3 blobs`);
  for (const [file, bytes] of layout(image)) {
    mkdirSync(path.dirname(at("layout", file)), { recursive: true });
    writeFileSync(at("layout", file), bytes);
  }
  const fromFolder = await runAt(weir, ["import", at("layout"), ...options, "--tag", "3"]);
  expect(fromFolder).toMatchObject({ code: 0, err: "" });
  expect((await weir.manifest("other", "3")).headers.get("x-weir-cache")).toStartWith("hit");
  writeFileSync(at("cut.tar"), tarOf(layout(image)).subarray(0, 1 << 20));
  const cut = await runAt(weir, ["import", at("cut.tar"), ...options]);
  expect(cut).toMatchObject({ code: 1 });
  expect(cut.err).toContain("the archive ends too soon: it was cut");
  expect((await runAt(weir, ["import", at("out.tar")])).code).toBe(2);
  expect((await runAt(weir, ["import", at("none.tar"), "--upstream", "1"])).code).toBe(1);
  expect(
    (await runAt(weir, ["export-images", "1", "nothing:1", "--output", at("no.tar")])).code,
  ).toBe(3);
  expect(existsSync(at("no.tar"))).toBe(false);
});
