import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type BuiltImage, buildImage, FakeUpstream, sampleBytes } from "../fakes/upstream.ts";
import { until } from "../fakes/until.ts";
import { TestWeir } from "../fakes/weir.ts";

const name = "library/app";
const other = `sha256:${"1".repeat(64)}`;
const gets = "GET */blobs/*";
const size = 300_000;
let upstream: FakeUpstream;
let weir: TestWeir;
let image: BuiltImage;
let layer: string;

beforeEach(async () => {
  upstream = await FakeUpstream.start();
  image = upstream.image(name, "latest", buildImage({ layers: [sampleBytes(size)] }));
  layer = image.layers[0] ?? "";
  const env = { WEIR_TRUSTED_PROXIES: "127.0.0.0/8", WEIR_MAX_BLOB_BYTES: "1MiB" };
  weir = await TestWeir.start({ upstreams: [{ fake: upstream }], env });
  await weir.manifest(name, "latest");
});
afterEach(async () => {
  await weir.stop();
  await upstream.stop();
});

/** Waits before a transfer that was cut is gone on with. */
const delays = [1000, 3000];

/** Status, cache status and text of a refusal, time passing for what waits to go on. */
async function refusalOf(pulling: Promise<Response>) {
  let isAnswered = false;
  const answered = pulling.finally(() => (isAnswered = true));
  await until(() => {
    const delay = delays.find((ms) => weir.clock.isDue(ms));
    if (delay !== undefined) weir.clock.step(delay);
    return isAnswered;
  });
  const response = await answered;
  const { errors } = (await response.json()) as { errors: { message: string }[] };
  return [response.status, response.headers.get("x-weir-cache"), errors[0]?.message];
}

const refused = (reason: string) => `refused; upstream="up1"; reason="${reason}"`;

const manifests = `GET /v2/${name}/manifests/*`;
test.each([
  ["the content type is not that of a manifest", { headers: { "content-type": "text/html" } }],
  [
    "the image is stored in Docker's old schema 1, which is not supported; push it anew with a current tool",
    { headers: { "content-type": "application/vnd.docker.distribution.manifest.v1+prettyjws" } },
  ],
  ["its digest is not the one asked for", { wrongByte: 20 }],
])("an unusable manifest: %s", async (why, fault) => {
  upstream.image(name, "bad", buildImage({ label: "bad" }));
  upstream.fault(manifests, fault);
  const digest = upstream.image(name, "worse", buildImage({ label: "worse" })).digest;
  expect(await refusalOf(weir.manifest(name, digest))).toEqual([
    502,
    refused("invalid"),
    `upstream "up1" sent an unusable manifest: ${why}`,
  ]);
});

test("a registry without upstreams, which the API alone lets one see", async () => {
  const path = "/groups/default/-/virtual_registries/container/registries";
  const { id } = (await weir.api("POST", path, { name: "empty" }, 201)) as { id: number };
  const registry = `/virtual_registries/container/registries/${id}`;
  const refused = await weir.api("POST", `${registry}/refresh?image=${name}`, undefined, 404);
  expect(JSON.stringify(refused)).toContain("this registry has no upstreams");
  const plan = await weir.api("GET", `${registry}/explain?image=${name}`);
  expect(plan).toMatchObject({ decision: { reason: "no upstreams" } });
});

test("names that rules do not allow", async () => {
  await weir.halt();
  const rules = [{ target: "repository", effect: "deny", pattern: "library/*" }] as const;
  const upstreams = [{ fake: upstream, settings: { rules } }];
  weir = await TestWeir.start({ upstreams, dataDir: weir.dataDir });
  expect(await refusalOf(weir.manifest(name, "latest"))).toEqual([
    404,
    'absent; reason="denied by rule"',
    "the rules of this registry's upstreams do not allow this name",
  ]);
  const explain = `/virtual_registries/container/registries/1/explain?image=${name}`;
  expect(await weir.api("GET", explain)).toMatchObject({ decision: { reason: "denied by rule" } });
});

describe("what is said of a blob that cannot be had", () => {
  test("nobody has it", async () => {
    expect(await refusalOf(weir.blob(name, other))).toEqual([
      404,
      'absent; upstream="up1"',
      "no upstream of this registry has this blob",
    ]);
  });

  test("wrong bytes", async () => {
    upstream.fault(gets, { wrongByte: 3 });
    expect(await refusalOf(weir.blob(name, layer))).toEqual([
      502,
      refused("invalid"),
      `upstream "up1" sent bytes that are not ${layer}`,
    ]);
  });

  test("more bytes than it has", async () => {
    upstream.fault(gets, { body: sampleBytes(size + 1), framing: "chunked" });
    expect(await refusalOf(weir.blob(name, layer))).toEqual([
      502,
      refused("invalid"),
      'upstream "up1" sent more bytes than the blob has',
    ]);
  });

  test("cut again and again", async () => {
    upstream.fault(gets, { reset: true });
    upstream.fault(gets, { cutAfter: 10, times: 1 });
    const [status, cache, message] = await refusalOf(weir.blob(name, layer));
    expect([status, cache]).toEqual([503, refused("unreachable")]);
    expect(message).toBe('upstream "up1" broke off the transfer');
  });

  test("cut, and gone when it is to be gone on with", async () => {
    upstream.fault(gets, { status: 404 });
    upstream.fault(gets, { cutAfter: 1000, times: 1 });
    const [status, cache, message] = await refusalOf(weir.blob(name, layer));
    expect([status, cache]).toEqual([502, refused("invalid")]);
    expect(message).toBe('upstream "up1" lost the blob while it was being transferred');
  });

  test("described as another", async () => {
    upstream.fault("HEAD *", { headers: { "docker-content-digest": other } });
    const answer = await weir.blob(name, layer, { headers: { "If-None-Match": "*" } });
    expect([answer.status, answer.headers.get("x-weir-cache")]).toEqual([502, refused("invalid")]);
    const { errors } = (await answer.json()) as { errors: { message: string }[] };
    expect(errors[0]?.message).toBe('upstream "up1" describes another blob than it was asked for');
  });

  test("for a proxy that speaks HTTP/1.0 and a store that does not take it", async () => {
    const large = upstream.blob(name, sampleBytes(2 << 20, 3));
    const headers = { Connection: "close" };
    expect(await refusalOf(weir.blob(name, large, { headers }))).toEqual([
      503,
      'refused; reason="unavailable"',
      "the blob cannot be stored, and this connection (HTTP/1.0) can only be given stored blobs",
    ]);
  });
});
