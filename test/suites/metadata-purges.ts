import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Metadata, PageOptions, Upstream } from "../../src/metadata/contract.ts";
import {
  blobChild,
  digestOfText,
  fetched,
  manifestChild,
  sampleRegistry,
  shownBlob,
} from "../fakes/metadata-samples.ts";
import type { MetadataBench } from "./metadata.ts";

const always = { unmodifiedSince: undefined };
const all: PageOptions = { words: [], page: 1, perPage: 100 };
const repository = "library/alpine";

/** Paths of what can be seen of an upstream, in order, digests cut short. */
async function paths({ management }: Metadata, { id }: Upstream): Promise<string[]> {
  const { items } = await management.entries.list(id, all);
  return items.map((item) => item.relativePath.replace(/(sha256:.{6}).*/, "$1")).sort();
}
const short = (text: string) => digestOfText(text).slice(0, 13);

/** An image of one layer. */
async function store({ cache }: Metadata, upstream: Upstream, tag: string, name = repository) {
  const layer = `${name} ${tag} layer`;
  const children = [blobChild(layer)];
  await cache.storeManifest(
    fetched(upstream, `${name} ${tag}`, { repository: name, tag, children }),
  );
  await cache.storeBlob(shownBlob(upstream, layer, { repository: name }));
}

/** Steps until nothing is left to do; how many entries went. */
async function finish({ purges }: Metadata): Promise<number> {
  let count = 0;
  for (;;) {
    const removed = await purges.step();
    if (removed === undefined) return count;
    count += removed;
  }
}

/** So many entries of blobs that only their upstream knows, in a repository each. */
async function fill({ cache }: Metadata, upstream: Upstream, count: number): Promise<void> {
  const { groupId, id: upstreamId, version: upstreamVersion } = upstream;
  for (let start = 0; start < count; start += 1000) {
    const objects = Array.from({ length: Math.min(1000, count - start) }, (_, i) =>
      blobChild(`blob ${start + i}`),
    );
    await cache.name({ groupId, upstreamId, upstreamVersion, repository, objects, now: 1 });
  }
}

export function purgeSuite(bench: MetadataBench): void {
  describe("purges", () => purgeTests(bench));
  describe("patterns of purges", () => patternTests(bench));
  describe("pins", () => pinTests(bench));
}

function purgeTests(bench: MetadataBench): void {
  test("what is little is gone when it is answered, lists too, and the generation rises", async () => {
    const { metadata } = bench;
    const { management, cache, lists, purges } = metadata;
    const { upstream } = await sampleRegistry(metadata);
    await store(metadata, upstream, "latest");
    const { groupId, id: upstreamId, version: upstreamVersion } = upstream;
    const list = { groupId, upstreamId, upstreamVersion, repository, content: "[]", now: 1 };
    await lists.store({ ...list, key: { kind: "tags" } });
    const purge = () => management.upstreams.purge(upstream.id, always);
    expect(await bench.raised(purge)).toBeGreaterThan(0);
    expect(await paths(metadata, upstream)).toEqual([]);
    expect(await cache.entries([upstream.id], repository, "blob", digestOfText("x"))).toEqual([]);
    expect(await lists.find([upstream.id], repository, { kind: "tags" })).toEqual([]);
    expect([await purges.pending(), await purges.step()]).toEqual([0, undefined]);
  });

  test("what is much goes on in steps, after a kill too; what came meanwhile stays", async () => {
    const { management } = bench.metadata;
    const { upstream } = await sampleRegistry(bench.metadata);
    await fill(bench.metadata, upstream, 7000);
    await management.upstreams.purge(upstream.id, always);
    expect(await bench.metadata.purges.pending()).toBe(1);
    await bench.metadata.purges.step();
    const metadata = await bench.reopen();
    await store(metadata, upstream, "new");
    expect(await finish(metadata)).toBeGreaterThan(0);
    expect(await paths(metadata, upstream)).toHaveLength(3);
    const left = await metadata.cache.entries(
      [upstream.id],
      repository,
      "blob",
      digestOfText("blob 6999"),
    );
    expect([left, await metadata.purges.pending()]).toEqual([[], 0]);
  });

  test("a step takes a hundred at most", async () => {
    const { metadata } = bench;
    const { upstream } = await sampleRegistry(metadata);
    await fill(metadata, upstream, 7000);
    await metadata.management.upstreams.purge(upstream.id, always);
    for (;;) {
      const removed = await metadata.purges.step();
      if (removed === undefined) break;
      expect(removed).toBeLessThanOrEqual(100);
    }
  });

  test("two at once take each entry once", async () => {
    const { metadata } = bench;
    const { upstream } = await sampleRegistry(metadata);
    await fill(metadata, upstream, 7000);
    await metadata.management.upstreams.purge(upstream.id, always);
    // Sixty steps: its lists, fifty entries, and then a hundred at a time.
    const left = 7000 - 50 - 58 * 100;
    const counts = await Promise.all([finish(metadata), finish(metadata)]);
    expect(counts.reduce((a, b) => a + b)).toBe(left);
  });

  test("of an upstream that is removed meanwhile the rest goes as well", async () => {
    const { metadata } = bench;
    const { upstream } = await sampleRegistry(metadata);
    await fill(metadata, upstream, 7000);
    await metadata.management.upstreams.purge(upstream.id, always);
    await metadata.management.upstreams.remove(upstream.id, always);
    await finish(metadata);
    expect(await metadata.purges.pending()).toBe(0);
    expect(await metadata.management.sweep()).toBe(0);
  });
}

