import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { referrersTag } from "../../../src/oci/reference.ts";
import { buildImage, buildIndex, FakeUpstream, sampleBytes } from "../../fakes/upstream.ts";
import { adminToken, strangerToken, TestWeir } from "../../fakes/weir.ts";
import { base } from "./world.ts";

const name = "library/app";
const layers = [sampleBytes(1000, 2), sampleBytes(2000, 3)];
const amd64 = buildImage({ layers, annotations: { title: "<b>app</b>" } });
const arm64 = buildImage({ architecture: "arm64", label: "arm" });
const index = buildIndex({ amd64, arm64 });
const signature = buildImage({
  subject: amd64,
  artifactType: "application/vnd.example.signature",
  annotations: { signer: "somebody" },
  label: "signature",
});
const older = buildImage({ label: "cosign" });
const readerToken = "a-reader-with-a-token-of-some-length";
const markup = "<img src=x onerror=alert(1)>";

let upstream: FakeUpstream;
let weir: TestWeir;
beforeAll(async () => {
  upstream = await FakeUpstream.start();
  upstream.image(name, "latest", index);
  upstream.image(name, "amd64", amd64);
  upstream.image(name, `${referrersTag(amd64.digest)}.sig`, older);
  upstream.image(name, "signature", signature);
  upstream.image("other/thing", "1");
  weir = await TestWeir.start({
    upstreams: [{ fake: upstream }],
    others: [{ fake: upstream }],
    users: [
      {
        username: "reader",
        admin: false,
        memberships: [{ group: "default", role: "guest" }],
        tokens: [{ name: "t", secret: readerToken, scopes: ["read_api"], expiresAt: undefined }],
      },
    ],
  });
  const taken = [
    await weir.manifest(name, "latest"),
    await weir.manifest(name, "amd64"),
    await weir.manifest(name, `${referrersTag(amd64.digest)}.sig`),
    await weir.pull(name, "blobs", amd64.layers[0] ?? ""),
    await weir.referrers(name, amd64.digest),
    await weir.manifest("other/thing", "1"),
  ];
  for (const response of taken) {
    await response.arrayBuffer();
    expect(response.status).toBe(200);
  }
  await weir.settled(name, amd64.layers[0] ?? "");
});
afterAll(async () => {
  await weir.stop();
  await upstream.stop();
});

interface Entry {
  id: string;
  relative_path: string;
  kind: string;
  reference: string;
  next_check_at: string | null;
  manifest: Record<string, unknown> | null;
}

async function call(path: string, token = adminToken, method = "GET", headers = {}) {
  const response = await fetch(`${weir.url}${base}${path}`, {
    method,
    headers: { "PRIVATE-TOKEN": token, ...headers },
  });
  const text = await response.text();
  const body = text ? (JSON.parse(text) as unknown) : undefined;
  return { status: response.status, body, headers: response.headers };
}
const list = async (query: string) =>
  (await call(`/upstreams/1/cache_entries?${query}`)).body as Entry[];
const detail = async (reference: string) => {
  const [entry] = await list(`repository=${name}&search=${encodeURIComponent(reference)}`);
  const { body, headers } = await call(`/cache_entries/${entry?.id}`);
  return { entry: body as Entry, etag: headers.get("etag") ?? "" };
};

describe("repositories", () => {
  const repositories = (query = "", upstreamId = 1) =>
    call(`/upstreams/${upstreamId}/repositories${query}`);

  test("are listed with what is cached of them, in pages, and searched", async () => {
    const { body, headers } = await repositories();
    const layer = layers[0]?.length ?? 0;
    const manifests = [index, amd64, older].reduce((sum, { payload }) => sum + payload.length, 0);
    expect(body).toEqual([
      {
        repository: name,
        entries_count: 7,
        tags_count: 3,
        digests_count: 3,
        size: 2 * manifests + layer,
        last_downloaded_at: expect.any(String),
      },
      expect.objectContaining({ repository: "other/thing", entries_count: 2, tags_count: 1 }),
    ]);
    expect(headers.get("x-total")).toBe("2");
    const second = await repositories("?per_page=1&page=2&search=");
    expect(second.body).toMatchObject([{ repository: "other/thing" }]);
    expect(second.headers.get("link")).toContain("per_page=1");
    expect((await repositories("?search=APP%20lib")).body).toMatchObject([{ repository: name }]);
    expect((await repositories(`?after=${name}`)).body).toMatchObject([
      { repository: "other/thing" },
    ]);
    expect((await repositories(`?search=${encodeURIComponent(markup)}`)).body).toEqual([]);
    expect((await repositories("", 2)).body).toEqual([]);
  });

  test("are nobody's who may not list the entries, and unknown ones are alike", async () => {
    const none = { status: 404, body: { message: "404 Not found" } };
    for (const [path, token] of [
      ["/upstreams/1/repositories", strangerToken],
      ["/upstreams/999/repositories", adminToken],
      ["/upstreams/999/repositories", strangerToken],
    ] as const) {
      const { status, body } = await call(path, token);
      expect({ status, body }).toEqual(none);
    }
    expect((await call("/upstreams/1/repositories", "no token at all")).status).toBe(401);
  });

  test.each([
    ["page=-1", "page is invalid"],
    ["per_page=0", "per_page is invalid"],
    ["limit=5", "limit is not known"],
    [`after=${encodeURIComponent(markup)}`, "after must be a repository"],
    ["after=%00", "after must be a repository"],
    [`search=${"a".repeat(256)}`, "is too long (maximum is 255 characters)"],
    ["search=a&search=b", "search is given more than once"],
  ])("a query that is wrong is refused: %s", async (query, why) => {
    const { status, body } = await repositories(`?${query}`);
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toContain(why);
  });
});

