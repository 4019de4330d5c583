import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { digestOf } from "../../src/oci/digest.ts";
import { mediaTypes } from "../../src/oci/manifest.ts";
import {
  buildImage,
  buildIndex,
  type BuiltImage,
  FakeUpstream,
  Gate,
  sampleBytes,
} from "../fakes/upstream.ts";
import { TestWeir } from "../fakes/weir.ts";

const name = "library/app";
let upstream: FakeUpstream;
let weir: TestWeir;
let image: BuiltImage;

beforeEach(async () => {
  upstream = await FakeUpstream.start();
  image = upstream.image(name, "latest", buildImage({ layers: [sampleBytes(5000)] }));
  weir = await TestWeir.start({ upstreams: [{ fake: upstream }] });
});
afterEach(async () => {
  await weir.stop();
  await upstream.stop();
});

const status = (response: Response) => response.headers.get("x-weir-cache")?.split(";")[0];
const layer = () => image.layers[0] ?? "";
const manifestGets = `GET /v2/${name}/manifests/*`;

describe("manifests", () => {
  test("miss, then hit by tag and by digest, with the upstream asked once", async () => {
    const miss = await weir.manifest(name, "latest");
    expect([miss.status, status(miss)]).toEqual([200, "miss"]);
    expect(await miss.bytes()).toEqual(new Uint8Array(image.payload));
    for (const reference of ["latest", image.digest]) {
      const hit = await weir.manifest(name, reference);
      expect([hit.status, status(hit)]).toEqual([200, "hit"]);
      expect(await hit.bytes()).toEqual(new Uint8Array(image.payload));
    }
    expect(upstream.count()).toBe(1);
  });

  test("headers: ours, computed from the bytes, and a closed set", async () => {
    upstream.fault(manifestGets, { headers: { "x-evil": "1", "set-cookie": "a=b" } });
    await weir.manifest(name, "latest");
    const hit = await weir.manifest(name, "latest");
    const { date: _, ...headers } = Object.fromEntries(hit.headers);
    expect(headers).toEqual({
      "cache-control": "private",
      "cache-status": "weir; hit",
      "content-disposition": "attachment",
      "content-length": String(image.payload.length),
      "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
      "content-type": image.mediaType,
      "docker-content-digest": image.digest,
      "docker-distribution-api-version": "registry/2.0",
      etag: `"${image.digest}"`,
      vary: "Authorization",
      "x-content-type-options": "nosniff",
      "x-request-id": expect.stringMatching(/^[0-9a-f]{12}-[0-9a-z]+$/),
      "x-weir-cache": 'hit; upstream="up1"; age=0',
    });
  });

  test("HEAD says what GET says, on a miss and on a hit", async () => {
    for (let i = 0; i < 2; i++) {
      const head = await weir.manifest(name, "latest", { method: "HEAD" });
      const get = await weir.manifest(name, "latest");
      for (const header of ["content-length", "content-type", "docker-content-digest", "etag"]) {
        expect(head.headers.get(header)).toBe(get.headers.get(header));
      }
      expect([head.status, await head.text()]).toEqual([200, ""]);
    }
    expect(upstream.count(manifestGets)).toBe(1);
  });

  test("32 at once: one request upstream, and the same bytes for all", async () => {
    const gate = new Gate();
    upstream.fault(manifestGets, { gate });
    await weir.token(name);
    const before = await weir.begun();
    const all = Array.from({ length: 32 }, () => weir.manifest(name, "latest"));
    await weir.waiting(before, 32);
    gate.open();
    for (const one of await Promise.all(all))
      expect(digestOf(await one.bytes())).toBe(image.digest);
    expect(upstream.count()).toBe(1);
  });

  test("index, Docker list and schema 2: types are kept, members are pulled by digest", async () => {
    for (const type of ["oci", "docker"] as const) {
      const member = buildImage({ type, label: type });
      const index = upstream.image(name, type, buildIndex({ amd64: member }, type));
      const pulled = await weir.manifest(name, type);
      expect(pulled.headers.get("content-type")).toBe(
        type === "oci" ? mediaTypes.ociIndex : mediaTypes.dockerList,
      );
      expect(digestOf(await pulled.bytes())).toBe(index.digest);
      const child = await weir.manifest(name, member.digest);
      expect([child.status, child.headers.get("content-type")]).toEqual([200, member.mediaType]);
    }
  });

  test("the upstream is always asked for the same four types", async () => {
    await weir.manifest(name, "latest", { headers: { Accept: "application/json" } });
    expect(upstream.seen()[0]?.headers.get("accept")).toBe(Object.values(mediaTypes).join(", "));
  });

  test("downloads are counted: each GET, no HEAD, misses too", async () => {
    await weir.manifest(name, "latest");
    await weir.manifest(name, "latest", { method: "HEAD" });
    await weir.manifest(name, "latest");
    await (await weir.blob(name, layer())).bytes();
    await weir.settled(name, layer());
    await (await weir.blob(name, layer())).bytes();
    await weir.halt();
    const counts = await weir.query<{ reference: string; n: number }>(
      "select reference, downloads_count as n from cache_entries where downloads_count > 0",
    );
    expect(new Map(counts.map(({ reference, n }) => [reference, n]))).toEqual(
      new Map([
        ["latest", 2],
        [layer(), 2],
      ]),
    );
  });

  const lies: [
    what: string,
    fault: Parameters<FakeUpstream["fault"]>[1],
    reference: "latest" | "digest",
  ][] = [
    ["one wrong byte, by digest", { wrongByte: 20 }, "digest"],
    [
      "a digest header that is not that of the bytes",
      { headers: { "docker-content-digest": `sha256:${"0".repeat(64)}` } },
      "latest",
    ],
    ["no content type", { headers: { "content-type": null } }, "latest"],
    [
      "HTML with 200",
      { body: "<html>", headers: { "content-type": "text/html", "docker-content-digest": null } },
      "latest",
    ],
    [
      "JSON that is no manifest",
      { body: "{}", headers: { "docker-content-digest": null } },
      "latest",
    ],
    ["an encoding nobody asked for", { headers: { "content-encoding": "gzip" } }, "latest"],
    [
      "over 10 MiB",
      { body: new Uint8Array(10 * 2 ** 20 + 1), headers: { "docker-content-digest": null } },
      "latest",
    ],
  ];
  for (const [what, fault, reference] of lies) {
    test(`${what}: 502, nothing stored, right again at once`, async () => {
      upstream.fault(manifestGets, fault);
      const ref = reference === "latest" ? "latest" : image.digest;
      const refused = await weir.manifest(name, ref);
      expect(refused.status).toBe(502);
      expect(await refused.json()).toMatchObject({
        errors: [
          { code: "UNKNOWN", detail: { upstreams: [{ upstream: "up1", reason: "invalid" }] } },
        ],
      });
      upstream.heal();
      expect(status(await weir.manifest(name, ref))).toBe("miss");
    });
  }
});

