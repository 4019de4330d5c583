import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Digest } from "../../src/oci/digest.ts";
import { mediaTypes } from "../../src/oci/manifest.ts";
import { referrersTag } from "../../src/oci/reference.ts";
import {
  type BuiltImage,
  buildImage,
  buildIndex,
  FakeUpstream,
  sampleBytes,
} from "../fakes/upstream.ts";
import { TestWeir, type WeirOptions } from "../fakes/weir.ts";

const name = "library/app";
const lists = "GET */referrers/*";
const full = `virtual_registries/container/1/${name}`;
const signature = "application/vnd.dev.cosign.artifact.sig.v1+json";
const sbom = "application/spdx+json";
const image = buildImage();
const tag = referrersTag(image.digest);
let first: FakeUpstream;
let second: FakeUpstream;
let weir: TestWeir;

beforeEach(async () => {
  first = await FakeUpstream.start();
  second = await FakeUpstream.start();
});
afterEach(async () => {
  await weir.stop();
  await first.stop();
  await second.stop();
});

type Settings = WeirOptions["upstreams"][number]["settings"];
async function start(
  one: Settings = {},
  two: Settings = {},
  registry: WeirOptions["registry"] = {},
): Promise<void> {
  const upstreams = [
    { fake: first, settings: { ...one } },
    { fake: second, settings: { ...two } },
  ];
  weir = await TestWeir.start({ upstreams, registry });
}

/** Something that refers to the image. */
function attachment(label: string, artifactType = signature): BuiltImage {
  const layers = [sampleBytes(100, label.length + 7)];
  return buildImage({ label, layers, subject: image, artifactType, annotations: { label } });
}

/** Puts it there, by digest alone, as whoever signs does where the registry has the API. */
function attach(fake: FakeUpstream, label: string, artifactType = signature): BuiltImage {
  const built = attachment(label, artifactType);
  fake.image(name, "tmp", built);
  fake.remove(`/v2/${name}/manifests/tmp`);
  return built;
}

interface Descriptor {
  digest: Digest;
  mediaType: string;
  size: number;
  artifactType?: string;
  annotations?: Record<string, string>;
}

async function list(query = "", digest: string = image.digest) {
  const response = await weir.referrers(name, digest, query);
  const body = (await response.json()) as { manifests: Descriptor[]; errors?: unknown[] };
  return {
    status: response.status,
    body,
    digests: body.manifests?.map((one) => one.digest),
    cache: response.headers.get("x-weir-cache")?.replace(/; age=\d+/, ""),
    link: response.headers.get("link"),
    filters: response.headers.get("oci-filters-applied"),
    type: response.headers.get("content-type"),
  };
}

async function rows(table = "lists"): Promise<number> {
  const [row] = await weir.query<{ n: number }>(`select count(*) as n from ${table}`);
  return row?.n ?? -1;
}

const sorted = (...images: BuiltImage[]) => images.map(({ digest }) => digest).sort();