function patternTests(bench: MetadataBench): void {
  const table: [pattern: string, gone: string[]][] = [
    ["library/alpine:3", ["alpine/manifests/3"]],
    ["library/alpine:*", ["alpine/manifests/3", "alpine/manifests/latest"]],
    ["library/alpine", ["alpine"]],
    ["library/*", ["alpine", "busybox"]],
    ["**", ["alpine", "busybox", "team/app"]],
    [
      "**:latest",
      ["alpine/manifests/latest", "busybox/manifests/latest", "team/app/manifests/latest"],
    ],
    ["library/alpine@sha256:*", ["alpine/manifests/sha256", "alpine/blobs"]],
    ["alpine", []],
    ["*", []],
  ];
  for (const [pattern, gone] of table) {
    test(`${pattern}: the preview says what goes, and that goes`, async () => {
      const { metadata } = bench;
      const { upstream } = await sampleRegistry(metadata);
      await store(metadata, upstream, "latest");
      await store(metadata, upstream, "3");
      await store(metadata, upstream, "latest", "library/busybox");
      await store(metadata, upstream, "latest", "team/app");
      const before = await paths(metadata, upstream);
      const selection = { pattern, includePinned: false };
      const preview = await metadata.management.upstreams.preview(upstream.id, selection);
      await metadata.management.upstreams.purge(upstream.id, always, selection);
      const after = await paths(metadata, upstream);
      const expected = before.filter((path) => !gone.some((part) => path.includes(part)));
      expect(after).toEqual(expected);
      expect(preview?.entries).toBe(before.length - after.length);
      expect(preview?.repositories.length).toBe(
        new Set(before.filter((path) => !after.includes(path)).map((p) => p.split("/")[2])).size,
      );
    });
  }

  test("a preview of too much says so; what a pattern cannot be for is not looked at", async () => {
    const { metadata } = bench;
    const { upstream } = await sampleRegistry(metadata);
    await store(metadata, upstream, "latest", "team/app");
    // As many as a preview looks at for so long a pattern, all of another repository.
    await fill(metadata, upstream, 20_000);
    const long = "*".padEnd(319, "*p");
    const preview = (pattern: string) =>
      metadata.management.upstreams.preview(upstream.id, { pattern, includePinned: false });
    expect(await preview(long)).toEqual({
      entries: 0,
      size: 0,
      repositories: [],
      isPartial: true,
    });
    const found = await preview("team/a*");
    expect(found).toMatchObject({ repositories: ["team/app"], isPartial: false });
    expect(await preview(`team/${"*p".repeat(157)}`)).toMatchObject({ isPartial: false });
    const selection = { pattern: "team/a*", includePinned: false };
    await metadata.management.upstreams.purge(upstream.id, always, selection);
    expect(await metadata.purges.pending()).toBe(0);
    expect(await paths(metadata, upstream)).toEqual([]);
  });

  test("a long pattern for little among much takes smaller steps, and comes to its end", async () => {
    const { metadata } = bench;
    const { upstream } = await sampleRegistry(metadata);
    await fill(metadata, upstream, 7000);
    const pattern = `**${"*a".repeat(250)}`.replace("***", "**");
    const selection = { pattern, includePinned: false };
    await metadata.management.upstreams.purge(upstream.id, always, selection);
    // What is waited for does not grow with what there is, nor with the pattern.
    expect(await metadata.purges.pending()).toBe(1);
    expect(await finish(metadata)).toBe(0);
    expect(await metadata.purges.pending()).toBe(0);
  });

  test("the record says which pattern", async () => {
    const { metadata } = bench;
    const { upstream } = await sampleRegistry(metadata);
    const selection = { pattern: "library/*", includePinned: true };
    await metadata.management.upstreams.purge(upstream.id, always, selection);
    const { items } = await metadata.audit.list(
      { action: "upstream.purge" },
      { page: 1, perPage: 9 },
    );
    expect(items).toMatchObject([{ details: { pattern: "library/*", pinned: true } }]);
  });
}

