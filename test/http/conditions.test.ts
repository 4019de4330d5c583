import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type BuiltImage, buildImage, FakeUpstream, sampleBytes } from "../fakes/upstream.ts";
import { TestWeir } from "../fakes/weir.ts";

const name = "library/app";
const other = `sha256:${"0".repeat(64)}`;
let upstream: FakeUpstream;
let weir: TestWeir;
let image: BuiltImage;
let layer: string;

beforeEach(async () => {
  upstream = await FakeUpstream.start();
  image = upstream.image(name, "latest", buildImage({ layers: [sampleBytes(5000)] }));
  layer = image.layers[0] ?? "";
  weir = await TestWeir.start({ upstreams: [{ fake: upstream }] });
});
afterEach(async () => {
  await weir.stop();
  await upstream.stop();
});

const given = (etag: string) => ({ headers: { "If-None-Match": etag } });

describe("If-None-Match", () => {
  test("304 for a manifest by tag and digest, on a miss and on a hit, by GET and HEAD", async () => {
    for (const reference of ["latest", "latest", image.digest]) {
      for (const method of ["GET", "HEAD"]) {
        const init = { method, ...given(`"${image.digest}"`) };
        const answer = await weir.manifest(name, reference, init);
        expect([answer.status, await answer.text()]).toEqual([304, ""]);
        expect(answer.headers.get("etag")).toBe(`"${image.digest}"`);
        expect(answer.headers.get("docker-content-digest")).toBe(image.digest);
        expect(answer.headers.get("vary")).toBe("Authorization");
        expect(answer.headers.get("x-weir-cache")).toBeTruthy();
        for (const header of ["content-type", "content-length", "content-disposition"]) {
          expect(answer.headers.get(header)).toBeNull();
        }
      }
    }
  });

  test("of a blob that is not here: its upstream says that it is there, and no byte is moved", async () => {
    const answer = await weir.blob(name, layer, given(`"${layer}"`));
    expect(answer.status).toBe(304);
    expect([upstream.count("HEAD *"), upstream.count("GET *")]).toEqual([1, 0]);
  });

  test("of a blob that nobody has: 404, whatever the client says it has", async () => {
    expect((await weir.blob(name, other, given(`"${other}"`))).status).toBe(404);
  });

  test.each([
    (digest: string) => `W/"${digest}"`,
    (digest: string) => digest,
    (digest: string) => `"x", "${digest}"`,
    () => "*",
  ])("forms of a validator that holds: %p", async (form) => {
    expect((await weir.manifest(name, "latest", given(form(image.digest)))).status).toBe(304);
    expect((await weir.blob(name, layer, given(form(layer)))).status).toBe(304);
  });

  test("a validator of something else: the whole", async () => {
    for (const etag of [`"${other}"`, "", '"', `"${image.digest.slice(0, -1)}"`]) {
      const answer = await weir.manifest(name, "latest", given(etag));
      expect([answer.status, (await answer.bytes()).length]).toEqual([200, image.payload.length]);
    }
    const answer = await weir.blob(name, layer, given(`"${image.digest}"`));
    expect([answer.status, (await answer.bytes()).length]).toEqual([200, 5000]);
  });

  test("comes before Range", async () => {
    const init = { headers: { "If-None-Match": `"${layer}"`, Range: "bytes=0-9" } };
    expect((await weir.blob(name, layer, init)).status).toBe(304);
  });
});
