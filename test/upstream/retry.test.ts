import { describe, expect, test } from "bun:test";
import { yieldTurn } from "../../src/lib/clock.ts";
import { ringMarker } from "../../src/upstream/contract.ts";
import { type Fault, Gate, sampleBytes } from "../fakes/upstream.ts";
import { until } from "../fakes/until.ts";
import { digestFrom, failureOf, latest, World } from "./world.ts";

const patterns = [
  "GET */manifests/*",
  "HEAD */manifests/*",
  "HEAD */blobs/*",
  "GET */blobs/*",
  "GET /token",
] as const;
type Pattern = (typeof patterns)[number];

async function withAll(world: World) {
  const fake = await world.fake({ auth: { kind: "bearer" } });
  fake.image("x", "latest");
  const digest = fake.blob("x", sampleBytes(100));
  const upstream = world.upstream(fake);
  const calls = {
    "GET */manifests/*": () => world.client.manifest(upstream, "x", latest),
    "HEAD */manifests/*": () => world.client.checkManifest(upstream, "x", latest, 5000),
    "HEAD */blobs/*": () => world.client.checkBlob(upstream, "x", digestFrom(digest)),
    "GET */blobs/*": () => world.open(upstream, digest).then(({ body }) => body.cancel()),
    "GET /token": () => world.client.manifest(upstream, "x", latest),
  };
  const call = (pattern: Pattern): Promise<unknown> => calls[pattern]();
  return { fake, upstream, call };
}

const passing: [what: string, fault: Fault][] = [
  ["a reset", { reset: true }],
  ["502", { status: 502 }],
  ["500", { status: 500 }],
  ["503", { status: 503 }],
  ["504", { status: 504, body: "<html>" }],
];

for (const pattern of patterns) {
  describe(pattern, () => {
    test.each(passing)("is sent once more after %s", async (_, fault) => {
      await using world = new World();
      const { fake, call } = await withAll(world);
      if (pattern !== "GET /token") fake.auth = { kind: "none" };
      fake.fault(pattern, { ...fault, times: 1 });
      await call(pattern);
      expect(fake.count(pattern)).toBe(2);
    });

    test.each(passing)("is not sent a third time after %s", async (_, fault) => {
      await using world = new World();
      const { fake, call } = await withAll(world);
      if (pattern !== "GET /token") fake.auth = { kind: "none" };
      fake.fault(pattern, fault);
      await failureOf(call(pattern));
      // It goes by the connection of the challenge, and `fetch` itself repeats what a kept-alive one did not answer.
      const isRepeated = pattern === "GET /token" && fault.reset;
      expect(fake.count(pattern)).toBe(isRepeated ? 3 : 2);
    });

    test.each<[what: string, fault: Fault]>([
      ["503 with a long Retry-After", { status: 503, headers: { "retry-after": "6" } }],
      ["429 with a long Retry-After", { status: 429, headers: { "retry-after": "6" } }],
      ["429", { status: 429 }],
      ["505", { status: 505 }],
      ["400", { status: 400 }],
      ["403", { status: 403 }],
    ])("is sent once alone after %s", async (_, fault) => {
      await using world = new World();
      const { fake, call } = await withAll(world);
      if (pattern !== "GET /token") fake.auth = { kind: "none" };
      fake.fault(pattern, fault);
      await failureOf(call(pattern));
      expect(fake.count(pattern)).toBe(1);
    });
  });
}

describe("the second try", () => {
  test("comes after a random part of 250 ms", async () => {
    await using world = new World();
    world.chance = 0.5;
    const { fake, call } = await withAll(world);
    fake.auth = { kind: "none" };
    fake.fault("*", { status: 503, times: 1 });
    const asking = call("GET */manifests/*");
    await until(() => fake.count() === 1 && world.clock.next === 125);
    world.clock.step(124);
    await yieldTurn();
    expect(fake.count()).toBe(1);
    world.clock.step(1);
    await asking;
    expect(fake.count()).toBe(2);
  });

  test("does not come where the caller's deadline comes first", async () => {
    await using world = new World();
    world.chance = 1;
    const { fake, upstream } = await withAll(world);
    fake.auth = { kind: "none" };
    fake.fault("*", { status: 503 });
    const asking = failureOf(world.client.checkManifest(upstream, "x", latest, 100));
    await until(() => fake.count() === 1 && world.clock.pending === 2);
    world.clock.step(100);
    expect((await asking).reason).toBe("timeout");
    expect(world.clock.pending).toBe(0);
    expect(fake.count()).toBe(1);
  });

  test.each(passing)("is left to the server that we ask for: %s", async (_, fault) => {
    await using world = new World();
    const { fake, upstream } = await withAll(world);
    fake.auth = { kind: "none" };
    fake.fault("*", fault);
    const marks = [ringMarker(crypto.randomUUID())];
    await failureOf(world.client.manifest(upstream, "x", latest, marks));
    expect(fake.count()).toBe(1);
  });

  test("leaves nothing open of the first", async () => {
    await using world = new World();
    const { fake, call } = await withAll(world);
    fake.auth = { kind: "none" };
    for (let i = 0; i < 70; i++) {
      // More often than one upstream may have connections open.
      fake.fault("*", { status: 503, body: "sorry", times: 1 });
      await call("GET */manifests/*");
    }
    expect(fake.count()).toBe(140);
    expect(fake.server.connections).toBe(1);
  });

  test("does not come after a time-out, nor where nobody listens", async () => {
    await using world = new World();
    const { fake, upstream, call } = await withAll(world);
    fake.auth = { kind: "none" };
    const gate = new Gate();
    fake.fault("*", { gate, hang: true });
    gate.open();
    const asking = failureOf(world.client.checkManifest(upstream, "x", latest, 100));
    await gate.arrived();
    world.clock.step(100);
    expect((await asking).reason).toBe("timeout");
    expect(fake.count()).toBe(1);
    await fake.stop();
    const error = await failureOf(call("GET */manifests/*"));
    expect(error.message).toContain("cannot be reached");
  });

  test("does not come for a body that broke off: what has arrived is the caller's to judge", async () => {
    await using world = new World();
    const { fake, call } = await withAll(world);
    fake.auth = { kind: "none" };
    fake.fault("GET *", { cutAfter: 10 });
    await failureOf(call("GET */manifests/*"));
    expect(fake.count()).toBe(1);
  });
});
