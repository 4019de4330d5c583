import { describe, expect, test } from "bun:test";
import { buildImage, FakeUpstream } from "../../fakes/upstream.ts";
import { TestWeir } from "../../fakes/weir.ts";
import {
  bytes,
  digest,
  forEachTest,
  holdFill,
  MiB,
  name,
  restart,
  slice,
  spooled,
  upstream,
  weir,
} from "./rig.ts";

forEachTest();

describe("whose it is", () => {
  const inner = (one: TestWeir) =>
    one.blob(name, digest, { headers: { Range: `bytes=${4 * MiB}-${4 * MiB + 9}` } });

  test("an upstream that must be asked first is asked first, for a part as for the whole", async () => {
    await using second = await startSecond();
    for (const [fault, wanted] of [
      [{ status: 500 }, 503],
      [{ status: 404 }, 206],
    ] as const) {
      await restart({ upstreams: [{ fake: upstream }, { fake: second.fake }] });
      upstream.fault("* *blobs*", fault);
      const answer = await inner(weir);
      expect(answer.status).toBe(wanted);
      if (wanted === 206) expect(answer.headers.get("x-weir-cache")).toContain('upstream="up2"');
      else expect(second.fake.count("GET *blobs*")).toBe(0);
      upstream.heal();
    }
  });

  test("a fill of one registry's upstream gives no part to another's", async () => {
    await using second = await startSecond();
    await restart({ others: [{ fake: second.fake }] });
    const tap = holdFill();
    tap.release(6 * MiB);
    const whole = await weir.blob(name, digest);
    await spooled(6 * MiB);
    second.fake.remove(`/v2/${name}/blobs/${digest}`);
    const headers = { Range: `bytes=${2 * MiB}-${2 * MiB + 9}` };
    expect((await weir.other(name, "blobs", digest, { headers })).status).toBe(404);
    second.fake.blob(name, bytes);
    weir.clock.step(60_000);
    const own = await weir.other(name, "blobs", digest, { headers });
    expect(await own.bytes()).toEqual(slice(2 * MiB, 2 * MiB + 9));
    expect(second.fake.count("GET *blobs*")).toBeGreaterThan(0);
    tap.open();
    await whole.bytes();
  });

  async function startSecond() {
    const fake = await FakeUpstream.start();
    fake.image(name, "latest", buildImage({ layers: [bytes] }));
    return { fake, [Symbol.asyncDispose]: () => fake.stop() };
  }
});
