import { describe, expect, test } from "bun:test";
import { sampleRegistry } from "../fakes/metadata-samples.ts";
import type { MetadataBench } from "./metadata.ts";

const settings = {
  url: "https://example.com/hook",
  description: undefined,
  secret: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
  ca: undefined,
  events: ["*"] as const,
  enabled: true,
};

/** Messages to webhooks, and runs of prefetches: what background work goes by. */
export function webhookSuite(bench: MetadataBench): void {
  const open = async () => {
    const { upstream, registry } = await sampleRegistry(bench.metadata);
    const { webhooks } = bench.metadata.management;
    const hook = await webhooks.create(upstream.groupId, settings);
    const stored = (count: number) =>
      Array.from({ length: count }, (_, i) => ({
        event: "cache.stored" as const,
        upstreamId: upstream.id,
        at: bench.clock.now(),
        data: { repository: `app-${i}` },
      }));
    return { upstream, registry, webhooks, hook, stored };
  };

  describe("webhooks", () => {
    test("many happenings are noted in steps between which others have their turn", async () => {
      const { webhooks, hook, stored } = await open();
      let turns = 0;
      let isOver = false;
      const count = () => {
        turns++;
        if (!isOver) setImmediate(count);
      };
      setImmediate(count);
      await bench.metadata.deliveries.tell(stored(300));
      isOver = true;
      expect(turns).toBeGreaterThan(20);
      const { items, total } = await webhooks.deliveries(hook.id, { page: 1, perPage: 2 });
      expect(total).toBe(300);
      expect(items.map(({ body }) => JSON.parse(body) as object)).toMatchObject([
        { data: { repository: "app-299" } },
        { data: { repository: "app-298" } },
      ]);
    });

    test("a message is due when its time has come, once, and over when it is delivered or given up", async () => {
      const { webhooks, hook, stored } = await open();
      const { deliveries } = bench.metadata;
      expect(await deliveries.isDue()).toBe(false);
      await deliveries.tell(stored(2));
      const [first, ...others] = await deliveries.due([]);
      expect(others).toEqual([]);
      expect(first).toMatchObject({ webhookId: hook.id, url: settings.url, attempts: 0 });
      expect(first?.secret).toBe(settings.secret);
      expect(await deliveries.due([hook.id])).toEqual([]);
      if (!first) throw new Error("nothing is due");
      const later = bench.clock.now() + 60_000;
      const failed = { status: "failed", reason: "r", disable: undefined } as const;
      await deliveries.note(first, { ...failed, responseStatus: 500, nextAttemptAt: later });
      const [second] = await deliveries.due([]);
      expect(second?.id).not.toBe(first.id);
      if (second) await deliveries.note(second, { status: "delivered", responseStatus: 204 });
      expect(await deliveries.isDue()).toBe(false);
      bench.clock.step(60_000);
      expect(await deliveries.due([])).toMatchObject([{ id: first.id, attempts: 1 }]);
      const end = { ...failed, responseStatus: 410, nextAttemptAt: undefined, disable: "gone" };
      await deliveries.note(first, end);
      expect(await deliveries.isDue()).toBe(false);
      expect(await webhooks.get(hook.id)).toMatchObject({ enabled: false, disabledReason: "gone" });
      bench.clock.step(60_000);
      expect(await deliveries.expire(bench.clock.now())).toBe(2);
    });
  });

  describe("what a configuration file declares", () => {
    const events = async () => {
      const { items } = await bench.metadata.audit.list({}, { page: 1, perPage: 100 });
      return items.filter(({ action }) => /^(?:webhook|prefetch)\./.test(action)).length;
    };

    test("a webhook is made by servers that start at once, changed where it differs, and else left alone", async () => {
      const { upstream, webhooks, hook } = await open();
      const group = upstream.groupId;
      const wanted = { ...settings, name: "chat" };
      await Promise.all([1, 2, 3].map(() => webhooks.declare(group, wanted)));
      const named = async () => (await webhooks.list(group)).filter(({ id }) => id !== hook.id);
      expect(await named()).toMatchObject([{ name: "chat", enabled: true }]);
      const before = await events();
      await webhooks.declare(group, wanted);
      expect(await events()).toBe(before);
      const secret = `whsec_${Buffer.alloc(32, 8).toString("base64")}`;
      await webhooks.declare(group, { ...wanted, secret });
      await webhooks.declare(group, { ...wanted, secret, enabled: false });
      expect(await events()).toBe(before + 2);
      expect(await named()).toMatchObject([{ name: "chat", enabled: false }]);
      const taken = webhooks.change(hook.id, { name: "chat" });
      expect(await taken.catch((error: unknown) => error)).toMatchObject({
        invalid: { field: "name", text: "has already been taken" },
      });
    });

    test("a prefetch is made once, anew where it differs, and else left alone", async () => {
      const { registry } = await open();
      const { prefetches } = bench.metadata.management;
      const wanted = { name: "n", images: ["a:1"], platforms: ["all"], everyHours: 2 };
      await Promise.all([1, 2, 3].map(() => prefetches.declare(registry.id, wanted)));
      const all = async () => (await prefetches.list(registry.id, { page: 1, perPage: 9 })).items;
      const [made] = await all();
      await prefetches.declare(registry.id, wanted);
      expect((await all()).map(({ id }) => id)).toEqual([made?.id ?? 0]);
      await prefetches.declare(registry.id, { ...wanted, images: ["a:1", "b:1"] });
      const [anew, ...others] = await all();
      expect(others).toEqual([]);
      expect(anew?.id).not.toBe(made?.id);
      const taken = prefetches.create(registry.id, wanted);
      expect(await taken.catch((error: unknown) => error)).toMatchObject({
        invalid: { field: "name", text: "has already been taken" },
      });
    });
  });

  describe("runs of prefetches", () => {
    test("begin when they are due, go on image by image, and end once", async () => {
      const { registry } = await open();
      const { management, prefetches } = bench.metadata;
      const wanted = { images: ["a:1", "b:1"], platforms: ["linux/amd64"], everyHours: 2 };
      const made = await management.prefetches.create(registry.id, wanted);
      expect(await prefetches.running()).toEqual([]);
      await prefetches.begin();
      const [run] = await prefetches.running();
      if (!run) throw new Error("nothing runs");
      expect(run).toMatchObject({ id: made?.id, status: "running" });
      expect(await prefetches.end(run)).toBeUndefined();
      const counts = { objects: 3, bytes: 10 };
      for (const image of run.images) {
        const status = image.position === 0 ? "done" : "failed";
        const after = { ...image, status, reason: "r", done: counts, total: counts } as const;
        expect(await prefetches.note(run, after)).toBe(true);
      }
      const ended = await prefetches.end(run);
      expect(ended).toMatchObject({ status: "failed", lastRunAt: bench.clock.now() });
      expect(await prefetches.end(run)).toBeUndefined();
      const [image] = run.images;
      expect(image && (await prefetches.note(run, image))).toBe(false);
      bench.clock.step(2 * 3_600_000);
      await prefetches.begin();
      const [again] = await prefetches.running();
      expect(again?.images.map(({ status }) => status)).toEqual(["pending", "pending"]);
    });
  });
}