describe("entries of a repository", () => {
  test("are filtered by kind and come in order of reference, from either end", async () => {
    const paths = async (query: string) =>
      (await list(`repository=${name}&${query}`)).map(({ relative_path: path }) =>
        path.slice(path.lastIndexOf("/") + 1),
      );
    const tags = ["amd64", "latest", `${referrersTag(amd64.digest)}.sig`];
    const digests = [index, amd64, older].map(({ digest }) => digest as string).toSorted();
    const all = [...tags, ...digests, amd64.layers[0] ?? ""];
    expect(await paths("kind=tag")).toEqual(tags);
    expect(await paths("kind=tag&sort=desc")).toEqual(tags.toReversed());
    expect(await paths("kind=digest")).toEqual(digests);
    expect(await paths("kind=blob")).toEqual(all.slice(-1));
    expect(await paths("")).toEqual(all);
    expect(await paths("sort=asc&per_page=2&page=2")).toEqual(all.slice(2, 4));
    expect(await paths("search=LATEST")).toEqual(["latest"]);
    expect(await list("repository=library")).toEqual([]);
    const { headers } = await call(`/upstreams/1/cache_entries?repository=${name}&kind=tag`);
    expect([headers.get("x-total"), headers.get("x-total-pages")]).toEqual(["3", "1"]);
  });

  test.each([
    ["kind=tag", "kind needs repository to be given"],
    ["sort=asc", "sort needs repository to be given"],
    [`repository=${name}&kind=image`, "kind does not have a valid value"],
    [`repository=${name}&sort=size`, "sort does not have a valid value"],
    ["repository=", "repository must be a repository"],
    [`repository=${encodeURIComponent(markup)}`, "repository must be a repository"],
    [`repository=${"a".repeat(256)}`, "repository must be a repository"],
    [`repository=${name}&per_page=-5`, "per_page is invalid"],
  ])("a query that is wrong is refused: %s", async (query, why) => {
    const { status, body } = await call(`/upstreams/1/cache_entries?${query}`);
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toContain(why);
  });
});

