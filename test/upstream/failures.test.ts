import { describe, expect, test } from "bun:test";
import { type Fault, Gate, Tap } from "../fakes/upstream.ts";
import { until } from "../fakes/until.ts";
import { bytes, calls, withImage } from "./failing.ts";
import { failureOf, found, latest, World } from "./world.ts";

describe("an upstream that fails five times in a row", () => {
  const counted: [what: string, fault: Fault][] = [
    ["500", { status: 500 }],
    ["503", { status: 503 }],
    ["resets", { reset: true }],
    ["manifests that break off", { cutAfter: 20 }],
  ];
  test.each(counted)("by %s is not asked any more, by any call", async (_, fault) => {
    await using world = new World();
    const { fake, digest, upstream, get, health } = await withImage(world);
    fake.fault("*", fault);
    for (let i = 0; i < 4; i++) await failureOf(get());
    expect(health().breaker).toBe("closed");
    const { reason } = await failureOf(get());
    expect(health()).toMatchObject({ breaker: "open", lastFailure: reason });
    const asked = fake.count();
    world.clock.step(1);
    for (const call of calls(world, upstream, digest)) {
      expect(await failureOf(call())).toMatchObject({
        reason,
        retryAfterSeconds: 10,
        message: 'upstream "Fake" failed again and again and is tried again in 10 s',
      });
    }
    expect(fake.count()).toBe(asked);
  });

  test("by time-outs, or by not being there", async () => {
    await using world = new World();
    const { fake, upstream, health } = await withImage(world);
    for (let i = 0; i < 4; i++) {
      const gate = new Gate();
      fake.fault("*", { gate, hang: true });
      gate.open();
      const checking = failureOf(world.client.checkManifest(upstream, "x", latest, 5000));
      await gate.arrived();
      world.clock.step(5000);
      expect((await checking).reason).toBe("timeout");
    }
    await fake.stop();
    await failureOf(world.client.manifest(upstream, "x", latest));
    expect(health()).toMatchObject({ breaker: "open", lastFailure: "unreachable" });
  });

  test("in its token service is not asked either", async () => {
    await using world = new World();
    const { fake, get, health } = await withImage(world);
    fake.auth = { kind: "bearer" };
    fake.fault("GET /token", { status: 500 });
    for (let i = 0; i < 5; i++) await failureOf(get());
    const asked = fake.count();
    await failureOf(get());
    expect([fake.count(), health().breaker]).toEqual([asked, "open"]);
  });

  test("lets one call try when the time is over; an answer closes it", async () => {
    await using world = new World();
    const { fake, get, health, breakDown } = await withImage(world);
    await breakDown();
    world.clock.step(9999);
    expect((await failureOf(get())).retryAfterSeconds).toBe(1);
    world.clock.step(1);
    expect(health().breaker).toBe("half_open");
    const gate = new Gate();
    fake.fault("*", { gate });
    const asked = fake.count();
    const trying = get();
    await gate.arrived();
    const others = await Promise.all([get(), get()].map(failureOf));
    for (const { message } of others) expect(message).toContain("is being tried right now");
    expect(fake.count()).toBe(asked + 1);
    gate.open();
    found(await trying);
    expect(health()).toMatchObject({ breaker: "closed", retryAt: undefined });
    expect(health().lastFailure).toBeUndefined();
    expect(world.lines.join()).toContain("upstream is back");
  });

  test("rests for twice as long when it fails the trial", async () => {
    await using world = new World();
    const { fake, get, health, breakDown } = await withImage(world);
    await breakDown();
    world.clock.step(10_000);
    fake.fault("*", { status: 500 });
    await failureOf(get());
    expect(health().retryAt).toBe(world.clock.now() + 20_000);
  });

  test("is given up for the trial by a caller who leaves, and the next one tries", async () => {
    await using world = new World();
    const { fake, digest, upstream, get, breakDown } = await withImage(world);
    await breakDown();
    world.clock.step(10_000);
    const gate = new Gate();
    fake.fault("*", { gate, times: 1 });
    const leaving = new AbortController();
    const opening = world
      .open(upstream, digest, { signal: leaving.signal })
      .catch((error: unknown) => String(error));
    await gate.arrived();
    leaving.abort(new Error("gone"));
    expect(await opening).toBe("Error: gone");
    gate.open();
    found(await get());
  });

  test("is not found to be well by a trial that asked nothing", async () => {
    await using world = new World();
    const { upstream, get, health, breakDown } = await withImage(world);
    await breakDown();
    world.clock.step(10_000);
    const marks = Array.from({ length: 9 }, () => `weir-${crypto.randomUUID()}`);
    await failureOf(world.client.manifest(upstream, "x", latest, marks));
    expect(health().breaker).toBe("half_open");
    found(await get());
    expect(health().breaker).toBe("closed");
  });

  test("ends no transfer that runs; going on with one is a call like others", async () => {
    await using world = new World();
    const { fake, digest, upstream, breakDown } = await withImage(world);
    const tap = new Tap();
    fake.fault("GET */blobs/*", { tap });
    const { body, etag } = await world.open(upstream, digest);
    await breakDown();
    tap.open();
    expect((await new Response(body).bytes()).length).toBe(bytes.length);
    const resuming = world.open(upstream, digest, { offset: 10, ...(etag && { etag }) });
    expect((await failureOf(resuming)).message).toContain("is tried again");
  });

  test("holds up no other upstream at the same address", async () => {
    await using world = new World();
    const { fake, breakDown } = await withImage(world);
    await breakDown();
    found(await world.client.manifest(world.upstream(fake), "x", latest));
  });
});

