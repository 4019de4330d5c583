import { describe, expect, test } from "bun:test";
import { layout, tarOf } from "../../fakes/archive.ts";
import type { BuiltImage } from "../../fakes/image.ts";
import { isSigned } from "../../fakes/receiver.ts";
import { buildImage } from "../../fakes/upstream.ts";
import { adminToken } from "../../fakes/weir.ts";
import {
  all,
  create,
  createRegistry,
  deliveries,
  fake,
  forEachTest,
  hourMs,
  minuteMs,
  name,
  receiver,
  secret,
  start,
  upstream,
  weir,
  within,
} from "./receiving.ts";

forEachTest();

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
