import { describe, expect, test } from "bun:test";
import { digestOf } from "../../../src/oci/digest.ts";
import { sampleBytes, Tap } from "../../fakes/upstream.ts";
import { until } from "../../fakes/until.ts";
import {
  ask,
  blobGets,
  bytesOf,
  digest,
  drained,
  failed,
  forEachTest,
  holdFill,
  MiB,
  name,
  ranged,
  restart,
  size,
  slice,
  status,
  upstream,
  weir,
  wholeGets,
} from "./rig.ts";

forEachTest();

describe("what cannot be stored", () => {
  const nothingStored = async () => expect(await weir.stored()).toEqual([]);

  test("too large: parts are relayed and nothing else is downloaded", async () => {
    await restart({ env: { WEIR_MAX_BLOB_BYTES: "1MiB" } });
    for (const first of [0, 2 * MiB, 5 * MiB, 6 * MiB]) {
      const answer = await ask(first, first + MiB - 1);
      expect(answer.headers.get("x-weir-cache")).toBe(
        'window; upstream="up1"; age=0; reason="neither verified nor stored"',
      );
      expect(await answer.bytes()).toEqual(slice(first, first + MiB - 1));
    }
    expect([wholeGets(), ranged().length]).toEqual([0, 4]);
    expect(upstream.sent(blobGets)).toBe(4 * MiB);
    await nothingStored();
  });

  test("many parts at once: the upstream is asked for sixteen at a time, and all come", async () => {
    await restart({ env: { WEIR_MAX_BLOB_BYTES: "1MiB" } });
    const tap = new Tap();
    upstream.fault(blobGets, { tap, ranged: true });
    const first = (i: number) => 64_000 * i;
    const leaving = new AbortController();
    const left = failed(ask(first(30), first(30) + 99, { signal: leaving.signal }));
    await until(() => ranged().length === 1);
    const parts = Array.from({ length: 30 }, (_, i) => bytesOf(ask(first(i), first(i) + 999)));
    await until(() => ranged().length === 16);
    const begun = await weir.begun();
    const later = bytesOf(ask(5 * MiB, 5 * MiB + 999));
    await until(async () => (await weir.begun()) > begun);
    expect(ranged().length).toBe(16);
    // One who leaves makes room for one.
    leaving.abort();
    expect(await left).toBe(true);
    await until(() => ranged().length === 17);
    tap.open();
    for (const [i, part] of parts.entries())
      expect(await part).toEqual(slice(first(i), first(i) + 999));
    expect(await later).toEqual(slice(5 * MiB, 5 * MiB + 999));
    expect([wholeGets(), ranged().length]).toEqual([0, 32]);
    await nothingStored();
  });

  test("more parts than may wait are refused, and those that wait come", async () => {
    await restart({ env: { WEIR_MAX_BLOB_BYTES: "1MiB" } });
    const tap = new Tap();
    upstream.fault(blobGets, { tap, ranged: true });
    const refused: Response[] = [];
    // One more than there may be: which of them comes too late is a matter of chance.
    const parts = Array.from({ length: 145 }, async (_, i) => {
      const answer = await ask(1000 * i, 1000 * i + 99);
      if (answer.status === 206)
        return expect(await answer.bytes()).toEqual(slice(1000 * i, 1000 * i + 99));
      refused.push(answer);
    });
    await until(() => refused.length > 0);
    tap.open();
    await Promise.all(parts);
    expect(refused.map(({ status, headers }) => [status, headers.get("retry-after")])).toEqual([
      [503, "5"],
    ]);
    expect(await refused[0]?.text()).toContain("too many parts of blobs that cannot be stored");
  });

  test("a full disk is found out once, and costs parts no more after that", async () => {
    await restart({ env: { WEIR_MIN_FREE_BYTES: "900TiB" } });
    const tap = holdFill();
    expect(await bytesOf(ask(4 * MiB, 5 * MiB))).toEqual(slice(4 * MiB, 5 * MiB));
    const isNoted = () =>
      weir.logLines.some(({ message }) => message === "blob is passed through, not stored");
    await until(isNoted);
    await upstream.server.quiet();
    for (let i = 0; i < 5; i++) await ask(6 * MiB, 7 * MiB).then(drained);
    expect([wholeGets(), ranged().length]).toEqual([1, 6]);
    weir.clock.step(60_000);
    await ask(6 * MiB, 7 * MiB).then(drained);
    await until(() => wholeGets() === 2);
    tap.open();
    await upstream.server.quiet();
    await nothingStored();
  });

  test("the rest of a blob is verified with the whole, and cut where that is wrong", async () => {
    await restart({ env: { WEIR_MAX_BLOB_BYTES: "1MiB" } });
    const rest = await ask(5 * MiB + 3, "");
    expect([rest.status, status(rest), rest.headers.get("content-range")]).toEqual([
      206,
      "bypass",
      `bytes ${5 * MiB + 3}-${size - 1}/${size}`,
    ]);
    expect(await rest.bytes()).toEqual(slice(5 * MiB + 3, size - 1));
    upstream.fault(blobGets, { wrongByte: 9, ranged: false });
    expect(await failed(ask(5 * MiB, "").then((one) => one.bytes()))).toBe(true);
    // From now on nothing of it is given that is not verified.
    expect(await failed(ask(0, MiB).then((one) => one.bytes()))).toBe(true);
    expect(ranged()).toEqual([]);
    upstream.heal();
    const whole = await ask(0, MiB);
    expect([whole.status, status(whole), digestOf(await whole.bytes())]).toEqual([
      200,
      "bypass",
      digest,
    ]);
    await upstream.server.quiet();
  });

  test("where the upstream knows no ranges either, what comes before the part is passed over", async () => {
    await restart({ env: { WEIR_MAX_BLOB_BYTES: "1MiB" } });
    upstream.fault(blobGets, { ignoreRange: true });
    for (let i = 0; i < 2; i++) {
      const answer = await ask(4 * MiB, 5 * MiB);
      expect([answer.status, status(answer)]).toEqual([206, "window"]);
      expect(await answer.bytes()).toEqual(slice(4 * MiB, 5 * MiB));
    }
    expect(ranged().length).toBe(1);
    await upstream.server.quiet();
  });

  test("a store that is full in the middle: parts beyond it come from the upstream all the same", async () => {
    await restart({ env: { WEIR_MAX_BLOB_BYTES: "2MiB" } });
    // Neither the manifest nor the fill says the size of this one, so that the limit is met half-way.
    const unnamed = sampleBytes(size, 21);
    const unnamedDigest = upstream.blob(name, unnamed);
    const tap = new Tap();
    upstream.fault(blobGets, { ignoreRange: true });
    upstream.fault(blobGets, { tap, headers: { "content-length": null }, framing: "close" });
    const part = (Range: string) => weir.blob(name, unnamedDigest, { headers: { Range } });
    const whole = weir.blob(name, unnamedDigest);
    await until(() => upstream.count(blobGets) === 1);
    tap.release(2 * MiB);
    const later = part(`bytes=${3 * MiB}-`);
    tap.open();
    expect(digestOf(await (await whole).bytes())).toBe(unnamedDigest);
    const answer = await later;
    const wanted = answer.status === 206 ? unnamed.slice(3 * MiB) : unnamed;
    expect(await answer.bytes()).toEqual(wanted);
  });
});