function pinTests(bench: MetadataBench): void {
  /** An index `latest` with one image, and a tag `old` that shares its layer with nobody. */
  async function pinned() {
    const { metadata } = bench;
    const { upstream } = await sampleRegistry(metadata);
    const { cache, management } = metadata;
    await store(metadata, upstream, "old");
    const image = fetched(upstream, "image", { tag: undefined, children: [blobChild("layer")] });
    await cache.storeManifest(image);
    await cache.storeManifest(fetched(upstream, "index", { children: [manifestChild("image")] }));
    await cache.storeBlob(shownBlob(upstream, "layer"));
    // The same layer elsewhere is not what the pinned tag needs.
    await cache.storeBlob(shownBlob(upstream, "layer", { repository: "library/other" }));
    const { items } = await management.entries.list(upstream.id, { ...all, words: ["latest"] });
    const id = items[0]?.id ?? 0;
    expect(await management.entries.pin(id)).toMatchObject({ pinned: true });
    return { metadata, upstream, id };
  }
  const kept = [
    `/${repository}/blobs/${short("layer")}`,
    `/${repository}/manifests/latest`,
    `/${repository}/manifests/${short("image")}`,
    `/${repository}/manifests/${short("index")}`,
  ].sort();

  test("a purge leaves what is pinned, and all that it needs", async () => {
    const { metadata, upstream } = await pinned();
    const selection = { pattern: undefined, includePinned: false };
    const preview = await metadata.management.upstreams.preview(upstream.id, selection);
    expect(preview).toMatchObject({ entries: 4, repositories: [repository, "library/other"] });
    await metadata.management.upstreams.purge(upstream.id, always);
    expect(await paths(metadata, upstream)).toEqual(kept);
  });

  test("a purge for pinned entries too leaves nothing", async () => {
    const { metadata, upstream } = await pinned();
    const selection = { pattern: undefined, includePinned: true };
    await metadata.management.upstreams.purge(upstream.id, always, selection);
    expect(await paths(metadata, upstream)).toEqual([]);
  });

  test("a tag stays pinned when it moves, and what it was goes", async () => {
    const { metadata, upstream, id } = await pinned();
    const children = [blobChild("new layer")];
    await metadata.cache.storeManifest(fetched(upstream, "moved", { children }));
    await metadata.management.upstreams.purge(upstream.id, always);
    expect(await metadata.management.entries.get(id)).toMatchObject({ pinned: true });
    expect(await paths(metadata, upstream)).toEqual(
      [`/${repository}/manifests/latest`, `/${repository}/manifests/${short("moved")}`].sort(),
    );
  });

  test("unpinned, or removed by itself, it goes", async () => {
    const { metadata, upstream, id } = await pinned();
    expect(await metadata.management.entries.unpin(id, always)).toBe("removed");
    expect(await metadata.management.entries.get(id)).toMatchObject({ pinned: false });
    await metadata.management.entries.pin(id);
    expect(await metadata.management.entries.remove(id, always)).toBe("removed");
    await metadata.management.upstreams.purge(upstream.id, always);
    expect(await paths(metadata, upstream)).toEqual([]);
    expect(await metadata.management.entries.pin(id)).toBeUndefined();
    expect(await metadata.management.entries.unpin(id, always)).toBe("absent");
  });

  test("a pull does not give it up either", async () => {
    const { metadata, id } = await pinned();
    await metadata.cache.deleteEntry(id);
    expect(await metadata.management.entries.get(id)).toMatchObject({ pinned: true });
  });

  test("whatever is stored, pinned, moved and purged: what is left is what pins need, and what no purge was for", async () => {
    const tag = fc.constantFrom("a", "b");
    const act = fc.oneof(
      fc.record({ kind: fc.constant("store"), tag, version: fc.integer({ min: 0, max: 3 }) }),
      fc.record({ kind: fc.constantFrom("pin", "unpin", "purge tag"), tag }),
      fc.record({ kind: fc.constant("purge") }),
    );
    let runs = 0;
    const property = fc.asyncProperty(fc.array(act, { maxLength: 12 }), async (acts) => {
      const { metadata } = bench;
      const { upstream } = await sampleRegistry(metadata, `run-${runs++}`);
      const model = new Model(metadata, upstream);
      for (const one of acts) await model.act(one);
      expect(await paths(metadata, upstream)).toEqual(model.paths());
    });
    await fc.assert(property, { numRuns: 25 });
  });

  test("pins are on record", async () => {
    const { metadata, id } = await pinned();
    await metadata.management.entries.unpin(id, always);
    const { items } = await metadata.audit.list(
      { subject: { kind: "cache_entry", id } },
      { page: 1, perPage: 9 },
    );
    expect(items.map(({ action }) => action)).toEqual(["cache_entry.unpin", "cache_entry.pin"]);
  });
}

