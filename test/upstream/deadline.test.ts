import { describe, expect, test } from "bun:test";
import { yieldTurn } from "../../src/lib/clock.ts";
import { Gate, Tap } from "../fakes/upstream.ts";
import { until } from "../fakes/until.ts";
import { failureOf, found, latest, World } from "./world.ts";

async function withImage(world: World) {
  const fake = await world.fake();
  fake.image("x", "latest");
  const digest = fake.blob("x", new Uint8Array(1000));
  return { fake, digest, upstream: world.upstream(fake) };
}

describe("a deadline", () => {
  test("for the head of an answer: 10 s", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withImage(world);
    const gate = new Gate();
    fake.fault("GET *", { gate, hang: true });
    gate.open();
    const opening = failureOf(world.open(upstream, digest));
    await gate.arrived();
    world.clock.step(9999);
    await yieldTurn();
    expect(fake.server.open).toBe(1);
    world.clock.step(1);
    expect(await opening).toMatchObject({
      reason: "timeout",
      message: 'upstream "Fake" did not answer in time',
    });
    await fake.server.closed();
  });

  test("for looking up a name: 5 s", async () => {
    await using world = new World(() => Promise.withResolvers<string[]>().promise);
    const asking = failureOf(
      world.client.manifest(world.upstream("http://slow.test"), "x", latest),
    );
    await yieldTurn();
    world.clock.step(5000);
    expect((await asking).message).toContain("host name");
  });

  test("for a manifest as a whole, however steadily it drips: 30 s", async () => {
    await using world = new World();
    const { fake, upstream } = await withImage(world);
    const gate = new Gate();
    const tap = new Tap();
    fake.fault("GET *", { gate, tap });
    gate.open();
    const asking = failureOf(world.client.manifest(upstream, "x", latest));
    await gate.arrived();
    for (let second = 0; second < 29; second++) {
      tap.release(1);
      while (fake.sent() <= second) await yieldTurn();
      for (let turn = 0; turn < 5; turn++) await yieldTurn();
      world.clock.step(1000);
    }
    expect(fake.server.open).toBe(1);
    world.clock.step(1000);
    expect((await asking).reason).toBe("timeout");
    await fake.server.closed();
  });

  test("for a check is the caller's, the handshake included", async () => {
    await using world = new World();
    const { fake, upstream } = await withImage(world);
    const gate = new Gate();
    fake.auth = { kind: "bearer" };
    fake.fault("GET /token", { gate });
    const checking = failureOf(world.client.checkManifest(upstream, "x", latest, 200));
    // Someone with more patience wants the same token, and gets it.
    const patient = world.client.checkManifest(upstream, "x", latest, 5000);
    await gate.arrived();
    world.clock.step(200);
    expect((await checking).reason).toBe("timeout");
    gate.open();
    found(await patient);
    expect(fake.count("GET /token")).toBe(1);
  });

  test("for a token service: as for anything else", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withImage(world);
    const gate = new Gate();
    fake.auth = { kind: "bearer" };
    fake.fault("GET /token", { gate, hang: true });
    gate.open();
    const opening = failureOf(world.open(upstream, digest));
    await gate.arrived();
    world.clock.step(10_000);
    expect((await opening).reason).toBe("timeout");
  });

  test("for a page that goes with a refusal: 1 s, and its status counts all the same", async () => {
    await using world = new World();
    const { fake, upstream } = await withImage(world);
    const gate = new Gate();
    fake.fault("GET *", { gate, status: 503, body: "sorry", tap: new Tap() });
    gate.open();
    const asking = failureOf(world.client.manifest(upstream, "x", latest));
    await gate.arrived();
    // Once its head is there, the clock of the page runs, not that of the head.
    await until(() => world.clock.next <= 1000);
    world.clock.step(1000);
    expect((await asking).reason).toBe("broken");
    await fake.server.closed();
  });
});

describe("silence in the middle of a blob", () => {
  test("ends it after 60 s, counted anew from each piece", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withImage(world);
    const tap = new Tap();
    fake.fault("GET *", { tap });
    const reader = (await world.open(upstream, digest)).body.getReader();
    for (let piece = 0; piece < 5; piece++) {
      const waiting = reader.read();
      await yieldTurn();
      world.clock.step(59_999);
      tap.release(1);
      expect((await waiting).value?.length).toBe(1);
    }
    const waiting = failureOf(reader.read());
    await yieldTurn();
    world.clock.step(60_000);
    expect(await waiting).toMatchObject({ reason: "timeout", upstream: "Fake" });
    await fake.server.closed();
  });

  test("is not counted while the reader itself takes its time", async () => {
    await using world = new World();
    const { digest, upstream } = await withImage(world);
    const reader = (await world.open(upstream, digest)).body.getReader();
    expect((await reader.read()).value?.length).toBe(1000);
    world.clock.step(3_600_000);
    expect((await reader.read()).done).toBe(true);
  });

  test("needs one timer, however many pieces come", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withImage(world);
    const tap = new Tap();
    fake.fault("GET *", { tap });
    const reader = (await world.open(upstream, digest)).body.getReader();
    for (let piece = 0; piece < 20; piece++) {
      tap.release(1);
      await reader.read();
      expect(world.clock.pending).toBe(1);
    }
    await reader.cancel();
    expect(world.clock.pending).toBe(0);
  });
});
