import { describe, expect, test } from "bun:test";
import type { CleanupSettings, Metadata, Upstream } from "../../src/metadata/contract.ts";
import {
  blobChild,
  fetched,
  manifestChild,
  sampleRegistry,
  shownBlob,
} from "../fakes/metadata-samples.ts";
import type { MetadataBench } from "./metadata.ts";

const dayMs = 86_400_000;
const always = { unmodifiedSince: undefined };
const page = { page: 1, perPage: 100 };
const settings: CleanupSettings = {
  enabled: true,
  keepDays: 30,
  cadence: 7,
  notifyOnSuccess: false,
  notifyOnFailure: false,
};

export function cleanupSuite(bench: MetadataBench): void {
  describe("cleanup policies", () => policyTests(bench));
  describe("runs of cleanup policies", () => runTests(bench));
}

function policyTests(bench: MetadataBench): void {
  test("one for a top-level group, and none for a subgroup", async () => {
    const { directory, management } = bench.metadata;
    const { cleanupPolicies } = management;
    const { id } = await directory.saveGroup({ path: "acme", name: "a" });
    const below = await directory.saveGroup({ path: "acme/tools", name: "t" });
    expect(await cleanupPolicies.get(id)).toBeUndefined();
    const created = await cleanupPolicies.create(id, settings);
    const now = bench.clock.now();
    expect(created).toMatchObject({
      ...settings,
      groupId: id,
      status: "scheduled",
      nextRunAt: now + 7 * dayMs,
      lastRunAt: undefined,
      deleted: { entries: 0, size: 0 },
      metrics: {},
    });
    expect(cleanupPolicies.create(id, settings)).rejects.toMatchObject({
      invalid: { field: "group", text: "has already been taken" },
    });
    expect(cleanupPolicies.create(below.id, settings)).rejects.toMatchObject({
      problem: "refused",
    });
  });

  test("each change puts the next run off; what is gone is absent", async () => {
    const { directory, management } = bench.metadata;
    const { cleanupPolicies } = management;
    const { id } = await directory.saveGroup({ path: "acme", name: "a" });
    await cleanupPolicies.create(id, settings);
    bench.clock.step(dayMs);
    const nextRunAt = bench.clock.now() + 90 * dayMs;
    const changed = await cleanupPolicies.change(id, { cadence: 90 });
    expect(changed).toMatchObject({ ...settings, cadence: 90, nextRunAt });
    const unmodifiedSince = bench.clock.now() - dayMs;
    expect(await cleanupPolicies.remove(id, { unmodifiedSince })).toBe("changed");
    expect(await cleanupPolicies.remove(id, always)).toBe("removed");
    expect(await cleanupPolicies.remove(id, always)).toBe("absent");
    expect(await cleanupPolicies.change(id, { cadence: 1 })).toBeUndefined();
  });
}

/** A group with a policy and two images, `old` and `new`; the clock stands where only `old` is too old. */
async function two(bench: MetadataBench, changes: Partial<CleanupSettings> = {}) {
  const { metadata, clock } = bench;
  const { group, upstream } = await sampleRegistry(metadata);
  await metadata.management.cleanupPolicies.create(group.id, { ...settings, ...changes });
  await store(metadata, upstream, "old", clock.now());
  clock.step(20 * dayMs);
  await store(metadata, upstream, "new", clock.now());
  clock.step(11 * dayMs);
  return { group, upstream };
}

async function store({ cache }: Metadata, upstream: Upstream, tag: string, now: number) {
  const children = [blobChild(`${tag} layer`)];
  await cache.storeManifest(fetched(upstream, tag, { tag, children, now }));
  await cache.storeBlob(shownBlob(upstream, `${tag} layer`, { now }));
}

async function entries({ management }: Metadata, { id }: Upstream): Promise<number> {
  return (await management.entries.list(id, { ...page, words: [] })).total ?? Number.NaN;
}

/** Steps until nothing is due. */
async function finish({ cleanup }: Metadata) {
  const ended: string[] = [];
  for (;;) {
    const step = await cleanup.step();
    if (!step) return ended;
    if (step.ended) ended.push(step.ended);
  }
}

