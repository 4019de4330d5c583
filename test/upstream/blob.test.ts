import { describe, expect, test } from "bun:test";
import { yieldTurn } from "../../src/lib/clock.ts";
import type { UnsureReason } from "../../src/upstream/contract.ts";
import { type Fault, Gate, sampleBytes, Tap } from "../fakes/upstream.ts";
import { digestFrom, failureOf, World } from "./world.ts";

const bytes = sampleBytes(300_000);

async function withBlob(world: World, content = bytes) {
  const fake = await world.fake();
  const digest = fake.blob("x", content);
  return { fake, digest, upstream: world.upstream(fake) };
}

const read = (body: ReadableStream<Uint8Array>) => new Response(body).bytes();

describe("a blob", () => {
  test("is opened and read", async () => {
    await using world = new World();
    const { digest, upstream } = await withBlob(world);
    const { body, ...rest } = await world.open(upstream, digest);
    expect(rest).toEqual({
      found: true,
      contentType: "application/octet-stream",
      size: bytes.length,
      claimedDigest: digest,
      etag: digest,
      offset: 0,
    });
    expect(Bun.hash(await read(body))).toBe(Bun.hash(bytes));
  });

  test("is checked by HEAD", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withBlob(world);
    const described = await world.client.checkBlob(upstream, "x", digest);
    expect(described).toMatchObject({ found: true, size: bytes.length, claimedDigest: digest });
    expect(fake.seen().map(({ method }) => method)).toEqual(["HEAD"]);
  });

  test("of no bytes is a body that ends", async () => {
    await using world = new World();
    const { digest, upstream } = await withBlob(world, new Uint8Array());
    const { body, size } = await world.open(upstream, digest);
    expect([size, (await read(body)).length]).toEqual([0, 0]);
  });

  test.each(["chunked", "close"] as const)("framed %s has no size", async (framing) => {
    await using world = new World();
    const { fake, digest, upstream } = await withBlob(world);
    fake.fault("GET *", { framing });
    const { body, size } = await world.open(upstream, digest);
    expect(size).toBeUndefined();
    expect((await read(body)).length).toBe(bytes.length);
  });

  test("that is not there is absent", async () => {
    await using world = new World();
    const { upstream } = await withBlob(world);
    const { signal } = new AbortController();
    const digest = digestFrom(`sha256:${"0".repeat(64)}`);
    expect(await world.client.blob(upstream, "x", digest, { offset: 0, signal })).toEqual({
      found: false,
    });
  });

  test("from an offset, with the etag it had", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withBlob(world);
    const { body, ...rest } = await world.open(upstream, digest, { offset: 299_000, etag: digest });
    expect(rest).toMatchObject({ offset: 299_000, size: 300_000 });
    expect(Bun.hash(await read(body))).toBe(Bun.hash(bytes.subarray(299_000)));
    const [seen] = fake.seen();
    expect(seen?.headers.get("range")).toBe("bytes=299000-");
    expect(seen?.headers.get("if-range")).toBe(`"${digest}"`);
  });

  test.each([0, 5])("from %d to an end", async (offset) => {
    await using world = new World();
    const { fake, digest, upstream } = await withBlob(world);
    const { body, ...rest } = await world.open(upstream, digest, { offset, last: 9 });
    expect(rest).toMatchObject({ offset, size: 300_000 });
    expect(await read(body)).toEqual(bytes.slice(offset, 10));
    expect(fake.seen()[0]?.headers.get("range")).toBe(`bytes=${offset}-9`);
  });

  test("that changed meanwhile comes from its beginning", async () => {
    await using world = new World();
    const { digest, upstream } = await withBlob(world);
    const { body, offset, size } = await world.open(upstream, digest, { offset: 5, etag: "older" });
    expect([offset, size, (await read(body)).length]).toEqual([0, 300_000, 300_000]);
  });

  test("where ranges are ignored comes from its beginning", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withBlob(world);
    fake.fault("GET *", { ignoreRange: true });
    const { body, offset } = await world.open(upstream, digest, { offset: 5 });
    expect([offset, (await read(body)).length]).toEqual([0, 300_000]);
  });

  test("without an offset asks for no range", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withBlob(world);
    await read((await world.open(upstream, digest, { etag: digest })).body);
    expect(fake.seen()[0]?.headers.has("range")).toBe(false);
    expect(fake.seen()[0]?.headers.has("if-range")).toBe(false);
  });

  test("has no etag to go on with where it is weak", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withBlob(world);
    fake.fault("GET *", { headers: { etag: 'W/"x"' } });
    const { body, etag } = await world.open(upstream, digest);
    await body.cancel();
    expect(etag).toBeUndefined();
  });
});

