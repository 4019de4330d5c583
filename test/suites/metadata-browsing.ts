import { describe, expect, test } from "bun:test";
import type { EntryKind, RepositoryOptions, Upstream } from "../../src/metadata/contract.ts";
import { referrersTag } from "../../src/oci/reference.ts";
import {
  blobChild,
  digestOfText,
  fetched,
  noon,
  sampleRegistry,
  shownBlob,
} from "../fakes/metadata-samples.ts";
import type { MetadataBench } from "./metadata.ts";

const always = { unmodifiedSince: undefined };
const all: RepositoryOptions = { words: [], page: 1, perPage: 100 };

/** What people see of an upstream's repositories. */
export function browsingSuite(bench: MetadataBench): void {
  describe("repositories", () => repositoryTests(bench));
  describe("entries of a repository", () => entryTests(bench));
}

/** The one upstream, with a manifest by tag and one of its two blobs for each of these. */
async function stored(bench: MetadataBench, repositories: readonly string[]): Promise<Upstream> {
  const { upstream } = await sampleRegistry(bench.metadata);
  for (const repository of repositories) await store(bench, upstream, repository, "latest");
  return upstream;
}

async function store(bench: MetadataBench, upstream: Upstream, repository: string, tag: string) {
  const { cache } = bench.metadata;
  const children = [blobChild(`${repository} layer`), blobChild("config")];
  const text = `${repository}:${tag}`;
  await cache.storeManifest(fetched(upstream, text, { repository, tag, children }));
  await cache.storeBlob(shownBlob(upstream, `${repository} layer`, { repository }));
}

function repositoryTests(bench: MetadataBench): void {
  const listed = async (upstream: Upstream, options: Partial<RepositoryOptions> = {}) => {
    const { entries } = bench.metadata.management;
    const { items, total } = await entries.repositories(upstream.id, { ...all, ...options });
    return { names: items.map(({ repository }) => repository), total };
  };

  test("come with what can be seen of them, which grows, changes and goes with the entries", async () => {
    const upstream = await stored(bench, ["b/two", "a/one"]);
    const { management, cache } = bench.metadata;
    const list = async () => (await management.entries.repositories(upstream.id, all)).items;
    const size = "a/one:latest".length * 2 + "a/one layer".length;
    const one = { repository: "a/one", entries: 3, tags: 1, digests: 1, size };
    expect(await list()).toMatchObject([
      { ...one, lastDownloadedAt: noon },
      { repository: "b/two", entries: 3, tags: 1, digests: 1 },
    ]);
    await store(bench, upstream, "a/one", "3.20");
    expect((await list())[0]).toMatchObject({ entries: 5, tags: 2, digests: 2 });
    // The tag moves to what another one stands for.
    const moved = fetched(upstream, "a/one:3.20", { repository: "a/one", tag: "latest" });
    await cache.storeManifest(moved);
    expect((await list())[0]).toMatchObject({ entries: 5, tags: 2, digests: 2 });

    const key = { upstreamId: upstream.id, repository: "a/one", reference: "latest" } as const;
    const pulled = { ...key, kind: "manifest", count: 1 } as const;
    await cache.countDownloads([
      { ...pulled, lastAt: noon + 7000 },
      { ...pulled, reference: "3.20", lastAt: noon + 5000 },
    ]);
    expect((await list())[0]?.lastDownloadedAt).toBe(noon + 7000);
    await cache.countDownloads([{ ...pulled, lastAt: noon + 1000 }]);
    expect((await list())[0]?.lastDownloadedAt).toBe(noon + 7000);

    const place = { upstreamId: upstream.id, repository: "a/one" };
    const options = { ...all, isDescending: false };
    for (const { id } of (await management.entries.ofRepository(place, options)).items) {
      await management.entries.remove(id, always);
    }
    expect((await listed(upstream)).names).toEqual(["b/two"]);
    await management.upstreams.change(upstream.id, { username: "other", password: "x" });
    expect(await listed(upstream)).toEqual({ names: [], total: 0 });
  });

  test("are those of one upstream, without what is only named", async () => {
    const upstream = await stored(bench, ["a/one"]);
    const { cache, directory } = bench.metadata;
    const objects = [{ kind: "blob", mediaType: "t", digest: digestOfText("x"), size: 1 }] as const;
    const { id: upstreamId, groupId, version: upstreamVersion } = upstream;
    const own = { groupId, upstreamId, upstreamVersion };
    await cache.name({ ...own, repository: "c/named", objects: [...objects], now: noon });
    const other = await directory.saveUpstream(groupId, {
      ...upstream,
      name: "Other",
      url: "https://other.example.com",
    });
    await store(bench, other, "d/elsewhere", "latest");
    expect(await listed(upstream)).toEqual({ names: ["a/one"], total: 1 });
    expect(await listed(other)).toEqual({ names: ["d/elsewhere"], total: 1 });
  });

  test("are paged, searched by words taken literally, and gone on with behind a name", async () => {
    const names = ["a/one", "a/three", "b/two", "library/alpine"];
    const upstream = await stored(bench, names.toReversed());
    expect(await listed(upstream, { perPage: 3 })).toEqual({ names: names.slice(0, 3), total: 4 });
    expect(await listed(upstream, { perPage: 3, page: 2 })).toEqual({
      names: names.slice(3),
      total: 4,
    });
    expect(await listed(upstream, { perPage: 3, page: 9 })).toEqual({ names: [], total: 4 });
    expect(await listed(upstream, { after: "a/three" })).toEqual({
      names: names.slice(2),
      total: 2,
    });
    expect(await listed(upstream, { words: ["A/"] })).toEqual({
      names: names.slice(0, 2),
      total: 2,
    });
    expect(await listed(upstream, { words: ["t", "o"], perPage: 1 })).toEqual({
      names: ["b/two"],
      total: 1,
    });
    for (const wild of ["%", "_", "*", "'", "ünknown"]) {
      expect(await listed(upstream, { words: [wild] })).toEqual({ names: [], total: 0 });
    }
  });
}