function runTests(bench: MetadataBench): void {
  test("a preview tells what a run gives up, with any number of days, and does nothing", async () => {
    const { group, upstream } = await two(bench);
    const { metadata } = bench;
    const { cleanupPolicies, entries: managed } = metadata.management;
    const of = (keepDays: number) => cleanupPolicies.preview(group.id, keepDays);
    const size = 3 + 3 + "old layer".length;
    expect(await of(30)).toMatchObject({ entries: 3, size, isPartial: false });
    expect(await of(1)).toMatchObject({ entries: 6 });
    expect(await of(365)).toEqual({ entries: 0, size: 0, repositories: [], isPartial: false });
    expect(await entries(metadata, upstream)).toBe(6);
    const { items } = await managed.list(upstream.id, { ...page, words: [] });
    const tag = items.find(({ reference }) => reference === "old");
    await managed.pin(tag?.id ?? 0);
    expect(await of(30)).toMatchObject({ entries: 0 });
    expect(await of(1)).toMatchObject({ entries: 3 });
    await finish(metadata);
    expect(await entries(metadata, upstream)).toBe(6);
  });

  test("gives up what was not pulled for so long, tells how much, and comes again", async () => {
    const { group, upstream } = await two(bench);
    const { metadata, clock } = bench;
    const raised = await bench.raised(async () => {
      expect(await finish(metadata)).toEqual(["success"]);
    });
    expect(raised).toBeGreaterThan(0);
    expect(await entries(metadata, upstream)).toBe(3);
    const size = 3 + 3 + "old layer".length;
    const now = clock.now();
    expect(await metadata.management.cleanupPolicies.get(group.id)).toMatchObject({
      status: "scheduled",
      deleted: { entries: 3, size },
      metrics: { container: { deleted_entries_count: 3, deleted_size: size } },
      lastRunAt: now,
      nextRunAt: now + 7 * dayMs,
      failureMessage: undefined,
    });
    expect(await finish(metadata)).toEqual([]);
    clock.step(7 * dayMs);
    expect(await finish(metadata)).toEqual(["success"]);
    expect(await metadata.management.cleanupPolicies.get(group.id)).toMatchObject({
      deleted: { entries: 0, size: 0 },
    });
  });

  test("each entry is on record, and the run where that is wanted", async () => {
    const { group } = await two(bench, { notifyOnSuccess: true });
    await finish(bench.metadata);
    const { items } = await bench.metadata.audit.list({ groupId: group.id }, page);
    const told = items.filter(({ actor }) => actor.name === "weir").map(({ action }) => action);
    const one = "cache_entry.delete";
    expect(told.slice(0, 4)).toEqual(["cleanup_policy.run", one, one, one]);
    expect(items[0]).toMatchObject({ result: "success", details: { deleted_entries_count: 3 } });
  });

  test("a run is not on record where that is not wanted", async () => {
    await two(bench);
    await finish(bench.metadata);
    const { items } = await bench.metadata.audit.list({ action: "cleanup_policy.run" }, page);
    expect(items).toEqual([]);
  });

  test("one that is off, or not due, gives nothing up", async () => {
    const { group, upstream } = await two(bench, { enabled: false });
    const { metadata, clock } = bench;
    expect(await finish(metadata)).toEqual([]);
    await metadata.management.cleanupPolicies.change(group.id, { enabled: true });
    expect(await finish(metadata)).toEqual([]);
    expect(await entries(metadata, upstream)).toBe(6);
    clock.step(7 * dayMs);
    expect(await finish(metadata)).toEqual(["success"]);
  });

  test("an image whose tag is pulled stays whole, though nobody asks for its layers", async () => {
    const { metadata, clock } = bench;
    const { group, upstream } = await sampleRegistry(metadata);
    await metadata.management.cleanupPolicies.create(group.id, settings);
    const children = [blobChild("layer")];
    const start = clock.now();
    const image = fetched(upstream, "image", { tag: undefined, children, now: start });
    await metadata.cache.storeManifest(image);
    const index = { children: [manifestChild("image")], now: start };
    await metadata.cache.storeManifest(fetched(upstream, "index", index));
    await metadata.cache.storeBlob(shownBlob(upstream, "layer", { now: start }));
    await metadata.cache.storeBlob(shownBlob(upstream, "another", { now: start }));
    const key = { upstreamId: upstream.id, repository: "library/alpine", reference: "latest" };
    // Each hour anew, and what comes a moment later is not forgotten.
    for (const at of [start + 20 * dayMs, start + 20 * dayMs + 60_000]) {
      await metadata.cache.countDownloads([{ ...key, kind: "manifest", count: 1, lastAt: at }]);
    }
    clock.step(31 * dayMs);
    await finish(metadata);
    expect(await entries(metadata, upstream)).toBe(4);
    clock.step(21 * dayMs);
    await finish(metadata);
    expect(await entries(metadata, upstream)).toBe(0);
  });

  test("leaves what is pinned, with what it needs", async () => {
    const { upstream } = await two(bench);
    const { management } = bench.metadata;
    const { items } = await management.entries.list(upstream.id, { ...page, words: ["old"] });
    await management.entries.pin(items[0]?.id ?? 0);
    await finish(bench.metadata);
    expect(await entries(bench.metadata, upstream)).toBe(6);
  });

  test("leaves other groups alone, and Dependency Proxies", async () => {
    await two(bench);
    const { metadata } = bench;
    const { upstream } = await sampleRegistry(metadata, "other");
    await store(metadata, upstream, "old", 1);
    const proxy = await metadata.directory.openDependencyProxy("default");
    const [hidden] = proxy?.upstreams ?? [];
    if (!hidden) throw new Error("there is a Dependency Proxy");
    await store(metadata, hidden, "old", 1);
    await finish(metadata);
    expect([await entries(metadata, upstream), await entries(metadata, hidden)]).toEqual([3, 3]);
  });

  test("a run that was interrupted is gone on with, and counts on", async () => {
    const { group, upstream } = await two(bench);
    const { groupId, id: upstreamId, version: upstreamVersion } = upstream;
    const objects = Array.from({ length: 400 }, (_, i) => blobChild(`blob ${i}`));
    const named = { groupId, upstreamId, upstreamVersion, repository: "a", objects, now: 1 };
    await bench.metadata.cache.name(named);
    await bench.metadata.cleanup.step();
    const { management } = bench.metadata;
    expect(await management.cleanupPolicies.get(group.id)).toMatchObject({ status: "running" });
    const metadata = await bench.reopen();
    expect(await finish(metadata)).toEqual(["success"]);
    expect(await metadata.management.cleanupPolicies.get(group.id)).toMatchObject({
      // What was only named does not count.
      deleted: { entries: 3 },
    });
  });

  test("a run of more than a day has failed, and comes again by its cadence", async () => {
    const { group } = await two(bench, { notifyOnFailure: true });
    const { metadata, clock } = bench;
    await metadata.cleanup.step();
    clock.step(dayMs + 1);
    expect(await metadata.cleanup.step()).toMatchObject({ ended: "failure" });
    const policy = await metadata.management.cleanupPolicies.get(group.id);
    expect(policy).toMatchObject({
      status: "failed",
      failureMessage: "the run took more than 24 hours",
      nextRunAt: clock.now() + 7 * dayMs,
    });
    const { items } = await metadata.audit.list({ action: "cleanup_policy.run" }, page);
    expect(items).toMatchObject([{ result: "failure" }]);
    clock.step(7 * dayMs);
    expect(await finish(metadata)).toEqual(["success"]);
    expect(await metadata.management.cleanupPolicies.get(group.id)).toMatchObject({
      status: "scheduled",
      failureMessage: undefined,
    });
  });

  test("switched off or deleted in the middle of a run it stops", async () => {
    const { group, upstream } = await two(bench);
    const { metadata } = bench;
    await metadata.cleanup.step();
    await metadata.management.cleanupPolicies.change(group.id, { enabled: false });
    const left = await entries(metadata, upstream);
    expect(await finish(metadata)).toEqual([]);
    expect(await entries(metadata, upstream)).toBe(left);
  });
}
