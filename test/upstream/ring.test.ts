import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { marksIn, ringMarker } from "../../src/upstream/contract.ts";
import { sampleBytes } from "../fakes/upstream.ts";
import { digestFrom, failureOf, found, latest, World } from "./world.ts";

const ours = "weir-test-instance";
const uuid = fc.uuid();

describe("marks", () => {
  test("are found in what other servers wrote into Via, whatever stands around them", () => {
    const noise = fc.constantFrom("1.1 proxy", "1.0 fred, 1.1 p.example.net (Apache/1.1)", "");
    fc.assert(
      fc.property(fc.array(fc.tuple(uuid, noise)), (hops) => {
        const marks = hops.map(([id]) => ringMarker(id));
        const via = hops.flatMap(([id, other]) => [other, `1.1 ${ringMarker(id)}`]).join(", ");
        expect(marksIn(via)).toEqual(marks);
      }),
    );
  });

  test.each([
    null,
    "",
    "1.1 weir-",
    "1.1 weir-not-a-uuid",
    `1.1 weir-${crypto.randomUUID().toUpperCase()}`,
    `1.1 weir-${crypto.randomUUID()}0`,
    `1.1 weir-${crypto.randomUUID()}-x`,
    `1.1 xweir-${crypto.randomUUID()}`,
  ])("are nothing else: %p", (via) => {
    expect(marksIn(via)).toEqual([]);
  });
});

async function withAll(world: World) {
  const fake = await world.fake({ auth: { kind: "bearer" } });
  fake.image("x", "latest");
  const digest = fake.blob("x", sampleBytes(10));
  const upstream = world.upstream(fake);
  const { client } = world;
  const { signal } = new AbortController();
  const calls = (marks: readonly string[]) => [
    () => client.manifest(upstream, "x", latest, marks),
    () => client.checkManifest(upstream, "x", latest, 5000, marks),
    () => client.checkBlob(upstream, "x", digestFrom(digest), marks),
    async () => {
      const options = { offset: 0, signal, marks };
      await found(await client.blob(upstream, "x", digestFrom(digest), options)).body.cancel();
    },
  ];
  return { fake, upstream, calls };
}

describe("a request for others", () => {
  test("goes on with their marks before ours, in each call, redirects too", async () => {
    await using world = new World();
    const { fake, calls } = await withAll(world);
    const cdn = await world.fake();
    cdn.file("/data", sampleBytes(10));
    fake.fault("GET */blobs/*", { redirect: `${cdn.url}/data` });
    const marks = [ringMarker(crypto.randomUUID()), ringMarker(crypto.randomUUID())];
    for (const call of calls(marks)) {
      await call();
    }
    const via = [...marks, ours].map((mark) => `1.1 ${mark}`).join(", ");
    for (const { headers, path } of [...fake.seen(), ...cdn.seen()]) {
      expect(headers.get("via")).toBe(path === "/token" ? `1.1 ${ours}` : via);
    }
    expect(cdn.count()).toBe(1);
  });

  test("ends without a request where it came through more than eight servers", async () => {
    await using world = new World();
    const { fake, calls } = await withAll(world);
    const marks = Array.from({ length: 9 }, () => ringMarker(crypto.randomUUID()));
    for (const call of calls(marks)) {
      expect(await failureOf(call())).toMatchObject({
        reason: "blocked",
        message: 'upstream "Fake" is too many servers away',
      });
    }
    expect(fake.count()).toBe(0);
    found(await world.client.manifest(world.upstream(fake), "x", latest, marks.slice(1)));
  });

  test("that has come round is refused as what it is, and counts against nobody", async () => {
    await using world = new World();
    const { fake, upstream, calls } = await withAll(world);
    fake.auth = { kind: "none" };
    fake.fault("*", { status: 508 });
    for (const call of [...calls([]), ...calls([])]) {
      expect(await failureOf(call())).toMatchObject({
        reason: "invalid",
        message: 'upstream "Fake" leads back to a server that is asking',
      });
    }
    expect(world.client.health(upstream).breaker).toBe("closed");
  });
});
