import { afterEach, beforeEach, expect, test } from "bun:test";
import { ApiError } from "../../../src/http/api/errors.ts";
import { Listeners, type Outlet, type Teller } from "../../../src/http/api/event-stream.ts";
import { createLog } from "../../../src/lib/log.ts";
import { SteppedClock } from "../../fakes/clock.ts";
import { until } from "../../fakes/until.ts";

let clock: SteppedClock;
let listeners: Listeners;
let looks: number;
let gone: number;
beforeEach(() => {
  clock = new SteppedClock();
  const log = createLog(clock, "debug", { write() {}, async flush() {} });
  listeners = new Listeners({ clock, log, most: 3, mostOfUser: 2 });
  [looks, gone] = [0, 0];
});
afterEach(() => {
  listeners.close();
  expect([listeners.count, clock.pending]).toEqual([0, 0]);
});

/** Has something to tell at each look. */
const teller = (): Teller => ({
  everyMs: 500,
  async tell(outlet: Outlet) {
    outlet.event("look", ++looks, `position-${looks}`);
    return "on";
  },
  left: () => void gone++,
});
const listen = (userId = 1, begin = teller, leaves = new AbortController().signal) =>
  listeners.listen(begin, { userId, still: async () => true, leaves });
/** A look waits for promises alone. */
async function steps(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    clock.step(500);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  }
}

test("who takes what comes is told at each look, with the position", async () => {
  const reader = listen().getReader();
  const read = async () => new TextDecoder().decode((await reader.read()).value);
  expect(await read()).toBe("event: look\nid: position-1\ndata: 1\n\n");
  await steps(1);
  expect(await read()).toBe("event: look\nid: position-2\ndata: 2\n\n");
  await reader.cancel();
  await until(() => listeners.count === 0);
  expect(gone).toBe(1);
});

test("who takes nothing is told nothing more, and given up after a minute", async () => {
  const stream = listen();
  await until(() => looks === 1);
  await steps(119);
  expect([looks, listeners.count]).toEqual([1, 1]);
  await steps(2);
  expect([looks, listeners.count, gone]).toEqual([1, 0, 1]);
  expect(await new Response(stream).text()).toBe("event: look\nid: position-1\ndata: 1\n\n");
});

test("so many of one user, and in all; nothing is begun for who comes on top", async () => {
  const refused = (userId: number) => {
    const never = () => {
      throw new Error("nothing is to be begun");
    };
    try {
      listen(userId, never);
    } catch (error) {
      return error instanceof ApiError ? error.status : error;
    }
    return undefined;
  };
  const abort = new AbortController();
  listen(1, teller, abort.signal);
  listen(1);
  expect(refused(1)).toBe(429);
  listen(2);
  expect(refused(3)).toBe(429);
  abort.abort();
  expect(listeners.count).toBe(2);
  listen(3);
});

test("who has left before it is begun is no listener", async () => {
  const stream = listen(1, teller, AbortSignal.abort());
  expect([listeners.count, gone]).toEqual([0, 1]);
  await stream.cancel();
});

test("a look that fails ends it, and nobody else's", async () => {
  const failing = (): Teller => ({ ...teller(), tell: () => Promise.reject(new Error("no")) });
  const [one, other] = [listen(1, failing), listen(2)];
  expect(await new Response(one).text()).toBe("");
  expect(listeners.count).toBe(1);
  await other.cancel();
});
