import { describe, expect, test } from "bun:test";
import type { Digest } from "../../../src/oci/digest.ts";
import { mediaTypes } from "../../../src/oci/manifest.ts";
import { buildIndex } from "../../fakes/upstream.ts";
import { first, forEachTest, rows, second, start, weir } from "../two-upstreams.ts";
import {
  attach,
  attachment,
  type Descriptor,
  full,
  image,
  list,
  lists,
  name,
  sbom,
  signature,
  sorted,
  tag,
} from "./listing.ts";

forEachTest();

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