function entryTests(bench: MetadataBench): void {
  const references = async (
    upstream: Upstream,
    { kind, ...options }: Partial<RepositoryOptions> & { kind?: EntryKind; isDescending?: boolean },
  ) => {
    const place = { upstreamId: upstream.id, repository: "a/one", kind };
    const wanted = { ...all, isDescending: false, ...options };
    const { items, total } = await bench.metadata.management.entries.ofRepository(place, wanted);
    return { found: items.map(({ reference }) => reference), total };
  };
  /** Tags on both sides of where digests are in the order of references. */
  const tags = ["1.0", "Z", "latest", "sha256-0", "sha257", "z"];
  const filled = async () => {
    const upstream = await stored(bench, ["a/onelonger", "a/one"]);
    for (const tag of tags) await store(bench, upstream, "a/one", tag);
    const digests = tags.map((tag) => digestOfText(`a/one:${tag}`)).toSorted();
    return { upstream, digests, layer: digestOfText("a/one layer") };
  };

  test("are its tags, its digests and its blobs, in order, from either end", async () => {
    const { upstream, digests, layer } = await filled();
    const whole = [...tags, ...digests, layer];
    expect(await references(upstream, {})).toEqual({ found: whole, total: 13 });
    expect(await references(upstream, { isDescending: true })).toEqual({
      found: whole.toReversed(),
      total: 13,
    });
    expect(await references(upstream, { kind: "tag" })).toEqual({ found: tags, total: 6 });
    expect(await references(upstream, { kind: "digest" })).toEqual({ found: digests, total: 6 });
    expect(await references(upstream, { kind: "blob" })).toEqual({ found: [layer], total: 1 });
  });

  test("are paged whatever lies between them, and searched by path", async () => {
    const { upstream, digests, layer } = await filled();
    const whole = [...tags, ...digests, layer];
    for (const isDescending of [false, true]) {
      const wanted = isDescending ? whole.toReversed() : whole;
      for (const page of [1, 2, 3, 4]) {
        const { found, total } = await references(upstream, { page, perPage: 4, isDescending });
        expect(found).toEqual(wanted.slice((page - 1) * 4, page * 4));
        expect(total).toBe(13);
      }
    }
    expect(await references(upstream, { words: ["LATEST"] })).toEqual({
      found: ["latest"],
      total: 1,
    });
    expect(await references(upstream, { words: ["sha25"], kind: "tag", perPage: 1 })).toEqual({
      found: ["sha256-0"],
      total: 2,
    });
    expect(await references(upstream, { words: ["blobs/", "one"] })).toEqual({
      found: [layer],
      total: 1,
    });
    expect(await references(upstream, { words: ["%"] })).toEqual({ found: [], total: 0 });
  });

  test("a repository that is not there has none", async () => {
    const upstream = await stored(bench, ["a/onelonger"]);
    expect(await references(upstream, {})).toEqual({ found: [], total: 0 });
    expect(await references(upstream, { words: ["a"] })).toEqual({ found: [], total: 0 });
  });

  test("it is told which of some references are there, what tags stand for, and payloads up to a size", async () => {
    const { upstream, layer } = await filled();
    const { cache, management } = bench.metadata;
    const { entries } = management;
    const place = { upstreamId: upstream.id, repository: "a/one" };
    const many = Array.from({ length: 1200 }, (_, i) => digestOfText(`absent ${i}`));
    const named = digestOfText("config");
    const present = await entries.present({ ...place, kind: "blob" }, [
      ...many,
      layer,
      named,
      layer,
    ]);
    expect([...present]).toEqual([
      [layer, expect.objectContaining({ digest: layer, size: "a/one layer".length })],
    ]);
    expect(await entries.present({ ...place, kind: "manifest" }, [layer])).toEqual(new Map());

    const text = "a/one:latest";
    const digest = digestOfText(text);
    const signature = `${referrersTag(digest)}.sig`;
    for (const tag of ["stable", signature]) {
      await cache.storeManifest(fetched(upstream, text, { repository: "a/one", tag }));
    }
    await cache.storeManifest(fetched(upstream, text, { repository: "b/other", tag: "foreign" }));
    expect(await entries.tagsOf({ ...place, digest }, 10)).toEqual(["latest", signature, "stable"]);
    expect(await entries.tagsOf({ ...place, digest }, 1)).toEqual(["latest"]);

    const payload = new TextEncoder().encode(text);
    expect(new Uint8Array((await entries.payload(digest, 12)) ?? [])).toEqual(payload);
    expect(await entries.payload(digest, 11)).toBeUndefined();
    expect(await entries.payload(layer, 100)).toBeUndefined();
  });
}
