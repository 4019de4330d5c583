import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import path from "node:path";
import { layout, tarOf } from "../fakes/archive.ts";
import type { BuiltImage } from "../fakes/image.ts";
import { isSigned, Receiver } from "../fakes/receiver.ts";
import { until } from "../fakes/until.ts";
import { buildImage, FakeUpstream } from "../fakes/upstream.ts";
import { adminToken, TestWeir, type WeirOptions } from "../fakes/weir.ts";

const all = "/groups/default/-/virtual_registries/webhooks";
const registries = "/groups/default/-/virtual_registries/container/registries";
const upstream = "/virtual_registries/container/upstreams/1";
const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const name = "library/app";
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

let fake: FakeUpstream;
let receiver: Receiver;
let weir: TestWeir;
const start = async (options: Partial<WeirOptions> = {}) => {
  weir = await TestWeir.start({ upstreams: [{ fake }], ...options });
};
beforeEach(async () => {
  fake = await FakeUpstream.start();
  receiver = new Receiver();
});
afterEach(async () => {
  await weir.stop();
  await fake.stop();
  await receiver.stop();
});

interface Hook {
  id: number;
  enabled: boolean;
  disabled_reason: string | null;
  failing_since: string | null;
  dropped_count: number;
}
interface Delivery {
  id: number;
  message_id: string;
  event: string;
  status: string;
  attempts: number;
  response_status: number | null;
  reason: string | null;
  next_attempt_at: string | null;
}
const create = async (fields: object = {}) =>
  (await weir.api("POST", all, { url: receiver.url, secret, ...fields }, 201)) as Hook;
const get = async ({ id }: Hook) => (await weir.api("GET", `${all}/${id}`)) as Hook;
const deliveries = async ({ id }: Hook) =>
  (await weir.api("GET", `${all}/${id}/deliveries`)) as Delivery[];
const createRegistry = (called: string) => weir.api("POST", registries, { name: called }, 201);

/** Until it is so; time goes on while nothing is on its way. */
const within = (condition: () => boolean | Promise<boolean>) =>
  until(async () => {
    if (await condition()) return true;
    weir.clock.step(1000);
    // Others have their turn, so that what was begun comes to its end.
    for (let i = 0; i < 3; i++) await weir.api("GET", all);
    return false;
  });

