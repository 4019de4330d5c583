import { dlopen, ptr } from "bun:ffi";
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

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await yieldTurn();
}

/** A port whose queue of connections is full, so that no more of them come about. */
function deafPort(): Disposable & { port: number } {
  const library = dlopen("libc.so.6", {
    socket: { args: ["int", "int", "int"], returns: "int" },
    bind: { args: ["int", "ptr", "int"], returns: "int" },
    listen: { args: ["int", "int"], returns: "int" },
    getsockname: { args: ["int", "ptr", "ptr"], returns: "int" },
    connect: { args: ["int", "ptr", "int"], returns: "int" },
    close: { args: ["int"], returns: "int" },
  });
  const libc = library.symbols;
  const address = new Uint8Array([2, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  const open = () => libc.socket(2, 1 | 0o4000, 0); // SOCK_STREAM | SOCK_NONBLOCK
  const listening = open();
  libc.bind(listening, ptr(address), 16);
  libc.listen(listening, 0);
  libc.getsockname(listening, ptr(address), ptr(new Uint32Array([16])));
  const waiting = [open(), open()];
  for (const socket of waiting) libc.connect(socket, ptr(address), 16);
  return {
    port: new DataView(address.buffer).getUint16(2),
    [Symbol.dispose]() {
      for (const socket of [listening, ...waiting]) libc.close(socket);
      library.close();
    },
  };
}

describe("a deadline", () => {
  test.each(["manifest", "blob"])("for the head of an answer of a %s: 75 s", async (kind) => {
    await using world = new World();
    const { fake, digest, upstream } = await withImage(world);
    const gate = new Gate();
    fake.fault("GET *", { gate, hang: true });
    gate.open();
    const asking = failureOf(
      kind === "blob" ? world.open(upstream, digest) : world.client.manifest(upstream, "x", latest),
    );
    await gate.arrived();
    world.clock.step(74_999);
    await turns(20);
    expect(fake.server.open).toBe(1);
    world.clock.step(1);
    expect(await asking).toMatchObject({
      reason: "timeout",
      message: 'upstream "Fake" did not answer in time',
    });
    await fake.server.closed();
  });

  test("lets an upstream be silent for 60 s before its headers and between two pieces", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withImage(world);
    for (const kind of ["manifest", "blob"]) {
      const gate = new Gate();
      const tap = new Tap();
      fake.fault("GET *", { gate, tap });
      const asking =
        kind === "blob"
          ? world.open(upstream, digest).then(({ body }) => new Response(body).bytes())
          : world.client.manifest(upstream, "x", latest).then((it) => found(it).payload);
      await gate.arrived();
      world.clock.step(60_000);
      await turns(20);
      gate.open();
      tap.release(10);
      await until(() => fake.sent(`GET *${kind}s/*`) >= 10);
      await until(() => world.clock.next > 15_000); // the head is there: its limit is gone
      world.clock.step(kind === "blob" ? 60_000 : 30_000);
      tap.open();
      expect((await asking).length).toBeGreaterThan(10);
    }
  });

  test("for connecting: 10 s", async () => {
    await using world = new World();
    using deaf = deafPort();
    const upstream = world.upstream(`http://127.0.0.1:${deaf.port}`);
    const asking = failureOf(world.client.manifest(upstream, "x", latest));
    await until(() => world.clock.pending === 3); // the whole, the head, connecting
    world.clock.step(9999);
    await turns(50);
    expect(world.clock.pending).toBeGreaterThan(0);
    world.clock.step(1);
    expect(await asking).toMatchObject({
      reason: "timeout",
      message: 'upstream "Fake" cannot be connected to in time',
    });
  });

  test("for looking up a name: 5 s", async () => {
    await using world = new World(() => Promise.withResolvers<string[]>().promise);
    const asking = failureOf(
      world.client.manifest(world.upstream("http://slow.test"), "x", latest),
    );
    await yieldTurn();
    world.clock.step(5000);
    expect((await asking).message).toContain("has a host name that is not looked up in time");
  });

  test("for a manifest as a whole, however steadily it drips: 105 s", async () => {
    await using world = new World();
    const { fake, upstream } = await withImage(world);
    const gate = new Gate();
    const tap = new Tap();
    fake.fault("GET *", { gate, tap });
    gate.open();
    const asking = failureOf(world.client.manifest(upstream, "x", latest));
    await gate.arrived();
    for (let piece = 0; piece < 21; piece++) {
      tap.release(1);
      await until(() => fake.sent() > piece && world.clock.pending === 2);
      await turns(200); // the piece is on its way to the client, which has 75 s for it
      world.clock.step(piece < 20 ? 5000 : 4999);
    }
    await turns(20);
    expect(fake.server.open).toBe(1);
    world.clock.step(1);
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

  test("for a token service: 30 s", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withImage(world);
    const gate = new Gate();
    fake.auth = { kind: "bearer" };
    fake.fault("GET /token", { gate, hang: true });
    gate.open();
    const opening = failureOf(world.open(upstream, digest));
    await gate.arrived();
    world.clock.step(30_000);
    expect((await opening).reason).toBe("timeout");
  });

  test("for a page that goes with a refusal: 1 s, and its status counts all the same", async () => {
    await using world = new World();
    const { fake, upstream } = await withImage(world);
    const gate = new Gate();
    fake.fault("GET *", { gate, status: 501, body: "sorry", tap: new Tap() });
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
  test("ends it after 75 s, counted anew from each piece", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withImage(world);
    const tap = new Tap();
    fake.fault("GET *", { tap });
    const reader = (await world.open(upstream, digest)).body.getReader();
    for (let piece = 0; piece < 5; piece++) {
      const waiting = reader.read();
      await yieldTurn();
      world.clock.step(74_999);
      tap.release(1);
      expect((await waiting).value?.length).toBe(1);
    }
    const waiting = failureOf(reader.read());
    await yieldTurn();
    world.clock.step(75_000);
    const message = 'upstream "Fake" stopped sending in the middle of a body';
    expect(await waiting).toMatchObject({ reason: "timeout", message });
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
