import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { digestOf } from "../../src/oci/digest.ts";
import { placeOf } from "../fakes/test-blobs.ts";
import { buildImage, FakeUpstream, sampleBytes } from "../fakes/upstream.ts";
import { TestWeir } from "../fakes/weir.ts";

const name = "library/app";
const size = 3 << 20;
const bytes = sampleBytes(size, 1);
const wrong = sampleBytes(size, 2);
const digest = digestOf(bytes);
/** The scrub comes an hour after the start, and is not to find it first. */
const laterMs = 600_000;
const dayMs = 86_400_000;
const blobGets = `GET /v2/*/blobs/${digest}`;
const isRight = "stored blob was written to, and is right";
const isWrong = "stored content is not what it should be";
const isInBucket = process.env["WEIR_TEST_BLOBS"] === "s3";
const isOnPostgres = process.env["WEIR_TEST_DATABASE"] === "postgres";

// What is in a bucket cannot be written to: docs/decisions/0038-changed-files.md.
describe.skipIf(isInBucket)("a stored file that somebody has written to", () => {
  let upstream: FakeUpstream;
  let weir: TestWeir;
  beforeEach(async () => {
    upstream = await FakeUpstream.start();
    for (const repository of [name, "library/other"]) {
      upstream.image(repository, "latest", buildImage({ layers: [bytes], label: repository }));
    }
    weir = await TestWeir.start({ upstreams: [{ fake: upstream }] });
    await (await weir.manifest(name, "latest")).bytes();
    await (await weir.blob(name, digest)).bytes();
    await weir.settled(name, digest);
    weir.clock.step(laterMs);
  });
  afterEach(async () => {
    await weir.stop();
    await upstream.stop();
  });

  const file = () => path.join(weir.folder("blobs"), placeOf(digest));
  const touch = (at = weir.clock.now()) => utimesSync(file(), at / 1000, at / 1000);
  /** Without a new file: as an editor, a careless copy or a restore leaves it. */
  const spoil = (at?: number) => {
    writeFileSync(file(), wrong);
    touch(at);
  };
  const status = (response: Response) => response.headers.get("x-weir-cache")?.split(";")[0];
  const told = (message: string) =>
    weir.logLines.filter((line) => line["message"] === message).length;
  const quarantine = () => {
    const folder = path.join(weir.dataDir, "quarantine");
    return existsSync(folder) ? readdirSync(folder) : [];
  };
  const metrics = async () => (await fetch(`${weir.url}/metrics`)).text();
  /** Whole bodies are hashed here: none may be another's. */
  const pull = async (init?: { headers?: Record<string, string> }, repository = name) => {
    const response = await weir.blob(repository, digest, init);
    const body = await response.bytes();
    return { code: response.status, cache: status(response), digest: digestOf(body) };
  };
  const hit = { code: 200, cache: "hit", digest };

  test("and is wrong: put aside, told, fetched again within the same pull", async () => {
    spoil();
    expect(await pull()).toEqual({ code: 200, cache: "miss", digest });
    expect(upstream.count(blobGets)).toBe(2);
    expect(quarantine()).toEqual([digest.replace(":", "-")]);
    expect(told(isWrong)).toBe(1);
    expect(await metrics()).toContain('weir_damaged_objects_total{outcome="lost"} 1\n');
    expect(await weir.api("GET", "/audit_events?action=store.recheck")).toMatchObject([
      { actor: { kind: "system" }, details: { damaged: 1, repaired: 0, first: digest } },
    ]);
    await weir.filled();
    expect(await pull()).toEqual(hit);
    expect(upstream.count(blobGets)).toBe(2);
    expect([told(isWrong), told(isRight)]).toEqual([1, 0]);
  });

  test("and is wrong, and its upstream does not answer: refused, and not a byte of it is sent", async () => {
    spoil();
    upstream.fault("* /v2/*", { reset: true });
    for (const headers of [{}, { Range: "bytes=0-99" }]) {
      const response = await weir.blob(name, digest, { headers });
      expect([response.status, response.headers.has("retry-after")]).toEqual([503, true]);
      expect(await response.json()).toMatchObject({ errors: [{ message: expect.any(String) }] });
    }
    expect(told(isWrong)).toBe(1);
    upstream.heal();
    weir.clock.step(laterMs);
    expect((await pull()).digest).toBe(digest);
  });

  test("and is wrong: HEAD and parts have it looked at as well", async () => {
    spoil();
    const head = await weir.blob(name, digest, { method: "HEAD" });
    expect([head.status, status(head)]).toEqual([200, "miss"]);
    expect(quarantine()).toHaveLength(1);
    await pull();
    await weir.filled();
    weir.clock.step(laterMs);
    spoil();
    const part = await weir.blob(name, digest, { headers: { Range: "bytes=1000-1999" } });
    const last = Math.min(part.status === 206 ? 2000 : size, size);
    expect(await part.bytes()).toEqual(bytes.slice(part.status === 206 ? 1000 : 0, last));
    expect(told(isWrong)).toBe(2);
  });

  test("and is wrong: it is not shown to another repository either", async () => {
    await (await weir.manifest("library/other", "latest")).bytes();
    spoil();
    const heads = () => upstream.count(`HEAD /v2/*/blobs/${digest}`);
    const before = heads();
    const head = await weir.blob("library/other", digest, { method: "HEAD" });
    expect(head.status).toBe(200);
    // It was looked at before the upstream was asked whether it has what is stored, so that nothing came to be shown.
    expect(heads() - before).toBe(1);
    weir.clock.step(laterMs);
    expect(await pull({}, "library/other")).toMatchObject({ code: 200, digest });
    expect(await pull()).toMatchObject({ code: 200, digest });
    expect(told(isWrong)).toBe(1);
  });

  test("and is right: hashed once, and not again, after a restart neither", async () => {
    touch();
    for (const repetition of [1, 2]) {
      expect([repetition, await pull()]).toEqual([repetition, hit]);
      expect(told(isRight)).toBe(1);
    }
    await weir.halt();
    await weir.run();
    expect(await pull()).toEqual(hit);
    expect(told(isRight)).toBe(1);
    expect(upstream.count(blobGets)).toBe(1);
    weir.clock.step(laterMs);
    spoil();
    expect(await pull()).toMatchObject({ code: 200, cache: "miss", digest });
  });

  test("by its owner or mode alone: nobody has changed its bytes, and it is not hashed", async () => {
    chmodSync(file(), 0o640);
    expect(await pull()).toEqual(hit);
    expect([told(isRight), told(isWrong)]).toEqual([0, 0]);
  });

  test("many who pull it at once: it is hashed once, and fetched once where it is wrong", async () => {
    touch();
    const many = () => Promise.all(Array.from({ length: 20 }, () => pull()));
    expect(new Set((await many()).map((pulled) => JSON.stringify(pulled)))).toEqual(
      new Set([JSON.stringify(hit)]),
    );
    expect(told(isRight)).toBe(1);
    weir.clock.step(laterMs);
    spoil();
    for (const pulled of await many()) expect(pulled).toMatchObject({ code: 200, digest });
    expect([told(isWrong), quarantine().length]).toEqual([1, 1]);
    expect(upstream.count(blobGets)).toBe(2);
  });

  test("at a time that is yet to come, by a clock that is ahead: hashed once all the same", async () => {
    const ahead = weir.clock.now() + dayMs;
    touch(ahead);
    for (let i = 0; i < 2; i++) expect(await pull()).toEqual(hit);
    await weir.halt();
    await weir.run();
    expect(await pull()).toEqual(hit);
    expect(told(isRight)).toBe(1);
    // What is written by that clock after this is later than it.
    spoil(ahead + laterMs);
    expect(await pull()).toMatchObject({ code: 200, digest });
    expect(told(isWrong)).toBe(1);
    // And what has been fetched in its place bears our time.
    await weir.filled();
    expect(await pull()).toEqual(hit);
    expect(told(isRight)).toBe(1);
  });

  test.skipIf(isOnPostgres)(
    "and is right, which cannot be noted: this process remembers it",
    async () => {
      await weir.query(`create trigger refused before update of verified_at on blobs
      begin select raise(abort, 'read-only'); end`);
      touch();
      for (let i = 0; i < 3; i++) expect(await pull()).toEqual(hit);
      expect(told(isRight)).toBe(1);
      expect(told("a blob was not noted as right")).toBe(1);
      await weir.halt();
      await weir.run();
      expect(await pull()).toEqual(hit);
      expect(told(isRight)).toBe(2);
    },
  );

  test("and is wrong, and cannot be moved: never served", async () => {
    spoil();
    const folder = path.join(weir.dataDir, "quarantine");
    writeFileSync(folder, "in the way");
    upstream.fault("* /v2/*", { reset: true });
    for (let i = 0; i < 2; i++) expect((await weir.blob(name, digest)).status).toBe(503);
    expect(told("stored content stays, though it is wrong or cannot be read")).toBe(1);
    expect(await metrics()).toContain('weir_damaged_objects_total{outcome="kept"} 1\n');
  });
});
