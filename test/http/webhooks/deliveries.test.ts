import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import path from "node:path";
import { isSigned, Receiver } from "../../fakes/receiver.ts";
import { until } from "../../fakes/until.ts";
import {
  all,
  create,
  createRegistry,
  deliveries,
  type Delivery,
  fake,
  forEachTest,
  get,
  hourMs,
  minuteMs,
  receiver,
  secret,
  start,
  weir,
  within,
} from "./receiving.ts";

forEachTest();

describe("deliveries", () => {
  test("are tried again with growing waits, as the same message, and given up after ten hours", async () => {
    await start();
    receiver.answers = [() => new Response("no", { status: 500 })];
    const hook = await create({ events: ["registry.created"] });
    await createRegistry("mirror");
    const begun = weir.clock.now();
    await within(() => receiver.received.length === 1);
    const times = [0];
    for (let count = 2; count <= 9; count++) {
      await within(async () => (await deliveries(hook))[0]?.attempts === count - 1);
      const [waiting] = await deliveries(hook);
      const left = Date.parse(waiting?.next_attempt_at ?? "") - weir.clock.now();
      expect(receiver.received).toHaveLength(count - 1);
      weir.clock.step(left - 1000);
      await weir.api("GET", all);
      expect(receiver.received).toHaveLength(count - 1);
      await within(() => receiver.received.length === count);
      times.push(weir.clock.now() - begun);
    }
    await within(async () => (await deliveries(hook))[0]?.status === "failed");
    const [delivery] = await deliveries(hook);
    expect(delivery).toMatchObject({
      attempts: 9,
      response_status: 500,
      reason: "the receiver did not take it",
    });
    const waits = times.slice(1).map((at, i) => at - (times[i] ?? 0));
    const wanted = [0.5, 2, 10, 30, 60, 120, 180, 180].map((minutes) => minutes * minuteMs);
    for (const [i, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual((wanted[i] ?? 0) - 30_000);
      expect(wait).toBeLessThanOrEqual((wanted[i] ?? 0) + 90_000);
    }
    const ids = receiver.received.map(({ headers }) => headers.get("webhook-id"));
    expect(new Set(ids).size).toBe(1);
    expect(receiver.received.every((one) => isSigned(one, secret))).toBe(true);
    expect((await get(hook)).failing_since).not.toBeNull();
    weir.clock.step(24 * hourMs);
    await weir.api("GET", all);
    expect(receiver.received).toHaveLength(9);
  }, 30_000);

  test("a receiver that takes nothing for three days is not asked any more, until somebody says so", async () => {
    await start();
    receiver.answers = [() => new Response(null, { status: 503 })];
    const hook = await create({ events: ["registry.created"] });
    await createRegistry("one");
    await within(async () => (await get(hook)).failing_since !== null);
    weir.clock.step(73 * hourMs);
    await within(async () => !(await get(hook)).enabled);
    expect((await get(hook)).disabled_reason).toStartWith("nothing was taken for 72 hours");
    const events = (await weir.api("GET", "/audit_events?action=webhook.disable")) as object[];
    expect(events).toHaveLength(1);
    const asked = receiver.received.length;
    await createRegistry("two");
    weir.clock.step(hourMs);
    expect((await deliveries(hook)).every(({ status }) => status === "failed")).toBe(true);
    receiver.answers = [];
    const on = await weir.api("PATCH", `${all}/${hook.id}`, { enabled: true });
    expect(on).toMatchObject({ enabled: true, disabled_reason: null, failing_since: null });
    await createRegistry("three");
    await within(() => receiver.received.length > asked);
    expect(receiver.received.at(-1)?.message.data).toMatchObject({ subject: { name: "three" } });
  });

  test("a receiver that says it is gone is believed, one that asks for time gets it", async () => {
    await start();
    const gone = await create({ events: ["registry.created"] });
    receiver.answers = [() => new Response(null, { status: 410 })];
    await createRegistry("one");
    await within(async () => !(await get(gone)).enabled);
    expect((await get(gone)).disabled_reason).toBe("the receiver is gone (410)");
    await weir.api("DELETE", `${all}/${gone.id}`, undefined, 204);
    const late = await create({ events: ["registry.created"] });
    const headers = { "Retry-After": "1800" };
    receiver.answers = [() => new Response(null, { status: 429, headers })];
    await createRegistry("two");
    await within(async () => (await deliveries(late))[0]?.attempts === 1);
    const [delivery] = await deliveries(late);
    const wait = Date.parse(delivery?.next_attempt_at ?? "") - weir.clock.now();
    expect(wait).toBeGreaterThan(25 * minuteMs);
  });

  test("a redirect is not followed, wherever it leads", async () => {
    await start();
    const inner = new Receiver();
    receiver.answers = [() => Response.redirect(inner.url, 307)];
    const hook = await create({ events: ["registry.created"] });
    await createRegistry("mirror");
    await within(async () => (await deliveries(hook))[0]?.attempts === 1);
    expect((await deliveries(hook))[0]).toMatchObject({
      response_status: 307,
      reason: "the receiver answered with a redirect, which is not followed",
    });
    expect(inner.received).toEqual([]);
    await inner.stop();
  });

  test("a receiver that hangs keeps others waiting for nothing, and nothing is lost by a stop", async () => {
    await start();
    receiver.answers = [() => new Promise<Response>(() => {})];
    const slow = await create({ events: ["registry.created"] });
    const quick = new Receiver();
    await create({ url: quick.url, events: ["registry.created"] });
    for (const called of ["one", "two", "three"]) await createRegistry(called);
    await within(() => quick.received.length === 3);
    expect(receiver.received.length).toBeLessThan(3);
    expect((await deliveries(slow)).some(({ status }) => status === "pending")).toBe(true);
    receiver.answers = [];
    await weir.halt();
    await weir.run();
    await within(() => {
      const names = receiver.received.map(({ message }) => JSON.stringify(message.data["subject"]));
      return new Set(names).size === 3;
    });
    await quick.stop();
  });

  test("an inner address that is not allowed is refused, and never dialled", async () => {
    await start();
    const hook = await create({ events: ["registry.created"] });
    await weir.halt();
    // What was allowed once is not any more.
    const { dataDir } = weir;
    await start({
      dataDir,
      env: { WEIR_ALLOWED_UPSTREAM_ADDRESSES: `127.0.0.1:${new URL(fake.url).port}` },
    });
    await createRegistry("mirror");
    await within(async () => (await deliveries(hook))[0]?.attempts === 1);
    expect((await deliveries(hook))[0]).toMatchObject({
      response_status: null,
      reason: "there is no connection to the receiver",
    });
    expect(receiver.received).toEqual([]);
    for (const url of [receiver.url, "http://169.254.169.254/latest", "http://localhost:1/x"]) {
      const refused = await weir.api("POST", all, { url, secret }, 400);
      expect(JSON.stringify(refused)).toContain("inner address");
    }
  });

  test("a test is sent once, and not too often", async () => {
    await start();
    receiver.answers = [() => new Response(null, { status: 500 })];
    const hook = await create({ events: ["registry.deleted"] });
    const sent = (await weir.api("POST", `${all}/${hook.id}/test`, undefined, 202)) as Delivery;
    expect(sent).toMatchObject({ event: "test", status: "pending" });
    await until(async () => (await deliveries(hook))[0]?.status === "failed");
    expect(receiver.types).toEqual(["test"]);
    for (let i = 0; i < 9; i++) await weir.api("POST", `${all}/${hook.id}/test`, undefined, 202);
    await weir.api("POST", `${all}/${hook.id}/test`, undefined, 429);
    await weir.api("PATCH", `${all}/${hook.id}`, { enabled: false });
    weir.clock.step(2 * minuteMs);
    await weir.api("POST", `${all}/${hook.id}/test`, undefined, 400);
  });

  test("are limited, and forgotten after days", async () => {
    await start();
    const hook = await create({ events: ["registry.changed"], enabled: true });
    receiver.answers = [() => new Promise<Response>(() => {})];
    const database = new Database(path.join(weir.dataDir, "weir.db"));
    database.run(
      `insert into webhook_deliveries (webhook_id, message_id, event, body, next_attempt_at, created_at)
       with recursive n (i) as (select 1 union all select i + 1 from n where i < 1000)
       select ${hook.id}, 'msg_' || i, 'registry.changed', '{}', ${weir.clock.now() + 1e9}, 1 from n`,
    );
    database.close(true);
    await weir.api("PATCH", "/virtual_registries/container/registries/1", { name: "renamed" });
    expect((await get(hook)).dropped_count).toBe(1);
    await weir.api("PATCH", `${all}/${hook.id}`, { enabled: false });
    weir.clock.step(25 * hourMs);
    await until(async () => (await deliveries(hook)).length === 0);
  });
});