describe("what refers to an image", () => {
  test("is listed as the upstream describes it, and pulled by digest the ordinary way", async () => {
    await start();
    second.image(name, "latest", image);
    await weir.manifest(name, "latest");
    const signed = attach(second, "one");
    const { status, body, cache, type, filters } = await list();
    expect([status, type, filters, cache]).toEqual([
      200,
      mediaTypes.ociIndex,
      null,
      'miss; upstream="up2"',
    ]);
    expect(body).toEqual({
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: [
        {
          mediaType: mediaTypes.ociManifest,
          digest: signed.digest,
          size: signed.payload.length,
          artifactType: signature,
          annotations: { label: "one" },
        },
      ],
    } as never);
    const before = first.count();
    const pulled = await weir.manifest(name, signed.digest);
    expect([pulled.status, await pulled.bytes()]).toEqual([200, Buffer.from(signed.payload)]);
    const [layer = ""] = signed.layers;
    const blob = await weir.blob(name, layer);
    expect([blob.status, await blob.bytes()]).toEqual([
      200,
      Buffer.from(signed.blobs.get(layer as Digest) ?? []),
    ]);
    // Whoever listed it is asked for it, and nobody else.
    expect(first.count()).toBe(before);
  });

  test("is asked for by type: we filter, and say so", async () => {
    await start();
    first.image(name, "latest", image);
    const one = attach(first, "one");
    const two = attach(first, "two", sbom);
    expect((await list()).digests).toEqual(sorted(one, two));
    for (const [type, wanted] of [
      [signature, [one.digest]],
      [sbom, [two.digest]],
      ["application/none", []],
    ] as const) {
      const { digests, filters } = await list(`?artifactType=${encodeURIComponent(type)}`);
      expect([digests, filters]).toEqual([[...wanted], "artifactType"]);
    }
    expect(first.count(lists)).toBe(1);
    expect([...(first.seen(lists)[0]?.query.keys() ?? [])]).toEqual([]);
  });

  test("a subject that nobody knows has none: 200, and no row", async () => {
    await start();
    const unknown = `sha256:${"0".repeat(64)}`;
    for (let i = 0; i < 2; i++) {
      expect(await list("", unknown)).toMatchObject({
        status: 200,
        body: { manifests: [] },
        cache: 'absent; upstream="up1, up2"',
      });
    }
    // The API, and the tag that stands in for it: once for ten seconds.
    expect([first.count(), second.count(), await rows(), await rows("cache_entries")]).toEqual([
      2, 2, 0, 0,
    ]);
    weir.clock.step(10_000);
    await list("", unknown);
    expect(first.count()).toBe(4);
  });

  test("sha512 subjects", async () => {
    await start();
    expect((await list("", `sha512:${"a".repeat(128)}`)).status).toBe(200);
    expect(first.seen().map((seen) => seen.path.split("/").slice(-2).join("/"))).toEqual([
      `referrers/sha512:${"a".repeat(128)}`,
      `manifests/sha512-${"a".repeat(64)}`,
    ]);
  });

  test("HEAD and GET agree", async () => {
    await start();
    first.image(name, "latest", image);
    attach(first, "one");
    await list();
    for (const query of ["", "?artifactType=a/b", "?artifactType=b"]) {
      const get = await weir.referrers(name, image.digest, query);
      const head = await weir.referrers(name, image.digest, query, { method: "HEAD" });
      const facts = ({ status, headers }: Response) => [
        status,
        ...["content-type", "content-length", "oci-filters-applied", "x-weir-cache"].map((one) =>
          headers.get(one),
        ),
      ];
      expect(facts(head)).toEqual(facts(get));
    }
  });

  const type = "artifactType must be a media type, type/subtype, of at most 255 characters";
  const digest = "last must be a digest: the last one of the page before";
  const bad: [query: string, message: string][] = [
    ["?artifactType=", type],
    ["?artifactType=x", type],
    ["?artifactType=a/b/c", type],
    ["?artifactType=a/b%0A", type],
    ["?artifactType=a/b%00", type],
    ["?artifactType=a%7F/b", type],
    ["?artifactType=a/b;q=1", type],
    ["?artifactType=%C3%A4/b", type],
    [`?artifactType=a/${"b".repeat(128)}`, type],
    [`?artifactType=${"a".repeat(127)}/${"b".repeat(127)}x`, type],
    ["?artifactType=a/b&artifactType=c/d", "artifactType must not be given more than once"],
    ["?last=latest", digest],
    ["?last=sha256:12", digest],
  ];
  for (const [query, message] of bad) {
    test(`${query.slice(0, 40)}: refused by name, and nobody is asked`, async () => {
      await start();
      const { status, body } = await list(query);
      expect([status, body.errors]).toEqual([400, [{ code: "UNSUPPORTED", message }]]);
      expect(first.count()).toBe(0);
    });
  }

  test("the longest type there is", async () => {
    await start();
    const type = `${"a".repeat(127)}/${"b".repeat(127)}`;
    expect((await list(`?artifactType=${type}`)).filters).toBe("artifactType");
  });

  test("a list that is larger than clients take goes on by link", async () => {
    await start();
    first.image(name, "latest", image);
    const note = "x".repeat(60_000);
    const manifests = Array.from({ length: 100 }, (_, i) => ({
      mediaType: mediaTypes.ociManifest,
      digest: `sha256:${String(i).padStart(64, "0")}`,
      size: 1,
      artifactType: i % 10 ? sbom : signature,
      annotations: { note },
    }));
    const half = (some: object[], next?: string) => {
      first.fault(lists, {
        times: 1,
        body: JSON.stringify({ schemaVersion: 2, manifests: some }),
        headers: {
          "content-type": mediaTypes.ociIndex,
          ...(next && { link: `<${next}>; rel="next"` }),
        },
        status: 200,
      });
    };
    half(manifests.slice(50));
    half(manifests.slice(0, 50), "?page=2");
    const digests: string[] = [];
    let query = "?artifactType=" + encodeURIComponent(sbom);
    let pages = 0;
    for (;;) {
      const response = await weir.referrers(name, image.digest, query);
      const bytes = await response.bytes();
      expect(bytes.length).toBeLessThanOrEqual(4 << 20);
      const page = JSON.parse(new TextDecoder().decode(bytes)) as { manifests: Descriptor[] };
      digests.push(...page.manifests.map(({ digest }) => digest));
      pages++;
      const link = response.headers.get("link");
      if (link === null) break;
      const [, target = ""] = /^<(.*)>; rel="next"$/.exec(link) ?? [];
      expect(target.startsWith(`/v2/${full}/referrers/${image.digest}?artifactType=`)).toBe(true);
      query = target.slice(target.indexOf("?"));
    }
    expect(digests).toEqual(manifests.filter((_, i) => i % 10).map(({ digest }) => digest));
    expect([pages, first.count(lists)]).toEqual([2, 2]);
  });
});