describe("what does not open the breaker", () => {
  const answers: [what: string, fault: Fault][] = [
    ["404", { status: 404 }],
    ["401", { status: 401 }],
    ["403", { status: 403 }],
    ["nonsense", { status: 204 }],
    ["508", { status: 508 }],
  ];
  test.each(answers)("%s", async (_, fault) => {
    await using world = new World();
    const { fake, get, health } = await withImage(world);
    fake.fault("*", fault);
    for (let i = 0; i < 20; i++) await get().catch(() => {});
    expect(health()).toMatchObject({ breaker: "closed", lastFailure: undefined });
    fake.heal();
    found(await get());
  });

  test.each(answers)("%s starts the count anew", async (_, fault) => {
    await using world = new World();
    const { fake, get, health } = await withImage(world);
    for (let i = 0; i < 3; i++) {
      fake.fault("*", fault);
      fake.fault("*", { status: 500, times: 4 });
      for (let call = 0; call < 5; call++) await get().catch(() => {});
    }
    expect(health().breaker).toBe("closed");
  });

  test("places that are all taken", async () => {
    await using world = new World();
    const { fake, digest, upstream, health } = await withImage(world);
    fake.fault("GET */blobs/*", { tap: new Tap() });
    const all = Promise.all(Array.from({ length: 64 }, () => world.open(upstream, digest)));
    const running = await all;
    const waiting = Array.from({ length: 6 }, () => failureOf(world.open(upstream, digest)));
    await until(() => world.clock.next === 10_000);
    world.clock.step(10_000);
    for (const error of await Promise.all(waiting)) expect(error.reason).toBe("timeout");
    expect(health().breaker).toBe("closed");
    for (const { body } of running) await body.cancel();
  });
});

describe("429", () => {
  test.each([
    ["7", 7],
    ["0", 1],
    ["999999", 3600],
    [null, 30],
  ])("with Retry-After %p gives the upstream a rest of %d s", async (header, seconds) => {
    await using world = new World();
    const { fake, digest, upstream, get, health } = await withImage(world);
    fake.fault("*", { status: 429, headers: { "retry-after": header }, times: 2 });
    const refused = failureOf(get());
    // A short rest is waited for once, before anybody is told.
    if (seconds <= 5) await until(() => world.clock.next <= seconds * 1000 + 250);
    if (seconds <= 5) world.clock.step(seconds * 1000 + 250);
    expect((await refused).reason).toBe("rate_limited");
    fake.heal();
    expect(health().retryAt).toBe(world.clock.now() + seconds * 1000);
    for (const call of calls(world, upstream, digest)) {
      expect(await failureOf(call())).toMatchObject({
        reason: "rate_limited",
        retryAfterSeconds: seconds,
        message: `upstream "Fake" asked us to slow down and is tried again in ${seconds} s`,
      });
    }
    expect(fake.count()).toBe(seconds <= 5 ? 2 : 1);
    world.clock.step(seconds * 1000);
    found(await get());
    expect(health().breaker).toBe("closed");
  });
});
