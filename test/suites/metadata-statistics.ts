import { describe, expect, test } from "bun:test";
import type { Counters, Tally } from "../../src/metadata/contract.ts";
import { sampleRegistry } from "../fakes/metadata-samples.ts";
import type { MetadataBench } from "./metadata.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const nothing: Counters = {
  hit: 0,
  stale: 0,
  revalidated: 0,
  miss: 0,
  collapsed: 0,
  window: 0,
  bypass: 0,
  absent: 0,
  refused: 0,
  bytesFromCache: 0,
  bytesFromUpstream: 0,
  requests: 0,
  errors: 0,
};
const some = (changes: Partial<Counters>): Counters => ({ ...nothing, ...changes });

export function statisticsSuite(bench: MetadataBench): void {
  describe("statistics", () => tests(bench));
}

function tests(bench: MetadataBench): void {
  const sample = async () => {
    const { group, upstream } = await sampleRegistry(bench.metadata);
    const now = bench.clock.now();
    const between = { groupId: group.id, from: now - 500 * dayMs, to: now + dayMs };
    const tally = (counters: Partial<Counters>, repository?: string): Tally => ({
      upstreamId: upstream.id,
      repository,
      counters: some(counters),
    });
    return { group, upstream, now, between, tally };
  };

  test("add up in their hour and day, each counter by itself, whoever adds at once", async () => {
    const { now, between, tally, group } = await sample();
    const { statistics } = bench.metadata;
    const each = Object.fromEntries(Object.keys(nothing).map((name, i) => [name, i + 1]));
    await Promise.all(Array.from({ length: 4 }, () => statistics.add([tally(each)], now)));
    await statistics.add([tally({ hit: 1 })], now + hourMs);
    const four = Object.fromEntries(Object.entries(each).map(([name, n]) => [name, 4 * n]));
    expect(await statistics.history({ ...between, span: "hour" })).toEqual([
      { at: now, counters: four as unknown as Counters },
      { at: now + hourMs, counters: some({ hit: 1 }) },
    ]);
    await statistics.add([tally({ hit: 7 })], now + 599_999);
    const recent = await statistics.history({ ...between, span: "five_minutes" });
    expect(recent.map(({ at, counters: { hit } }) => [at - now, hit])).toEqual([
      [0, four["hit"] ?? 0],
      [300_000, 7],
      [hourMs, 1],
    ]);
    expect(await statistics.history({ ...between, span: "day" })).toMatchObject([
      { at: now, counters: { hit: 12, errors: four["errors"] ?? 0 } },
    ]);
    expect((await statistics.summary(group.id)).counters.hit).toBe(12);
    expect(await bench.raised(() => statistics.add([tally(each)], now))).toBe(0);
  });

  test("of more repositories a day than are told apart, the rest is one", async () => {
    const { now, between, tally } = await sample();
    const { statistics } = bench.metadata;
    const names = Array.from({ length: 230 }, (_, i) => `r${i}`);
    await statistics.add(
      names.map((name) => tally({ hit: 2 }, name)),
      now,
    );
    await statistics.add([tally({ hit: 100 }, "r7"), tally({ hit: 1 }, "another")], now);
    const top = await statistics.topRepositories({ ...between, limit: 1000 });
    expect(top).toHaveLength(201);
    expect(top[0]).toMatchObject({ repository: "r7", counters: { hit: 102 } });
    expect(top.find(({ repository }) => repository === "")).toMatchObject({
      counters: { hit: 61 },
    });
    await statistics.add([tally({ hit: 1 }, "another")], now + dayMs);
    const next = { ...between, from: now + dayMs, to: now + 2 * dayMs };
    expect(await statistics.topRepositories({ ...next, limit: 9 })).toMatchObject([
      { repository: "another" },
    ]);
    const own = await statistics.ofRepository({ ...between, repository: "r7" });
    expect(own).toMatchObject([{ at: now, counters: { hit: 102 } }]);
  });

  test("of an upstream that is gone are passed over, and what was there stays the group's", async () => {
    const { now, between, tally, upstream } = await sample();
    const { statistics, management } = bench.metadata;
    await statistics.add([tally({ miss: 1 }), tally({ miss: 1 }, "r")], now);
    await management.upstreams.remove(upstream.id, { unmodifiedSince: undefined });
    await statistics.add([tally({ miss: 1 }), tally({ miss: 1 }, "r")], now);
    expect(await statistics.history({ ...between, span: "day" })).toMatchObject([
      { counters: { miss: 1 } },
    ]);
  });

  test("are given up when their time is over: five minutes after 2 days, hours after 8, days after 400", async () => {
    const { now, between, tally } = await sample();
    const { statistics } = bench.metadata;
    await statistics.add([tally({ hit: 1 }), tally({ hit: 1 }, "r")], now);
    expect(await statistics.expire()).toBe(0);
    bench.clock.step(2 * dayMs + hourMs);
    expect([await statistics.expire(), await statistics.expire()]).toEqual([1, 0]);
    expect(await statistics.history({ ...between, span: "five_minutes" })).toEqual([]);
    bench.clock.step(6 * dayMs);
    expect(await statistics.expire()).toBe(1);
    expect(await statistics.history({ ...between, span: "hour" })).toEqual([]);
    expect(await statistics.history({ ...between, span: "day" })).toHaveLength(1);
    bench.clock.step(392 * dayMs);
    expect([await statistics.expire(), await statistics.expire()]).toEqual([1, 1]);
    expect(await statistics.expire()).toBe(0);
    expect(await statistics.history({ ...between, span: "day" })).toEqual([]);
    expect(await statistics.ofRepository({ ...between, repository: "r" })).toEqual([]);
  });

  test("switching a group's registries off and on is a change each time, and nothing else is", async () => {
    const { group, registry } = await sampleRegistry(bench.metadata);
    const { directory, management } = bench.metadata;
    const turn = (enabled: boolean) => management.virtualRegistries.change(group.id, { enabled });
    expect(await bench.raised(() => turn(true))).toBe(0);
    expect(await bench.raised(() => turn(false))).toBe(1);
    expect(await directory.registry(registry.id)).toBeUndefined();
    expect([...(await directory.switchedOff())]).toEqual([group.id]);
    expect(await directory.registries()).toHaveLength(1);
    expect(await bench.raised(() => turn(true))).toBe(1);
    expect(await directory.registry(registry.id)).toEqual(registry);
    const sub = await directory.saveGroup({ path: "default/sub", name: "sub" });
    expect(management.virtualRegistries.change(sub.id, { enabled: false })).rejects.toMatchObject({
      invalid: { field: "group" },
    });
  });
}