describe("one entry", () => {
  test("of an index tells its platforms, and which of them are cached", async () => {
    const { entry } = await detail("latest");
    const checkedAt = weir.clock.now();
    expect(entry).toMatchObject({
      repository: name,
      kind: "tag",
      reference: "latest",
      digest: index.digest,
      pinned: false,
      manifest: {
        media_type: index.mediaType,
        artifact_type: null,
        annotations: {},
        subject: null,
        config: null,
        layers: [],
        tags: ["latest"],
        referrers: [],
        truncated: false,
      },
    });
    expect(new Date(entry.next_check_at ?? 0).getTime()).toBe(checkedAt + 24 * 3_600_000);
    const [known] = await list(`repository=${name}&kind=digest&search=${amd64.digest}`);
    const size = (image: typeof amd64) => image.payload.length;
    const common = { annotations: {}, media_type: amd64.mediaType };
    expect(entry.manifest?.["platforms"]).toEqual([
      {
        ...common,
        digest: amd64.digest,
        size: size(amd64),
        platform: "linux/amd64",
        cached: true,
        entry_id: known?.id,
      },
      {
        ...common,
        digest: arm64.digest,
        size: size(arm64),
        platform: "linux/arm64",
        cached: false,
        entry_id: null,
      },
    ]);
  });

  test("of an image tells its layers, its tags, and what is known to refer to it", async () => {
    const asked = upstream.count();
    const { entry } = await detail(amd64.digest);
    expect(upstream.count()).toBe(asked);
    expect(entry).toMatchObject({ kind: "digest", next_check_at: null });
    const [blob] = await list(`repository=${name}&kind=blob`);
    expect(entry.manifest).toMatchObject({
      annotations: { title: "<b>app</b>" },
      config: { digest: amd64.config, cached: false, entry_id: null },
      layers: [
        { digest: amd64.layers[0], size: 1000, cached: true, entry_id: blob?.id },
        { digest: amd64.layers[1], size: 2000, cached: false, entry_id: null },
      ],
      platforms: [],
      tags: ["amd64"],
      referrers: [
        {
          digest: signature.digest,
          artifact_type: "application/vnd.example.signature",
          size: signature.payload.length,
          annotations: { signer: "somebody" },
          tag: null,
          cached: false,
        },
        {
          digest: older.digest,
          artifact_type: null,
          tag: `${referrersTag(amd64.digest)}.sig`,
          cached: true,
        },
      ],
    });
    const detailOfBlob = await call(`/cache_entries/${blob?.id}`);
    expect(detailOfBlob.body).toMatchObject({ kind: "blob", manifest: null, next_check_at: null });
  });

  test("that was pulled in the meantime is told by its subject too, and a signature is checked soon", async () => {
    await (await weir.manifest(name, signature.digest)).arrayBuffer();
    const { entry } = await detail(signature.digest);
    expect(entry.manifest).toMatchObject({
      artifact_type: "application/vnd.example.signature",
      subject: { digest: amd64.digest, cached: true, entry_id: expect.any(String) },
    });
    const { entry: signed } = await detail(amd64.digest);
    expect(signed.manifest).toMatchObject({ referrers: [{ cached: true }, {}] });
    const { entry: sig } = await detail(".sig");
    expect(new Date(sig.next_check_at ?? 0).getTime()).toBe(weir.clock.now() + 60_000);
  });

  test("has a tag by which it can be pinned or given up only as it was seen", async () => {
    const { entry, etag } = await detail("amd64");
    const other = await call(`/cache_entries/${entry.id}`, adminToken, "DELETE", {
      "If-Match": '"other"',
    });
    expect(other.status).toBe(412);
    await call(`/cache_entries/${entry.id}/pin`, adminToken, "POST");
    const stale = { "If-Match": etag };
    expect((await call(`/cache_entries/${entry.id}/pin`, adminToken, "DELETE", stale)).status).toBe(
      412,
    );
    const pinned = await detail("amd64");
    expect(pinned.entry).toMatchObject({ pinned: true });
    const fresh = { "If-Match": pinned.etag };
    expect((await call(`/cache_entries/${entry.id}/pin`, adminToken, "DELETE", fresh)).status).toBe(
      204,
    );
  });

  test("that is not there, or not for the one who asks, is the same", async () => {
    const [entry] = await list(`repository=${name}`);
    for (const [id, token] of [
      [entry?.id, strangerToken],
      [btoa("1 999999"), adminToken],
      [btoa("2 1"), adminToken],
      [btoa("nothing"), adminToken],
      [btoa("1 999999"), strangerToken],
    ] as const) {
      const { status, body } = await call(`/cache_entries/${id}`, token);
      expect([id, status, body]).toEqual([id, 404, { message: "404 Not found" }]);
    }
    expect((await call("/cache_entries/a%20b")).status).toBe(400);
  });
});

test("a group's reader sees what its own cache needs and may, pulls and bytes, and nothing of the server's", async () => {
  const ask = async (path: string, token = readerToken) => {
    const headers = { "PRIVATE-TOKEN": token };
    const response = await fetch(`${weir.url}/api/v4${path}`, { headers });
    return { status: response.status, body: (await response.json()) as unknown };
  };
  const own = "/groups/default/-/virtual_registries";
  await weir.api("PUT", `${own}/space`, { cache_max_bytes: 5_000_000 });
  const { cached_bytes: bytes } = (await weir.api("GET", `${own}/space`)) as {
    cached_bytes: number;
  };
  const statistics = `${own}/container/statistics`;
  expect(await ask(statistics)).toMatchObject({
    status: 200,
    body: { cached_bytes: bytes, cache_max_bytes: 5_000_000, misses_30d: expect.any(Number) },
  });
  expect(bytes).toBeGreaterThan(1000);
  const history = await ask(`${statistics}/history?interval=hour`);
  expect((history.body as object[]).at(-1)).toMatchObject({
    hits: expect.any(Number),
    misses: expect.any(Number),
    bytes_from_cache: expect.any(Number),
    bytes_from_upstream: expect.any(Number),
  });
  const top = await ask(`${statistics}/repositories`);
  expect(top.body).toContainEqual(expect.objectContaining({ repository: name }));
  expect((await ask("/groups/other/-/virtual_registries/container/statistics")).status).toBe(404);
  expect((await ask("/space")).status).toBe(403);
  expect((await call("/upstreams/1/repositories", readerToken)).status).toBe(200);
  const [entry] = await list(`repository=${name}`);
  expect((await call(`/cache_entries/${entry?.id}`, readerToken)).status).toBe(200);
});

test("a manifest of very many layers is cut, and says so", async () => {
  const many = buildImage({
    layers: Array.from({ length: 1500 }, (_, i) => sampleBytes(16, i + 10)),
    annotations: { small: "kept", large: "x".repeat(20_000), last: "left out" },
  });
  upstream.image("library/many", "latest", many);
  await (await weir.manifest("library/many", "latest")).arrayBuffer();
  const [entry] = await list("repository=library/many&kind=tag");
  const { body } = await call(`/cache_entries/${entry?.id}`);
  const { manifest } = body as Entry;
  expect(manifest).toMatchObject({ truncated: true, annotations: { small: "kept" } });
  expect(Object.keys(manifest?.["annotations"] as object)).toEqual(["small"]);
  expect(manifest?.["layers"]).toHaveLength(1000);
});