describe("an upstream without the referrers API", () => {
  for (const [what, fault] of [
    ["404", { status: 404 }],
    ["400", { status: 400 }],
    ["405", { status: 405 }],
    ["406", { status: 406 }],
    ["a page of its own", { body: "<html>", headers: { "content-type": "text/html" } }],
  ] as const) {
    test(`${what}: the tag that stands in for it`, async () => {
      await start();
      first.image(name, "latest", image);
      const one = attachment("one");
      first.image(name, tag, buildIndex({ amd64: one }));
      first.fault(lists, fault);
      expect(await list()).toMatchObject({ digests: [one.digest], cache: 'miss; upstream="up1"' });
      expect((await list()).cache).toBe('hit; upstream="up1"');
      expect(first.count(`GET */manifests/${tag}`)).toBe(1);
      expect((await weir.manifest(name, one.digest)).status).toBe(200);
    });
  }

  test("a tag that is no index lists nothing", async () => {
    await start();
    first.lists.referrers = false;
    first.image(name, tag, attachment("one"));
    expect(await list()).toMatchObject({ status: 200, digests: [] });
  });

  test("an index that is not what its header says is of no use", async () => {
    await start();
    first.lists.referrers = false;
    first.image(name, tag, buildIndex({ amd64: attachment("one") }));
    first.fault(`GET */manifests/${tag}`, { wrongByte: 40 });
    expect((await list()).status).toBe(502);
  });

  test("a rule that denies the tag keeps it from being asked for", async () => {
    await start({ rules: [{ target: "tag", effect: "allow", pattern: "v*" }] });
    first.lists.referrers = false;
    first.image(name, tag, buildIndex({ amd64: attachment("one") }));
    expect((await list()).digests).toEqual([]);
    expect(first.count("GET */manifests/*")).toBe(0);
  });
});

describe("several upstreams", () => {
  test("the one whose manifest the subject is has the answer", async () => {
    await start();
    second.image(name, "latest", image);
    await weir.manifest(name, "latest");
    first.image(name, "latest", image);
    attach(first, "one");
    const two = attach(second, "two");
    first.fault("*", { status: 500 });
    expect(await list()).toMatchObject({ digests: [two.digest], cache: 'miss; upstream="up2"' });
    expect(first.count(lists)).toBe(0);
  });

  test("where it has none, the others count", async () => {
    await start();
    first.image(name, "latest", image);
    await weir.manifest(name, "latest");
    second.image(name, "latest", image);
    const two = attach(second, "two");
    expect(await list()).toMatchObject({
      digests: [two.digest],
      cache: 'miss; upstream="up1, up2"',
    });
  });

  test("where it has none and the others are unsure: none, with the reason", async () => {
    await start();
    first.image(name, "latest", image);
    await weir.manifest(name, "latest");
    second.fault("*", { status: 500 });
    expect(await list()).toMatchObject({
      status: 200,
      digests: [],
      cache: 'miss; upstream="up1"; reason="up2: broken"',
    });
  });

  test("where nobody is known to have it, all that have it are merged, each descriptor once", async () => {
    await start();
    first.image(name, "latest", image);
    second.image(name, "latest", image);
    const one = attach(first, "one");
    attach(second, "one");
    const two = attach(second, "two");
    expect((await list()).digests).toEqual(sorted(one, two));
  });

  for (const [what, fault, status] of [
    ["500", { status: 500 }, 503],
    ["401", { status: 401 }, 503],
    ["403", { status: 403 }, 503],
    ["429", { status: 429 }, 429],
    ["nonsense", { status: 200, body: "{", headers: { "content-type": mediaTypes.ociIndex } }, 502],
  ] as const) {
    test(`${what} of the first stops; with continue the next one counts`, async () => {
      await start();
      second.image(name, "latest", image);
      const two = attach(second, "two");
      first.fault("*", fault);
      expect((await list()).status).toBe(status);
      expect(second.count()).toBe(0);
      await weir.stop();
      await start({}, {}, { onUnsure: "continue" });
      expect((await list()).digests).toEqual([two.digest]);
    });
  }

  test("403 is none where it means absent", async () => {
    await start({ deniedMeans: "absent" });
    second.image(name, "latest", image);
    const two = attach(second, "two");
    first.fault("*", { status: 403 });
    expect((await list()).digests).toEqual([two.digest]);
  });
});

