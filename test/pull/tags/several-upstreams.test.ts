import { describe, expect, test } from "bun:test";
import type { Rule } from "../../../src/metadata/contract.ts";
import { until } from "../../fakes/until.ts";
import { type FakeUpstream, Gate } from "../../fakes/upstream.ts";
import { list, lists, push } from "./listing.ts";
import { first, forEachTest, rows, second, start, weir } from "../two-upstreams.ts";

forEachTest();

describe("several upstreams", () => {
  test("all that have the repository are merged, each tag once", async () => {
    await start();
    push(first, "a", "c");
    push(second, "b", "c", "d");
    expect(await list()).toMatchObject({
      tags: ["a", "b", "c", "d"],
      cache: 'miss; upstream="up1, up2"',
    });
  });

  test("404 falls through", async () => {
    await start();
    push(second, "b");
    expect(await list()).toMatchObject({ tags: ["b"], cache: 'miss; upstream="up2"' });
  });

  test("403 falls through where it means absent, else it stops", async () => {
    await start({ deniedMeans: "absent" });
    push(second, "b");
    first.fault("*", { status: 403 });
    expect((await list()).tags).toEqual(["b"]);
    await weir.stop();
    await start();
    expect((await list()).status).toBe(503);
  });

  const unsure: [fault: Parameters<FakeUpstream["fault"]>[1], status: number, reason: string][] = [
    [{ status: 500 }, 503, "broken"],
    [{ status: 429, headers: { "retry-after": "7" } }, 429, "rate_limited"],
    [{ status: 401 }, 503, "denied"],
    [{ reset: true }, 503, "unreachable"],
    [{ body: "<html>" }, 502, "invalid"],
  ];
  for (const [fault, status, reason] of unsure) {
    test(`${reason}: a lower one must not answer in its place; with continue it does`, async () => {
      await start();
      push(first, "a");
      push(second, "b");
      first.fault(lists, fault);
      const refused = await list();
      expect(refused).toMatchObject({
        status,
        body: { errors: [{ detail: { upstreams: [{ upstream: "up1", reason }] } }] },
      });
      expect([second.count(), await rows()]).toEqual([0, 0]);
      await weir.stop();
      await start({}, {}, { onUnsure: "continue" });
      expect(await list()).toMatchObject({
        status: 200,
        tags: ["b"],
        cache: `miss; upstream="up2"; reason="up1: ${reason}"`,
      });
    });
  }

  test("one that is unsure behind the first that has it is left out, with the reason; those behind it too", async () => {
    await start();
    push(first, "a");
    push(second, "b");
    second.fault("*", { status: 500 });
    expect(await list()).toMatchObject({
      status: 200,
      tags: ["a"],
      cache: 'miss; upstream="up1"; reason="up2: broken"',
    });
    // It is not asked again for each answer of the other's copy.
    const asked = second.count();
    expect((await list()).cache).toBe('hit; upstream="up1"; reason="up2: broken"');
    expect(second.count()).toBe(asked);
    second.heal();
    weir.clock.step(60_000);
    expect((await list()).tags).toEqual(["a", "b"]);
  });

  test("what is cached of a lower one is served while the first is down", async () => {
    await start();
    push(second, "b");
    await list();
    first.fault("*", { reset: true });
    weir.clock.step(30_001);
    expect(await list()).toMatchObject({
      tags: ["b"],
      cache: 'hit; upstream="up2"; reason="up1: unreachable"',
    });
  });

  test("asked in parallel, the order decides all the same", async () => {
    await start({}, {}, { ask: "parallel" });
    push(first, "a");
    push(second, "b");
    const gate = new Gate();
    first.fault(lists, { gate });
    const answer = list();
    await gate.arrived();
    await until(() => second.count(lists) === 1);
    gate.open();
    expect((await answer).tags).toEqual(["a", "b"]);
  });

  test("asked in parallel, what stands behind one that is unsure is not kept either", async () => {
    await start({}, {}, { ask: "parallel" });
    push(second, "b");
    first.fault("*", { status: 500 });
    for (let i = 0; i < 2; i++) expect((await list()).status).toBe(503);
    expect(await rows()).toBe(0);
  });

  test("rules come before any contact; what they deny of tags is not shown", async () => {
    const rule = (target: Rule["target"], effect: Rule["effect"], pattern: string): Rule => ({
      target,
      effect,
      pattern,
    });
    await start(
      { rules: [rule("repository", "deny", "library/*")] },
      { rules: [rule("tag", "allow", "v*"), rule("tag", "deny", "*-rc")] },
    );
    push(first, "v1");
    push(second, "v2", "v3-rc", "x");
    expect((await list()).tags).toEqual(["v2"]);
    expect(first.count()).toBe(0);
  });

  test("names that the rules allow nowhere are unknown", async () => {
    const rules: Rule[] = [{ target: "repository", effect: "deny", pattern: "**" }];
    await start({ rules }, { rules });
    push(first, "a");
    expect(await list()).toMatchObject({
      status: 404,
      body: { errors: [{ code: "NAME_UNKNOWN", detail: { not_asked: ["up1", "up2"] } }] },
    });
    expect(first.count()).toBe(0);
  });

  test("a name without a slash is one of library/ where the upstream says so", async () => {
    await start({ libraryPrefix: true });
    first.image("library/alpine", "latest");
    const short = (await (await weir.tags("alpine")).json()) as { name: string; tags: string[] };
    expect(short).toEqual({ name: "virtual_registries/container/1/alpine", tags: ["latest"] });
    expect((await weir.tags("library/alpine")).headers.get("x-weir-cache")).toStartWith("hit");
  });

  test("names of upstreams can be anything, and still stand in a header", async () => {
    await start({ name: 'über"mäßig\n' }, { name: "two; \\" });
    push(first, "a");
    push(second, "b");
    expect((await list()).cache).toBe('miss; upstream="_ber_m__ig_, two; _"');
  });
});
