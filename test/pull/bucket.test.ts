import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { digestOf } from "../../src/oci/digest.ts";
import { buildImage, sampleBytes } from "../fakes/image.ts";
import { errorDocument, type Fault, S3Faults } from "../fakes/s3-faults.ts";
import { hasS3, isOurs, S3Server, s3Test } from "../fakes/s3-server.ts";
import { until } from "../fakes/until.ts";
import { FakeUpstream } from "../fakes/upstream.ts";
import { TestWeir } from "../fakes/weir.ts";

const name = "library/alpine";
const MiB = 1 << 20;

if (!hasS3) s3Test("pulls with a bucket", () => {});

/** Where the server itself is broken. */
const testBroken = test.skipIf(!isOurs);

describe.skipIf(!hasS3)("pulls with a bucket", () => {
  let server: S3Server;
  let faults: S3Faults;
  let upstream: FakeUpstream;
  let weir: TestWeir;
  let digest: string;
  let prefix: string;
  const bytes = sampleBytes(3 * MiB, 7);

  async function start(env: Record<string, string> = {}): Promise<void> {
    await weir?.stop();
    prefix = crypto.randomUUID();
    const bucket = server.environment(prefix, faults.endpoint);
    weir = await TestWeir.start({ upstreams: [{ fake: upstream }], env: { ...bucket, ...env } });
    await weir.manifest(name, "latest");
  }

  beforeEach(async () => {
    server ??= await S3Server.start();
    faults = await S3Faults.start(server.endpoint);
    upstream = await FakeUpstream.start();
    const image = upstream.image(name, "latest", buildImage({ layers: [bytes] }));
    digest = image.layers[0] ?? "";
    await start();
  });
  afterEach(async () => {
    faults.fault = undefined;
    await server.heal();
    await weir.stop();
    await upstream.stop();
    await faults.stop();
  });
  afterAll(() => server?.stop());

  const status = (answer: Response) => answer.headers.get("x-weir-cache")?.split(";")[0];
  const gets = () => upstream.count(`GET /v2/${name}/blobs/${digest}`);
  const keyOf = () => {
    const hex = digest.replace("sha256:", "");
    return `${prefix}/blobs/sha256/${hex.slice(0, 2)}/${hex}`;
  };
  const deny = () => Promise.resolve(errorDocument(403, "AccessDenied"));

  async function pulled(init?: Parameters<TestWeir["blob"]>[2]) {
    const answer = await weir.blob(name, digest, init);
    return [answer.status, status(answer), digestOf(await answer.bytes())] as const;
  }

  test("a blob comes from the upstream once, then from the bucket, in parts too", async () => {
    expect(await pulled()).toEqual([200, "miss", digest as never]);
    await weir.settled(name, digest);
    expect(readdirSync(weir.folder("spool"))).toEqual([]);
    expect(await pulled()).toEqual([200, "hit", digest as never]);
    const part = await weir.blob(name, digest, { headers: { Range: "bytes=100000-2000000" } });
    expect([part.status, status(part)]).toEqual([206, "hit"]);
    expect(part.headers.get("content-range")).toBe(`bytes 100000-2000000/${3 * MiB}`);
    expect(await part.bytes()).toEqual(bytes.slice(100_000, 2_000_001));
    const beyond = await weir.blob(name, digest, { headers: { Range: "bytes=9000000-" } });
    expect([beyond.status, beyond.headers.get("content-range")]).toEqual([
      416,
      `bytes */${3 * MiB}`,
    ]);
    const head = await weir.blob(name, digest, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, String(3 * MiB)]);
    expect(gets()).toBe(1);
    // Nothing is ever looked for in a list.
    expect(faults.count("GET", /list-type|uploads/)).toBe(0);
  });

  test("a blob that is not cached is asked of nobody but the upstream: its reader waits for no bucket, hanging or not", async () => {
    const hung = Promise.withResolvers<void>();
    faults.fault = (_, pass) => hung.promise.then(pass);
    expect(await pulled()).toEqual([200, "miss", digest as never]);
    hung.resolve();
    await weir.settled(name, digest);
    expect(status(await weir.blob(name, digest, { method: "HEAD" }))).toBe("hit");
  });

  testBroken(
    "a bucket that takes nothing: pulls go on, passed through once that is known",
    async () => {
      await server.restart("--readonly");
      const failed = () => weir.logLines.filter(({ message }) => message === "fill was not stored");
      for (let i = 0; i < 3; i++) {
        expect(await pulled()).toEqual([200, "miss", digest as never]);
        await until(() => failed().length === i + 1);
      }
      expect(await pulled()).toEqual([200, "bypass", digest as never]);
      const ready = await fetch(`${weir.url}/readyz`);
      expect([ready.status, await ready.text()]).toEqual([
        200,
        expect.stringContaining("the bucket denies access"),
      ]);
      await server.heal();
      weir.clock.step(60_000);
      await pulled();
      await weir.settled(name, digest);
      expect(status(await weir.blob(name, digest, { method: "HEAD" }))).toBe("hit");
    },
  );

  testBroken(
    "a bucket that is gone: what is cached is asked of the upstream, until it is there again",
    async () => {
      await pulled();
      await weir.settled(name, digest);
      await server.kill();
      expect(await pulled()).toEqual([200, "miss", digest as never]);
      expect(gets()).toBe(2);
      await server.heal();
      weir.clock.step(60_000);
      expect(await pulled()).toEqual([200, "hit", digest as never]);
      expect(gets()).toBe(2);
    },
  );

  test("neither the bucket nor the upstream has it: 503, and not that there is none", async () => {
    await pulled();
    await weir.settled(name, digest);
    faults.fault = deny;
    upstream.remove(`/v2/${name}/blobs/${digest}`);
    const answer = await weir.blob(name, digest);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await answer.text()).toContain(
      "the blob store does not answer at the moment; try again",
    );
  });

  const refused: Fault = ({ headers }) =>
    headers.get("connection") === "close" ? deny() : undefined;
  test.each([
    ["by one connection", undefined],
    ["in windows", refused],
  ])(
    "a slow reader gets what is stored, though its memory is given back behind it: %s",
    async (_, fault) => {
      const large = sampleBytes(12 * MiB, 9);
      const [layer = ""] = upstream.image(name, "large", buildImage({ layers: [large] })).layers;
      await weir.manifest(name, "large");
      await (await weir.blob(name, layer)).bytes();
      await weir.settled(name, layer);
      faults.fault = fault;
      const windows = () => faults.count("GET", new RegExp(layer.replace("sha256:", "")));
      const answer = await weir.blob(name, layer);
      const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
      const pieces = [(await reader.read()).value ?? new Uint8Array()];
      // Until nothing is asked of the bucket any more: all between it and the reader is full.
      let asked = windows();
      for (let quiet = 0; quiet < 500; quiet++) {
        await new Promise((resolve) => setImmediate(resolve));
        if (windows() > asked) quiet = 0;
        asked = windows();
      }
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        pieces.push(read.value);
      }
      expect(digestOf(Buffer.concat(pieces))).toBe(layer as never);
    },
  );

  test("an object that is gone is fetched again, and noticed before the header", async () => {
    await pulled();
    await weir.settled(name, digest);
    await server.bucket(prefix).delete(keyOf());
    expect(await pulled()).toEqual([200, "miss", digest as never]);
    expect(gets()).toBe(2);
  });

  test("an object that was replaced by one of its size is found by its digest, put aside, and fetched again", async () => {
    await pulled();
    await weir.settled(name, digest);
    const other = sampleBytes(bytes.length, 8);
    const sha256 = new Bun.CryptoHasher("sha256").update(other).digest();
    await server.bucket(prefix).put(keyOf(), { bytes: other, sha256 }, { isNew: false });
    const verified = await weir.api("POST", "/verify", { after: "blobs ", repair: true });
    expect(verified).toMatchObject({
      findings: [{ digest, problem: "wrong", outcome: "repaired" }],
    });
    expect(await pulled()).toEqual([200, "hit", digest as never]);
    expect(gets()).toBe(2);
    const aside = await server.bucket(prefix).list(`${prefix}/quarantine/`, undefined, 10);
    expect(aside).toMatchObject([{ size: bytes.length }]);
  });

  test("a replaced object that could not be put aside goes all the same, and is fetched again", async () => {
    await pulled();
    await weir.settled(name, digest);
    const other = sampleBytes(bytes.length, 8);
    const sha256 = new Bun.CryptoHasher("sha256").update(other).digest();
    await server.bucket(prefix).put(keyOf(), { bytes: other, sha256 }, { isNew: false });
    faults.fault = ({ headers }, pass) => (headers.get("x-amz-copy-source") ? deny() : pass());
    const verified = await weir.api("POST", "/verify", { after: "blobs ", repair: false });
    expect(verified).toMatchObject({ findings: [{ digest, problem: "wrong", outcome: "lost" }] });
    expect(await server.bucket(prefix).list(`${prefix}/`, undefined, 10)).toEqual([]);
    expect(await pulled()).toEqual([200, "miss", digest as never]);
    await weir.settled(name, digest);
    expect(await pulled()).toEqual([200, "hit", digest as never]);
    expect(gets()).toBe(2);
  });

  test("a replaced object that cannot be moved at all is told, and fetched again when it can be", async () => {
    await pulled();
    await weir.settled(name, digest);
    const other = sampleBytes(bytes.length, 8);
    const sha256 = new Bun.CryptoHasher("sha256").update(other).digest();
    await server.bucket(prefix).put(keyOf(), { bytes: other, sha256 }, { isNew: false });
    faults.fault = ({ method, headers }, pass) =>
      method === "DELETE" || headers.get("x-amz-copy-source") ? deny() : pass();
    const verify = () => weir.api("POST", "/verify", { after: "blobs ", repair: true });
    expect(await verify()).toMatchObject({
      findings: [{ digest, outcome: "kept", reason: expect.stringContaining("denies access") }],
    });
    faults.fault = undefined;
    expect(await verify()).toMatchObject({ findings: [{ digest, outcome: "repaired" }] });
    expect(await pulled()).toEqual([200, "hit", digest as never]);
    expect(gets()).toBe(2);
  });

  test("a bucket that gives out in the middle cuts the reader", async () => {
    await pulled();
    await weir.settled(name, digest);
    faults.fault = ({ headers }, pass) => (headers.get("if-match") ? deny() : pass());
    const answer = await weir.blob(name, digest);
    expect([answer.status, status(answer)]).toEqual([200, "hit"]);
    const rest = answer.bytes().then(
      () => "complete",
      () => "cut",
    );
    const isCut = () => weir.logLines.some(({ message }) => message === "transfer cut");
    await until(() => {
      weir.clock.step(500);
      return isCut();
    });
    expect(await rest).toBe("cut");
  });

  test("a receiver that cannot see a cut gets the length, from a copy that goes again", async () => {
    await start({ WEIR_TRUSTED_PROXIES: "127.0.0.1" });
    await pulled();
    await weir.settled(name, digest);
    const answer = await weir.blob(name, digest, { headers: { Connection: "close" } });
    expect([status(answer), answer.headers.get("content-length")]).toEqual([
      "hit",
      String(3 * MiB),
    ]);
    expect(digestOf(await answer.bytes())).toBe(digest as never);
    weir.clock.step(60_000);
    await until(() => readdirSync(weir.folder("spool")).length === 0);
  });

  test("where receivers are sent to the bucket: blobs by an address that ends soon, manifests never", async () => {
    await start({ WEIR_BLOBS_REDIRECT: "true" });
    await pulled();
    await weir.settled(name, digest);
    const path = weir.path(name, "blobs", digest);
    const headers = { Authorization: `Bearer ${await weir.token(name)}` };
    const sent = await fetch(weir.url + path, { headers, redirect: "manual" });
    expect([sent.status, status(sent), sent.headers.get("cache-control")]).toEqual([
      307,
      "hit",
      "no-store",
    ]);
    const location = sent.headers.get("location") ?? "";
    expect(location).toStartWith(`${faults.endpoint}/`);
    expect(digestOf(await (await fetch(location)).bytes())).toBe(digest as never);
    const manifest = await weir.manifest(name, "latest");
    expect([manifest.status, manifest.redirected]).toEqual([200, false]);
    const head = await weir.blob(name, digest, { method: "HEAD" });
    expect([head.status, head.redirected]).toEqual([200, false]);
    expect(JSON.stringify(weir.logLines)).not.toContain("X-Amz-Signature");
  });
});