describe("freshness", () => {
  test("a signature is seen a minute after the last look, at the latest; with validity 0 too", async () => {
    for (const cacheValidityHours of [24, 0]) {
      await start({ cacheValidityHours });
      first.image(name, "latest", image);
      const one = attach(first, "one");
      await list();
      const two = attach(first, "two");
      weir.clock.step(59_999);
      expect((await list()).digests).toEqual([one.digest]);
      weir.clock.step(1);
      expect((await list()).digests).toEqual(sorted(one, two));
      await weir.stop();
      first.remove(`/v2/${name}/manifests/${two.digest}`);
    }
  });

  test("a first signature is seen after ten seconds", async () => {
    await start();
    first.image(name, "latest", image);
    await weir.manifest(name, "latest");
    expect((await list()).digests).toEqual([]);
    const one = attach(first, "one");
    expect((await list()).digests).toEqual([]);
    weir.clock.step(10_000);
    expect((await list()).digests).toEqual([one.digest]);
  });

  test("served stale with the reason while the upstream is down, after a restart too", async () => {
    await start();
    first.image(name, "latest", image);
    await weir.manifest(name, "latest");
    const one = attach(first, "one");
    await list();
    await weir.halt();
    await weir.run();
    weir.clock.step(60_000);
    first.fault("*", { status: 500 });
    expect(await list()).toMatchObject({
      digests: [one.digest],
      cache: 'stale; upstream="up1"; reason="broken"',
    });
    expect((await list()).cache).toBe('stale; upstream="up1"; reason="check postponed"');
  });

  test("what was taken away is gone at the next look", async () => {
    await start();
    first.image(name, "latest", image);
    const one = attach(first, "one");
    await list();
    first.remove(`/v2/${name}/manifests/${one.digest}`);
    weir.clock.step(60_000);
    expect((await list()).digests).toEqual([]);
    expect(await rows()).toBe(0);
  });
});

describe("cosign's tags", () => {
  const tags = ["", ".sig", ".att", ".sbom"].map((suffix) => tag + suffix);
  for (const one of tags) {
    test(`${one.slice(-12)}: not remembered as absent for more than ten seconds`, async () => {
      await start();
      const asked = `GET */manifests/${one}`;
      expect((await weir.manifest(name, one)).status).toBe(404);
      first.image(name, one);
      weir.clock.step(9_999);
      expect([(await weir.manifest(name, one)).status, first.count(asked)]).toEqual([404, 1]);
      weir.clock.step(1);
      expect((await weir.manifest(name, one)).status).toBe(200);
    });

    test(`${one.slice(-12)}: fresh for a minute`, async () => {
      await start({ cacheValidityHours: 0 });
      first.image(name, one, attachment("old"));
      await weir.manifest(name, one);
      const { digest } = first.image(name, one, attachment("new"));
      weir.clock.step(59_999);
      expect((await weir.manifest(name, one)).headers.get("x-weir-cache")).toStartWith("hit");
      weir.clock.step(1);
      const answer = await weir.manifest(name, one);
      expect(answer.headers.get("docker-content-digest")).toBe(digest);
    });
  }

  test("tags that only look like them are tags as any other", async () => {
    await start();
    const like = `${tag}.sig2`;
    await weir.manifest(name, like);
    first.image(name, like);
    weir.clock.step(29_999);
    expect((await weir.manifest(name, like)).status).toBe(404);
    weir.clock.step(1);
    await weir.manifest(name, like);
    weir.clock.step(3_600_000);
    expect((await weir.manifest(name, like)).headers.get("x-weir-cache")).toStartWith("hit");
  });
});

test("nothing of one group's lists is seen by another", async () => {
  weir = await TestWeir.start({ upstreams: [{ fake: first }], others: [{ fake: second }] });
  first.image(name, "latest", image);
  attach(first, "one");
  expect((await list()).digests).toHaveLength(1);
  const other = await weir.other(name, "referrers", image.digest);
  expect([other.status, await other.json()]).toMatchObject([200, { manifests: [] }]);
});
