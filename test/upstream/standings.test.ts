import { describe, expect, test } from "bun:test";
import { yieldTurn } from "../../src/lib/clock.ts";
import { withImage } from "./failing.ts";
import { failureOf, found, latest, World } from "./world.ts";

describe("after a restart", () => {
  test("an open breaker is still open, and a closed one closed", async () => {
    await using world = new World();
    const { fake, get, health, breakDown } = await withImage(world);
    await breakDown();
    const before = health();
    await world.restart();
    // The words of what went wrong end with the process.
    expect(health()).toEqual({ ...before, lastError: undefined });
    const asked = fake.count();
    expect((await failureOf(get())).retryAfterSeconds).toBe(10);
    expect(fake.count()).toBe(asked);
    world.clock.step(10_000);
    found(await get());
    await world.restart();
    expect(health().breaker).toBe("closed");
  });

  test("nobody waits for what was noted, and it does not replace what was seen meanwhile", async () => {
    await using world = new World();
    const { get, health, breakDown } = await withImage(world);
    await breakDown();
    await world.client.close();
    const reading = Promise.withResolvers<void>();
    world.states.reading = reading.promise;
    await world.restart();
    found(await get());
    reading.resolve();
    await yieldTurn();
    expect(health().breaker).toBe("closed");
  });

  test("what was noted of another version means nothing", async () => {
    await using world = new World();
    const { upstream, breakDown } = await withImage(world);
    await breakDown();
    await world.restart();
    found(await world.client.manifest({ ...upstream, version: 2 }, "x", latest));
  });

  const far = Date.UTC(2026, 0, 1, 0, 30);
  test.each([
    "",
    "null",
    "{",
    "{}",
    `{"openings":0,"retryAt":"${far}","reason":"timeout"}`,
    `{"openings":-1,"retryAt":${far},"reason":"timeout"}`,
    `{"openings":0,"retryAt":${far},"reason":"bored"}`,
  ])("%p means nothing", async (state) => {
    await using world = new World();
    const { upstream, get } = await withImage(world);
    world.states.rows.set(upstream.id, { upstreamId: upstream.id, version: 1, state });
    await world.restart();
    found(await get());
  });

  test("it is written when it opens or closes, not for each call", async () => {
    await using world = new World();
    const { get, breakDown } = await withImage(world);
    for (let i = 0; i < 5; i++) await get();
    expect(world.states.writes).toBe(0);
    await breakDown();
    for (let i = 0; i < 5; i++) await failureOf(get());
    expect(world.states.writes).toBe(1);
    world.clock.step(10_000);
    for (let i = 0; i < 5; i++) await get();
    await yieldTurn();
    expect(world.states.writes).toBe(2);
  });

  test("a store that fails costs nothing but its own memory", async () => {
    await using world = new World();
    world.states.failing = new Error("disk at /secret/path");
    await world.restart();
    const { get, health, breakDown } = await withImage(world);
    await breakDown();
    expect(health().breaker).toBe("open");
    await world.client.close();
    world.clock.step(10_000);
    found(await get());
    const written = '{"message":"state of upstream not written","upstreamId":1,"code":"Error"}';
    expect(world.lines).toContain('{"message":"states of upstreams not read","code":"Error"}');
    expect(world.lines).toContain(written);
    expect(world.lines.join()).not.toContain("secret");
  });
});