describe("a blob's lie", () => {
  test.each<[what: string, fault: Fault, reason: UnsureReason]>([
    ["another part", { headers: { "content-range": "bytes 4-299999/300000" } }, "invalid"],
    ["no part named", { headers: { "content-range": null } }, "invalid"],
    ["a part that is none", { headers: { "content-range": "bytes 9-5/300000" } }, "invalid"],
    ["a part of unknown size", { headers: { "content-range": "bytes 5-299999/*" } }, "invalid"],
    ["416", { status: 416 }, "invalid"],
    ["gzip", { headers: { "content-encoding": "gzip" } }, "invalid"],
    ["500", { status: 500 }, "broken"],
    ["429", { status: 429 }, "rate_limited"],
  ])("in answer to a range: %s", async (_, fault, reason) => {
    await using world = new World();
    const { fake, digest, upstream } = await withBlob(world);
    // Of a body that is not wanted, nothing is waited for.
    fake.fault("GET *", { ...fault, ...(fault.status === undefined && { tap: new Tap() }) });
    expect((await failureOf(world.open(upstream, digest, { offset: 5 }))).reason).toBe(reason);
  });

  test.each<[what: string, fault: Fault]>([
    ["the whole", { ignoreRange: true }],
    ["a part with another end", { headers: { "content-range": "bytes 5-8/300000" } }],
    ["another length", { headers: { "content-length": "4" } }],
    ["416", { status: 416 }],
  ])("in answer to a range with an end: %s", async (_, fault) => {
    await using world = new World();
    const { fake, digest, upstream } = await withBlob(world);
    fake.fault("GET *", { ...fault, ...(fault.status === undefined && { tap: new Tap() }) });
    const opening = world.open(upstream, digest, { offset: 5, last: 9 });
    expect((await failureOf(opening)).reason).toBe("invalid");
    await fake.server.quiet();
  });

  test("a part that was not asked for", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withBlob(world);
    fake.fault("GET *", { status: 206, headers: { "content-range": "bytes 0-299999/300000" } });
    expect((await failureOf(world.open(upstream, digest))).reason).toBe("invalid");
    expect(await failureOf(world.open(upstream, digest, { offset: 5 }))).toMatchObject({
      reason: "invalid",
      message: 'upstream "Fake" answered with another part than it was asked for',
    });
  });

  test.each<[what: string, fault: Fault]>([
    ["with a length", { cutAfter: 100_000 }],
    ["chunked", { cutAfter: 100_000, framing: "chunked" }],
  ])("a body that breaks off, %s, errors", async (_, fault) => {
    await using world = new World();
    const { fake, digest, upstream } = await withBlob(world);
    fake.fault("GET *", fault);
    const { body } = await world.open(upstream, digest);
    const error = await failureOf(read(body));
    expect(error).toMatchObject({ reason: "unreachable", upstream: "Fake" });
    expect(error.message).toContain("broke off the connection");
  });
});

