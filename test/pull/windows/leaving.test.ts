import { describe, expect, test } from "bun:test";
import { Gate, Tap } from "../../fakes/upstream.ts";
import {
  ask,
  blobGets,
  digest,
  failed,
  forEachTest,
  holdFill,
  MiB,
  name,
  status,
  upstream,
  weir,
  wholeGets,
} from "./rig.ts";

forEachTest();

describe("a client that leaves", () => {
  test("ends its window, before the header and after it, and not the fill", async () => {
    const tap = holdFill();
    const gate = new Gate();
    upstream.fault(blobGets, { gate, times: 1, ranged: true });
    const leaving = new AbortController();
    const early = failed(ask(4 * MiB, 4 * MiB + 9_999, { signal: leaving.signal }));
    await gate.arrived();
    leaving.abort();
    expect(await early).toBe(true);

    const held = new Tap();
    held.release(1000);
    upstream.fault(blobGets, { tap: held, ranged: true });
    const late = new AbortController();
    const answer = await ask(6 * MiB, 6 * MiB + 9_999, { signal: late.signal });
    expect(status(answer)).toBe("window");
    late.abort();
    gate.open();
    tap.open();
    await upstream.server.quiet();
    await weir.settled(name, digest);
    expect(wholeGets()).toBe(1);
  });
});

test("a stop cuts windows, and ends their connections", async () => {
  const tap = holdFill();
  const held = new Tap();
  held.release(1000);
  upstream.fault(blobGets, { tap: held, ranged: true });
  const answer = await ask(4 * MiB, 5 * MiB);
  const reading = failed(answer.bytes());
  const halted = weir.halt();
  weir.clock.step(30_000);
  await halted;
  expect(await reading).toBe(true);
  await upstream.server.quiet();
  tap.open();
  await weir.run();
});
