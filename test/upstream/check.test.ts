import { describe, expect, test } from "bun:test";
import { buildImage, sampleBytes } from "../fakes/upstream.ts";
import { found, latest, World } from "./world.ts";

const size = 5000;

async function withContent(world: World) {
  const fake = await world.fake();
  const digest = fake.blob("x", sampleBytes(size));
  const image = fake.image("x", "latest", buildImage());
  const upstream = world.upstream(fake);
  return {
    fake,
    digest,
    image,
    manifest: () => world.client.checkManifest(upstream, "x", latest, 5000),
    blob: () => world.client.checkBlob(upstream, "x", digest),
  };
}

describe("what HEAD does not say, a GET does", () => {
  test.each([404, 405, 501])("manifest, HEAD answered %d", async (status) => {
    await using world = new World();
    const { fake, image, manifest } = await withContent(world);
    fake.fault("HEAD *", { status });
    expect(found(await manifest())).toMatchObject({
      claimedDigest: image.digest,
      size: image.payload.length,
    });
    expect([fake.count("HEAD *"), fake.count("GET *")]).toEqual([1, 1]);
  });

  test.each([
    ["404", { status: 404 }],
    ["405", { status: 405 }],
    ["no length", { framing: "chunked" as const }],
  ])("blob, HEAD answered with %s: one byte is asked for, and tells the size", async (_, fault) => {
    await using world = new World();
    const { fake, digest, blob } = await withContent(world);
    fake.fault("HEAD *", fault);
    expect(found(await blob())).toMatchObject({ claimedDigest: digest, size });
    expect(fake.seen("GET *").map(({ headers }) => headers.get("range"))).toEqual(["bytes=0-0"]);
    expect(fake.sent("GET *")).toBe(1);
  });

  test("blob, from an upstream that knows no ranges either", async () => {
    await using world = new World();
    const { fake, blob } = await withContent(world);
    fake.fault("HEAD *", { status: 405 });
    fake.fault("GET *", { ignoreRange: true });
    expect(found(await blob()).size).toBe(size);
  });
});

describe("a no by HEAD", () => {
  test("is believed once HEAD has been seen to say yes", async () => {
    await using world = new World();
    const { fake, manifest, blob } = await withContent(world);
    await manifest();
    await blob();
    fake.fault("HEAD *", { status: 404 });
    expect([(await manifest()).found, (await blob()).found]).toEqual([false, false]);
    expect(fake.count("GET *")).toBe(0);
  });

  test("that the GET says too is absent", async () => {
    await using world = new World();
    const { fake, manifest, blob } = await withContent(world);
    fake.fault("*", { status: 404 });
    expect([(await manifest()).found, (await blob()).found]).toEqual([false, false]);
  });

  test("in the form of a refusal is not asked again", async () => {
    await using world = new World();
    const { fake } = await withContent(world);
    fake.fault("*", { status: 403 });
    const upstream = world.upstream(fake, { deniedMeans: "absent" });
    const said = await world.client.checkManifest(upstream, "x", latest, 5000);
    expect([said.found, fake.count()]).toEqual([false, 1]);
  });
});