describe("blobs", () => {
  test("miss, then hit, with the upstream asked once and the bytes on disk", async () => {
    await weir.manifest(name, "latest");
    const miss = await weir.blob(name, layer());
    expect([miss.status, status(miss), miss.headers.get("docker-content-digest")]).toEqual([
      200,
      "miss",
      layer(),
    ]);
    expect(digestOf(await miss.bytes())).toBe(layer() as never);
    const hit = await weir.blob(name, layer());
    expect(digestOf(await hit.bytes())).toBe(layer() as never);
    expect(status(hit)).not.toBe("miss");
    expect(upstream.count(`GET /v2/${name}/blobs/*`)).toBe(1);
  });

  test("what was pulled is served with the upstream gone, after a restart too", async () => {
    await weir.manifest(name, "latest");
    for (const digest of [image.config ?? "", layer()])
      await (await weir.blob(name, digest)).bytes();
    await weir.filled();
    await upstream.stop();
    await weir.halt();
    await weir.run();
    expect(status(await weir.manifest(name, "latest"))).toBe("hit");
    for (const digest of [image.config ?? "", layer()]) {
      const hit = await weir.blob(name, digest);
      expect([status(hit), digestOf(await hit.bytes())]).toEqual(["hit", digest as never]);
    }
    expect(readdirSync(weir.folder("spool"))).toEqual([]);
  });

  test("HEAD of what is not stored asks the upstream and downloads nothing", async () => {
    await weir.manifest(name, "latest");
    const head = await weir.blob(name, layer(), { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), status(head)]).toEqual([
      200,
      "5000",
      "miss",
    ]);
    expect(upstream.count("GET *blobs*")).toBe(0);
    await (await weir.blob(name, layer())).bytes();
    const stored = await weir.blob(name, layer(), { method: "HEAD" });
    expect([stored.status, stored.headers.get("content-length")]).toEqual([200, "5000"]);
    expect(stored.headers.get("accept-ranges")).toBe("bytes");
  });

  test("a digest that nobody has: 404 in the form clients show", async () => {
    const missing = await weir.blob(name, digestOf(new Uint8Array([7])));
    expect([missing.status, await missing.json()]).toEqual([
      404,
      {
        errors: [{ code: "BLOB_UNKNOWN", message: expect.any(String), detail: { asked: ["up1"] } }],
      },
    ]);
  });

  test("sha512 is verified as sha512", async () => {
    const bytes = sampleBytes(3000, 9);
    const digest = digestOf(bytes, "sha512");
    upstream.file(`/v2/${name}/blobs/${digest}`, bytes);
    expect(await (await weir.blob(name, digest)).bytes()).toEqual(bytes);
    upstream.file(`/v2/${name}/blobs/${digestOf(sampleBytes(9), "sha512")}`, bytes);
    expect((await weir.blob(name, digestOf(sampleBytes(9), "sha512"))).status).toBe(502);
  });

  test("a file that is gone or short is noticed before the header, and fetched again", async () => {
    await weir.manifest(name, "latest");
    await (await weir.blob(name, layer())).bytes();
    await weir.halt(); // no reader is under way: files in flight are never truncated
    await weir.spoil(layer(), "short");
    await weir.run();
    const again = await weir.blob(name, layer());
    expect(digestOf(await again.bytes())).toBe(layer() as never);
    expect(upstream.count(`GET /v2/${name}/blobs/${layer()}`)).toBe(2);
  });

  describe("ranges of a stored blob", () => {
    const table: [range: string, status: number, first: number, last: number][] = [
      ["bytes=0-0", 206, 0, 0],
      ["bytes=10-19", 206, 10, 19],
      ["bytes=4990-", 206, 4990, 4999],
      ["bytes=-5", 206, 4995, 4999],
      ["bytes=0-99999", 206, 0, 4999],
      ["bytes=1-2,5-6", 200, 0, 4999],
      ["bytes=9-1", 200, 0, 4999],
      ["chars=1-2", 200, 0, 4999],
    ];
    beforeEach(async () => {
      await weir.manifest(name, "latest");
      await (await weir.blob(name, layer())).bytes();
    });

    test("as the table says", async () => {
      const whole = sampleBytes(5000);
      for (const [Range, wanted, first, last] of table) {
        const part = await weir.blob(name, layer(), { headers: { Range } });
        expect([Range, part.status]).toEqual([Range, wanted]);
        const contentRange = wanted === 206 ? `bytes ${first}-${last}/5000` : null;
        expect(part.headers.get("content-range")).toBe(contentRange);
        expect(part.headers.get("content-length")).toBe(String(last - first + 1));
        expect(await part.bytes()).toEqual(whole.slice(first, last + 1));
      }
    });

    test("416 tells the size; If-Range with another validator gives the whole", async () => {
      const beyond = await weir.blob(name, layer(), { headers: { Range: "bytes=5000-" } });
      expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, "bytes */5000"]);
      expect(await beyond.json()).toMatchObject({ errors: [{ code: "UNSUPPORTED" }] });
      const Range = "bytes=0-9";
      const other = await weir.blob(name, layer(), { headers: { Range, "If-Range": '"other"' } });
      expect([other.status, (await other.bytes()).length]).toEqual([200, 5000]);
      const same = await weir.blob(name, layer(), {
        headers: { Range, "If-Range": `"${layer()}"` },
      });
      expect([same.status, (await same.bytes()).length]).toEqual([206, 10]);
    });
  });
});