describe("a reader", () => {
  test("gets bytes as they arrive", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withBlob(world);
    const tap = new Tap();
    fake.fault("GET *", { tap });
    const reader = (await world.open(upstream, digest)).body.getReader();
    for (const some of [1, 1000, 7]) {
      tap.release(some);
      expect((await reader.read()).value?.length).toBe(some);
    }
    await reader.cancel();
  });

  test("that cancels closes the connection", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withBlob(world);
    fake.fault("GET *", { tap: new Tap() });
    await (await world.open(upstream, digest)).body.cancel();
    await fake.server.closed();
  });

  test("whose signal fires gets its own reason, and the connection closes", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withBlob(world);
    const tap = new Tap();
    fake.fault("GET *", { tap });
    const wanted = new AbortController();
    const { body } = await world.open(upstream, digest, { signal: wanted.signal });
    const reader = body.getReader();
    tap.release(1);
    await reader.read();
    const waiting = reader.read().catch((error: unknown) => error);
    wanted.abort("enough");
    expect(await waiting).toBe("enough");
    await fake.server.closed();
  });

  test("whose signal fires before the answer gets its own reason", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withBlob(world);
    const gate = new Gate();
    fake.fault("GET *", { gate });
    const wanted = new AbortController();
    const { signal } = wanted;
    const opening = world.open(upstream, digest, { signal }).catch((error: unknown) => error);
    await gate.arrived();
    wanted.abort("enough");
    expect(await opening).toBe("enough");
    gate.open();
    const again = world.open(upstream, digest, { signal }).catch((error: unknown) => error);
    expect(await again).toBe("enough");
    expect(fake.count()).toBe(1);
  });

  test("that is slow slows the upstream, and takes no memory", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withBlob(world, sampleBytes(64 << 20));
    const { body } = await world.open(upstream, digest);
    const reader = body.getReader();
    await reader.read();
    let last = -1;
    // Until the upstream can hand over no more.
    for (let same = 0; same < 200; same = fake.sent() === last ? same + 1 : 0) {
      last = fake.sent();
      await yieldTurn();
    }
    expect(fake.sent()).toBeLessThan(32 << 20);
    await reader.cancel();
  });

  test("of one upstream does not wait for those of another that hangs", async () => {
    await using world = new World();
    const { digest, upstream } = await withBlob(world);
    const hanging = await world.fake();
    const gate = new Gate();
    hanging.blob("x", bytes);
    hanging.fault("GET *", { gate });
    const other = world.upstream(hanging);
    const stop = new AbortController();
    const { signal } = stop;
    const opening = Array.from({ length: 70 }, () =>
      world.open(other, digest, { signal }).catch((error: unknown) => error),
    );
    await gate.arrived(64);
    await read((await world.open(upstream, digest)).body);
    expect(hanging.count()).toBe(64);
    // A check of the same upstream has its own lane.
    await world.client.checkBlob(other, "x", digest);
    stop.abort("enough");
    for (const outcome of await Promise.all(opening)) expect(outcome).toBe("enough");
    gate.open();
  });

  test("waits its turn beyond what one upstream may have open", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withBlob(world);
    const gate = new Gate();
    fake.fault("GET *", { gate });
    const opening = Array.from({ length: 70 }, async () =>
      read((await world.open(upstream, digest)).body),
    );
    await gate.arrived(64);
    expect(fake.count()).toBe(64);
    gate.open();
    for (const body of await Promise.all(opening)) expect(body.length).toBe(bytes.length);
    expect(fake.count()).toBe(70);
  });

  test("that stops waiting for its turn takes nobody's place", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withBlob(world);
    const gate = new Gate();
    fake.fault("GET *", { gate });
    const whole = async () => (await read((await world.open(upstream, digest)).body)).length;
    const first = Array.from({ length: 64 }, whole);
    await gate.arrived(64);
    const impatient = new AbortController();
    const { signal } = impatient;
    const waiting = Array.from({ length: 64 }, () =>
      world.open(upstream, digest, { signal }).catch((error: unknown) => error),
    );
    const second = whole();
    impatient.abort("enough");
    for (const outcome of await Promise.all(waiting)) expect(outcome).toBe("enough");
    gate.open();
    expect(new Set(await Promise.all([...first, second]))).toEqual(new Set([bytes.length]));
    expect(await whole()).toBe(bytes.length);
    expect(fake.count()).toBe(66);
  });

  test("waits no longer than 10 s for its turn", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withBlob(world);
    fake.fault("GET *", { tap: new Tap() });
    const bodies = Array.from(
      { length: 64 },
      async () => (await world.open(upstream, digest)).body,
    );
    const open = await Promise.all(bodies);
    const late = failureOf(world.open(upstream, digest));
    world.clock.step(10_000);
    expect((await late).message).toContain("has too many transfers running");
    for (const body of open) await body.cancel();
  });
});