/** Version `v` of an image has the layers `v` and `v + 1`: neighbours share one. */
const layersOf = (version: number) => [`layer ${version}`, `layer ${version + 1}`];

interface Act {
  kind: string;
  tag?: string;
  version?: number;
}

/** Does things, and knows what should be seen afterwards. */
class Model {
  readonly #tags = new Map<string, { version: number; isPinned: boolean }>();
  /** Of manifests and layers, by their text. */
  #digests = new Set<string>();

  constructor(
    readonly metadata: Metadata,
    readonly upstream: Upstream,
  ) {}

  async act({ kind, tag = "", version = 0 }: Act): Promise<void> {
    const { management } = this.metadata;
    const present = this.#tags.get(tag);
    if (kind === "store") return this.#store(tag, version);
    if (kind === "pin" || kind === "unpin") {
      if (!present) return;
      present.isPinned = kind === "pin";
      const id = await this.#idOf(tag);
      await (kind === "pin" ? management.entries.pin(id) : management.entries.unpin(id, always));
      return;
    }
    const pattern = kind === "purge" ? undefined : `${repository}:${tag}`;
    await management.upstreams.purge(this.upstream.id, always, { pattern, includePinned: false });
    for (const [name, { isPinned }] of this.#tags) {
      if (!isPinned && (kind === "purge" || name === tag)) this.#tags.delete(name);
    }
    if (kind !== "purge") return;
    const needed = [...this.#tags.values()].flatMap((one) => textsOf(one.version));
    this.#digests = new Set([...this.#digests].filter((text) => needed.includes(text)));
  }

  async #store(tag: string, version: number): Promise<void> {
    const { cache } = this.metadata;
    const children = layersOf(version).map(blobChild);
    await cache.storeManifest(fetched(this.upstream, `version ${version}`, { tag, children }));
    for (const layer of layersOf(version)) await cache.storeBlob(shownBlob(this.upstream, layer));
    this.#tags.set(tag, { version, isPinned: this.#tags.get(tag)?.isPinned ?? false });
    for (const text of textsOf(version)) this.#digests.add(text);
  }

  async #idOf(tag: string): Promise<number> {
    const { items } = await this.metadata.management.entries.list(this.upstream.id, all);
    return items.find(({ reference }) => reference === tag)?.id ?? 0;
  }

  paths(): string[] {
    const digests = [...this.#digests].map((text) => {
      const kind = text.startsWith("layer") ? "blobs" : "manifests";
      return `/${repository}/${kind}/${short(text)}`;
    });
    const tags = [...this.#tags.keys()].map((tag) => `/${repository}/manifests/${tag}`);
    return [...digests, ...tags].sort();
  }
}

const textsOf = (version: number) => [`version ${version}`, ...layersOf(version)];
