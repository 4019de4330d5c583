import { describe, expect, test } from "bun:test";
import { bytes, limits, withImage } from "./failing.ts";
import { failureOf, latest, World } from "./world.ts";

describe("the budget", () => {
  test("is what the last answer that spoke of it said", async () => {
    await using world = new World();
    const { fake, upstream, get, health } = await withImage(world);
    expect(health().budget).toBeUndefined();
    fake.fault("*", { headers: limits("100;w=21600", "76;w=21600") });
    await get();
    const at = world.clock.now();
    expect(health().budget).toEqual({ limit: 100, remaining: 76, windowSeconds: 21_600, at });
    world.clock.step(1000);
    fake.heal();
    await get();
    expect(health().budget?.at).toBe(at);
    fake.fault("*", { status: 429, headers: limits("100;w=21600", "0;w=21600") });
    await failureOf(world.client.checkManifest(upstream, "x", latest, 5000));
    expect(health().budget).toMatchObject({ remaining: 0, at: at + 1000 });
  });

  test.each([
    ["100", "5"],
    ["100;w=60", null],
    [null, "5"],
    ["-1;w=60", "5"],
    ["1e3;w=60", "5"],
    ["100;w=60", "many"],
    ["9999999999;w=60", "5"],
  ])("%p and %p say nothing", async (limit, remaining) => {
    await using world = new World();
    const { fake, get, health } = await withImage(world);
    fake.fault("*", { headers: limits(limit, remaining) });
    await get();
    expect(health().budget).toBeUndefined();
  });

  test("never has more left than there is, nor comes from another origin", async () => {
    await using world = new World();
    const { fake, digest, upstream, get, health } = await withImage(world);
    const cdn = await world.fake();
    cdn.file("/data", bytes);
    cdn.fault("*", { headers: limits("9;w=9", "9;w=9") });
    fake.fault("GET */blobs/*", { redirect: `${cdn.url}/data` });
    await (await world.open(upstream, digest)).body.cancel();
    expect(health().budget).toBeUndefined();
    fake.fault("*", { headers: limits("100;w=60", "200;w=60") });
    await get();
    expect(health().budget?.remaining).toBe(100);
  });
});