describe("webhooks", () => {
  test("are told of changes, in a message that is signed", async () => {
    await start();
    const hook = await create();
    await createRegistry("mirror");
    await within(() => receiver.received.length > 0);
    const [first] = receiver.received;
    expect(first?.message).toMatchObject({
      type: "registry.created",
      group_id: 1,
      data: {
        subject: { kind: "registry", name: "mirror" },
        actor: { kind: "user", name: "admin" },
      },
    });
    expect(first && isSigned(first, secret)).toBe(true);
    expect(first && isSigned({ ...first, text: `${first.text} ` }, secret)).toBe(false);
    expect(first?.headers.get("content-type")).toBe("application/json");
    const timestamp = Number(first?.headers.get("webhook-timestamp"));
    expect(Math.abs(timestamp * 1000 - weir.clock.now())).toBeLessThan(30_000);
    await within(async () => (await deliveries(hook))[0]?.status === "delivered");
    const [delivery] = await deliveries(hook);
    expect(delivery).toMatchObject({
      message_id: first?.headers.get("webhook-id"),
      event: "registry.created",
      attempts: 1,
      response_status: 204,
      reason: null,
      next_attempt_at: null,
    });
  });

  test("are told of what they have chosen, and of nothing in other groups", async () => {
    await start();
    await create({ events: ["registry.deleted", "upstream.changed"] });
    const other = { url: receiver.url, secret };
    await weir.api("POST", "/groups/other/-/virtual_registries/webhooks", other, 201);
    await weir.api(
      "POST",
      "/groups/other/-/virtual_registries/container/registries",
      { name: "theirs" },
      201,
    );
    await createRegistry("mirror");
    await weir.api("PATCH", upstream, { cache_validity_hours: 5 });
    await within(() => receiver.received.length >= 2);
    for (let i = 0; i < 20; i++) {
      weir.clock.step(5000);
      await weir.api("GET", all);
    }
    expect(receiver.types.toSorted()).toEqual(["registry.created", "upstream.changed"]);
    expect(receiver.of("registry.created")[0]?.message.data).toMatchObject({
      subject: { name: "theirs" },
    });
    expect(receiver.of("upstream.changed")[0]?.message.data["details"]).toEqual({
      cache_validity_hours: { from: 24, to: 5 },
    });
  });

  test("are told of rules and of the order of upstreams", async () => {
    await start();
    await create({ events: ["registry.changed", "upstream.changed"] });
    const rule = { target: "repository", effect: "deny", pattern: "secret/**" };
    const made = (await weir.api("POST", `${upstream}/rules`, rule, 201)) as { id: number };
    await weir.api("PATCH", `${upstream}/rules/${made.id}`, { pattern: "other/**" });
    await weir.api("DELETE", `${upstream}/rules/${made.id}`, undefined, 204);
    const container = "/virtual_registries/container";
    const second = { name: "second", url: fake.url, username: "u", password: "p" };
    await weir.api("POST", `${container}/registries/1/upstreams`, second, 201);
    const { registry_upstreams: places } = (await weir.api("GET", `${container}/registries/1`)) as {
      registry_upstreams: { id: number; position: number }[];
    };
    const last = places.find(({ position }) => position === 2);
    await weir.api("PATCH", `${container}/registry_upstreams/${last?.id}`, { position: 1 });
    await within(() => receiver.received.length >= 4);
    expect(receiver.of("upstream.changed").map(({ message }) => message.data)).toMatchObject([
      { subject: { kind: "upstream", id: 1 }, details: { pattern: "secret/**", effect: "deny" } },
      { details: { pattern: "other/**", former: { pattern: "secret/**" } } },
      { details: { pattern: "other/**" } },
    ]);
    expect(receiver.of("registry.changed").at(-1)?.message.data).toMatchObject({
      subject: { kind: "registry_upstream", id: last?.id },
      details: { registry_id: 1, position: 1 },
    });
  });

  test("are told of the cache, gathered", async () => {
    const image = fake.image(name, "1");
    await start({ upstreams: [{ fake, settings: { cacheValidityHours: 1 } }] });
    await create();
    await weir.manifest(name, "1");
    for (const digest of image.blobs.keys()) await (await weir.blob(name, digest)).arrayBuffer();
    for (const digest of image.blobs.keys()) await weir.settled(name, digest);
    await within(() => receiver.of("cache.stored").length > 0);
    expect(receiver.received.map(({ message }) => message.data)).toEqual([
      {
        upstream: { id: 1, name: "up1" },
        repository: name,
        entries: 3,
        size: expect.any(Number) as number,
        references: ["1"],
      },
    ]);
    const moved = fake.image(name, "1", buildImage({ label: "moved" }));
    weir.clock.step(2 * hourMs);
    await weir.manifest(name, "1");
    await within(() => receiver.of("cache.replaced").length > 0);
    expect(receiver.of("cache.replaced")[0]?.message.data).toMatchObject({
      repository: name,
      reference: "1",
      digest: moved.digest,
      previous_digest: image.digest,
    });
    fake.remove(`/v2/${name}/manifests/1`);
    weir.clock.step(2 * hourMs);
    await weir.manifest(name, "1");
    await within(() => receiver.of("cache.tag_gone").length > 0);
    expect(receiver.of("cache.tag_gone")[0]?.message.data).toMatchObject({
      reference: "1",
      kept: true,
    });
    const [entry] = (await weir.api("GET", `${upstream}/cache_entries?search=manifests/1`)) as {
      id: string;
    }[];
    await weir.api(
      "DELETE",
      `/virtual_registries/container/cache_entries/${entry?.id}`,
      undefined,
      204,
    );
    await within(() => receiver.of("cache.deleted").length > 0);
  });

  test("are told of what an import brings as of what pulls do", async () => {
    await start();
    await create();
    const bring = async (image: BuiltImage, status: number) => {
      const query = `?repository=${name}&tag=1`;
      const answer = await fetch(`${weir.url}/api/v4${upstream}/import${query}`, {
        method: "POST",
        headers: { "PRIVATE-TOKEN": adminToken },
        body: tarOf(layout(image)),
      });
      expect(answer.status).toBe(status);
    };
    const image = buildImage({ label: "one" });
    await bring(image, 201);
    await within(() => receiver.of("cache.stored").length > 0);
    expect(receiver.of("cache.stored").map(({ message }) => message.data)).toEqual([
      {
        upstream: { id: 1, name: "up1" },
        repository: name,
        entries: 3,
        size: expect.any(Number) as number,
        references: ["1"],
      },
    ]);
    const other = buildImage({ label: "other" });
    await bring(other, 201);
    await within(() => receiver.of("cache.replaced").length > 0);
    expect(receiver.of("cache.replaced")[0]?.message.data).toMatchObject({
      reference: "1",
      digest: other.digest,
      previous_digest: image.digest,
    });
  });

  test("are not told what is cached of an upstream that is for a group's members", async () => {
    fake.image(name, "1");
    await start({
      groups: ["secret"],
      upstreams: [{ fake, settings: { verifiedGroup: "secret" } }],
    });
    await create();
    expect((await weir.manifest(name, "1")).status).toBe(200);
    const [entry] = (await weir.api("GET", `${upstream}/cache_entries`)) as { id: string }[];
    const entries = "/virtual_registries/container/cache_entries";
    await weir.api("DELETE", `${entries}/${entry?.id}`, undefined, 204);
    await createRegistry("later");
    await within(() => receiver.of("registry.created").length > 0);
    for (let i = 0; i < 10; i++) {
      weir.clock.step(5000);
      await weir.api("GET", all);
    }
    expect(receiver.types).toEqual(["registry.created"]);
  });

  test("are told how upstreams are doing", async () => {
    fake.image(name, "1");
    await start();
    await create({ events: ["upstream.unavailable", "upstream.recovered", "upstream.denied"] });
    fake.fault("*", { status: 401 });
    await weir.manifest(name, "1");
    await within(() => receiver.of("upstream.denied").length > 0);
    fake.fault("*", { status: 429, headers: { "retry-after": "60" } });
    await weir.manifest(name, "2");
    await within(() => receiver.of("upstream.unavailable").length > 0);
    expect(receiver.of("upstream.unavailable")[0]?.message.data).toMatchObject({
      upstream: { id: 1, name: "up1" },
      reason: "rate_limited",
      retry_at: expect.any(String) as string,
    });
    fake.heal();
    weir.clock.step(2 * minuteMs);
    await weir.manifest(name, "1");
    await within(() => receiver.of("upstream.recovered").length > 0);
    expect(receiver.of("upstream.denied")).toHaveLength(1);
  });

  test("are told how prefetches have ended", async () => {
    fake.image(name, "1");
    await start();
    await create({ events: ["prefetch.finished", "prefetch.failed"] });
    const prefetches = "/virtual_registries/container/registries/1/prefetches";
    await weir.api("POST", prefetches, { images: [`${name}:1`] }, 202);
    await within(() => receiver.received.length === 1);
    await weir.api("POST", prefetches, { images: [`${name}:2`] }, 202);
    await within(() => receiver.received.length === 2);
    expect(receiver.types).toEqual(["prefetch.finished", "prefetch.failed"]);
    expect(receiver.received[1]?.message.data["details"]).toMatchObject({
      images_failed: 1,
      failures: [{ image: `${name}:2`, reason: expect.stringContaining("absent") as string }],
    });
  });

  test("are told what a cleanup policy has given up, at once", async () => {
    fake.image(name, "1");
    await start();
    await create({ events: ["cleanup_policy.finished", "cache.deleted"] });
    await weir.manifest(name, "1");
    const policy = "/groups/default/-/virtual_registries/cleanup/policy";
    const settings = { enabled: true, keep_n_days_after_download: 1, cadence: 7 };
    await weir.api("POST", policy, settings, 201);
    weir.clock.step(7 * 24 * hourMs);
    await within(() => receiver.received.length > 0);
    expect(receiver.received.map(({ message }) => message.data)).toEqual([
      { deleted_entries_count: 2, deleted_size: expect.any(Number) as number },
    ]);
    expect(receiver.types).toEqual(["cleanup_policy.finished"]);
  });
});

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
    weir = await TestWeir.start({
      upstreams: [{ fake }],
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

describe("managing webhooks", () => {
  test("the secret is sealed, shown to nobody, and can be given anew", async () => {
    await start();
    const hook = await create({ events: ["registry.created"] });
    expect(JSON.stringify(hook)).not.toContain(secret);
    const stored = () => {
      const database = new Database(path.join(weir.dataDir, "weir.db"), { readonly: true });
      const row = database.query("select * from webhooks").get();
      database.close(true);
      return JSON.stringify(row);
    };
    expect(stored()).not.toContain(secret.slice(6));
    expect(stored()).toContain('"sealed_secret":"v1.');
    const second = `whsec_${Buffer.alloc(24, 9).toString("base64")}`;
    await weir.api("PATCH", `${all}/${hook.id}`, { secret: second });
    await createRegistry("mirror");
    await within(() => receiver.received.length > 0);
    expect(isSigned(receiver.received[0] ?? never(), second)).toBe(true);
    const audit = JSON.stringify(await weir.api("GET", "/audit_events"));
    expect(audit).toContain("webhook.update");
    expect(audit).not.toContain(second.slice(6));
    expect(audit).not.toContain("/hook");
    expect(weir.logLines.some((line) => JSON.stringify(line).includes(second.slice(6)))).toBe(
      false,
    );
  });

  test("a secret outlives another secret key, where the former one is given", async () => {
    const former = "a former secret key of some length, for tests";
    await start({ env: { WEIR_SECRET_KEY: former } });
    await create({ events: ["registry.created"] });
    await weir.halt();
    const { dataDir } = weir;
    const env = {
      WEIR_SECRET_KEY: "another secret key of some length, for tests",
      WEIR_SECRET_KEY_PREVIOUS: former,
    };
    weir = await TestWeir.start({ upstreams: [{ fake }], dataDir, env });
    await weir.halt();
    weir = await TestWeir.start({
      upstreams: [{ fake }],
      dataDir,
      env: { WEIR_SECRET_KEY: env.WEIR_SECRET_KEY },
    });
    await createRegistry("mirror");
    await within(() => receiver.received.length > 0);
    expect(isSigned(receiver.received[0] ?? never(), secret)).toBe(true);
  });

  test("what cannot be is refused by name", async () => {
    await start();
    const { url } = receiver;
    const refused: [object, string][] = [
      [{ url }, "secret is missing"],
      [{ url, secret: "whsec_short" }, "must be whsec_"],
      [{ url, secret: secret.slice(6) }, "must be whsec_"],
      [{ url: "ftp://x", secret }, "url"],
      [{ url: "https://a:b@example.com", secret }, "url"],
      [{ url, secret, events: ["registry.exploded"] }, "events[0]"],
      [{ url, secret, events: [] }, "events"],
      [{ url, secret, events: ["*", "*"] }, "has one twice"],
      [{ url, secret, ca: "x" }, "ca"],
    ];
    for (const [fields, text] of refused) {
      expect(JSON.stringify(await weir.api("POST", all, fields, 400))).toContain(text);
    }
    for (let i = 0; i < 20; i++) await create();
    const full = await weir.api("POST", all, { url, secret }, 400);
    expect(JSON.stringify(full)).toContain("has 20 webhooks already");
  });

  test("one of another group is not there", async () => {
    await start();
    const other = "/groups/other/-/virtual_registries/webhooks";
    const hook = await create();
    await weir.api("GET", `${other}/${hook.id}`, undefined, 404);
    await weir.api("DELETE", `${other}/${hook.id}`, undefined, 404);
  });
});

function never(): never {
  throw new Error("nothing was received");
}
