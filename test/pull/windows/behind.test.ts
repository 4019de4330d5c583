import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { FakeUpstream, sampleBytes, Tap } from "../../fakes/upstream.ts";
import { until } from "../../fakes/until.ts";
import {
  blobGets,
  drained,
  forEachTest,
  holdFill,
  MiB,
  name,
  restart,
  status,
  upstream,
  weir,
  wholeGets,
} from "./rig.ts";

forEachTest();

describe("fills that go on behind", () => {
  const spools = () => readdirSync(weir.folder("spool")).length;
  const window = (blob: string) =>
    weir
      .blob(name, blob, { headers: { Range: `bytes=${2 * MiB + 9}-${2 * MiB + 99}` } })
      .then(drained);

  test("are kept for a minute after somebody came for a part; then eight of a group are left", async () => {
    const tap = holdFill();
    tap.release(MiB);
    const blobs = Array.from({ length: 12 }, (_, i) =>
      upstream.blob(name, sampleBytes(3 * MiB, 50 + i)),
    );
    const [kept = ""] = blobs;
    for (const blob of blobs) expect(status(await window(blob))).toBe("window");
    await until(() => spools() === 12);
    weir.clock.step(59_000);
    expect(status(await window(kept))).toBe("window");
    expect(spools()).toBe(12);
    weir.clock.step(1_000);
    // The one that is still read is not among those that nobody wants.
    await until(() => spools() === 9);
    expect(status(await window(kept))).toBe("window");
    expect(wholeGets()).toBe(12);
    tap.open();
    await upstream.server.quiet();
  });

  test("one group does not take all places: its next blob is passed through, another group's is stored", async () => {
    const fakes = [upstream, await FakeUpstream.start(), await FakeUpstream.start()];
    const other = await FakeUpstream.start();
    await restart({ upstreams: fakes.map((fake) => ({ fake })), others: [{ fake: other }] });
    // What is in them does not matter, since none of them comes to its end.
    const content = sampleBytes(3 * MiB);
    const blobs = Array.from({ length: 129 }, (_, i) => `sha256:${String(i).padStart(64, "0")}`);
    const headers = { "docker-content-digest": null };
    const tap = new Tap();
    tap.release(MiB);
    for (const fake of [...fakes, other]) {
      fake.fault("* *blobs*", { headers });
      fake.fault(blobGets, { headers, tap, ranged: false });
    }
    for (const [i, blob] of blobs.entries()) {
      fakes[i % 3]?.file(`/v2/${name}/blobs/${blob}`, content);
    }
    const [last = "", ...first] = blobs.toReversed();
    for (const blob of first) expect(status(await window(blob))).toBe("window");
    await until(() => spools() === 128);
    const leaving = new AbortController();
    const { signal } = leaving;
    expect(status(await weir.blob(name, last, { signal }))).toBe("bypass");
    other.file(`/v2/${name}/blobs/${last}`, content);
    expect(status(await weir.other(name, "blobs", last, { signal }))).toBe("miss");
    leaving.abort();
    await weir.halt();
    for (const fake of [...fakes.slice(1), other]) await fake.stop();
  });
});
