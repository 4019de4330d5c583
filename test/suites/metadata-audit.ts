import { describe, expect, test } from "bun:test";
import type { Author, NewAuditEvent } from "../../src/metadata/contract.ts";
import {
  fetched,
  registrySettings,
  sampleRegistry,
  upstreamSettings,
} from "../fakes/metadata-samples.ts";
import type { MetadataBench } from "./metadata.ts";

const whole = { page: 1, perPage: 100 };
const always = { unmodifiedSince: undefined };
const ann: Author = {
  actor: { kind: "user", id: 5, name: "ann" },
  address: "192.0.2.1",
  requestId: "r-1",
};
const event = (changes: Partial<NewAuditEvent> = {}): NewAuditEvent => ({
  at: 1000,
  author: ann,
  action: "login",
  subject: { kind: "server", id: undefined, name: undefined },
  groupId: undefined,
  result: "failure",
  ...changes,
});

export function auditSuite(bench: MetadataBench): void {
  describe("audit events", () => {
    const list = async (filter = {}, page = whole) =>
      (await bench.metadata.audit.list(filter, page)).items;
    const actions = async (filter = {}) => (await list(filter)).map(({ action }) => action);
    const byAnn = () => bench.metadata.management.by(ann);
    /** What was done by ann, the first first, without what is the same for all. */
    const done = async () =>
      (await list({ actor: "ann" }))
        .toReversed()
        .map(({ action, subject, groupId, details }) => ({ action, subject, groupId, details }));

    test("say who changed what of which group, from where, and how", async () => {
      const { group, upstream } = await sampleRegistry(bench.metadata);
      const groupId = group.id;
      const { id, associations } = await byAnn().registries.create(groupId, {
        name: "own",
        description: undefined,
        onUnsure: "stop",
        ask: "in_order",
      });
      expect(associations).toEqual([]);
      await byAnn().registries.change(id, { name: "mine", description: "new" });
      const made = await byAnn().upstreams.create(
        id,
        upstreamSettings({ name: "u", url: "https://u.example", password: "of the upstream" }),
      );
      const upstreamId = made?.id ?? 0;
      await byAnn().upstreams.change(upstreamId, { name: "v", password: "another secret" });
      await byAnn().associations.create(id, upstream.id);
      const [, second] = (await byAnn().registries.get(id))?.associations ?? [];
      await byAnn().associations.move(second?.id ?? 0, 1);
      await byAnn().associations.remove(second?.id ?? 0, always);
      await byAnn().upstreams.purge(upstreamId, always);
      await byAnn().upstreams.remove(upstreamId, always);
      await byAnn().registries.purge(id, always);
      await byAnn().registries.remove(id, always);
      await byAnn().groups.change(groupId, { path: "renamed" });
      const login = { identity: "robot", secret: "of the proxy" };
      await byAnn().dependencyProxies.change(groupId, { ...login, ttlDays: 7 });
      await byAnn().dependencyProxies.purge(groupId, always);
      await byAnn().note({
        action: "upstream.test",
        subject: { kind: "group", id: groupId, name: "g" },
        groupId,
      });

      const registry = (name: string) => ({ kind: "registry", id, name });
      const place = { registry_id: id, upstream_id: upstream.id };
      const named = (name: string) => ({ kind: "upstream", id: upstreamId, name });
      const association = { kind: "registry_upstream", id: second?.id, name: undefined };
      const proxy = { kind: "dependency_proxy", id: groupId, name: undefined };
      expect(await done()).toEqual(
        [
          { action: "registry.create", subject: registry("own"), details: {} },
          {
            action: "registry.update",
            subject: registry("mine"),
            details: { name: { from: "own", to: "mine" }, description: "changed" },
          },
          {
            action: "upstream.create",
            subject: named("u"),
            details: { url: "https://u.example", registry_id: id },
          },
          {
            action: "upstream.update",
            subject: named("v"),
            details: { name: { from: "u", to: "v" }, password: "changed" },
          },
          {
            action: "registry_upstream.create",
            subject: association,
            details: { ...place, position: 2 },
          },
          {
            action: "registry_upstream.move",
            subject: association,
            details: { ...place, position: 1 },
          },
          {
            action: "registry_upstream.delete",
            subject: association,
            details: { ...place, position: 1 },
          },
          { action: "upstream.purge", subject: named("v"), details: {} },
          { action: "upstream.delete", subject: named("v"), details: {} },
          { action: "registry.purge", subject: registry("mine"), details: {} },
          { action: "registry.delete", subject: registry("mine"), details: {} },
          {
            action: "group.update",
            subject: { kind: "group", id: groupId, name: group.name },
            details: { path: { from: "default", to: "renamed" } },
          },
          {
            action: "dependency_proxy.update",
            subject: proxy,
            details: {
              identity: { from: null, to: "robot" },
              ttl_days: { from: 90, to: 7 },
              login: "given",
            },
          },
          { action: "dependency_proxy.purge", subject: proxy, details: {} },
          {
            action: "upstream.test",
            subject: { kind: "group", id: groupId, name: "g" },
            details: {},
          },
        ].map((one) => ({ ...one, groupId })),
      );
      const all = await list();
      expect(JSON.stringify(all)).not.toMatch(
        /of the upstream|another secret|of the proxy|first password/,
      );
      expect(all[0]).toMatchObject({ ...ann, result: "success", at: expect.any(Number) });
    });

    test("tell of an entry that was given up", async () => {
      const { upstream, group } = await sampleRegistry(bench.metadata);
      await bench.metadata.cache.storeManifest(fetched(upstream, "one"));
      const entry = await bench.metadata.management.entries.newestManifest(upstream.id);
      await byAnn().entries.remove(entry?.id ?? 0, always);
      expect(await done()).toMatchObject([
        {
          action: "cache_entry.delete",
          subject: { kind: "cache_entry", id: entry?.id, name: entry?.relativePath },
          groupId: group.id,
          details: { upstream_id: upstream.id, digest: entry?.digest },
        },
      ]);
    });

    test("are there only of what was done: not of what was refused, absent or failed", async () => {
      const { group, registry } = await sampleRegistry(bench.metadata);
      const { name, onUnsure, ask } = registrySettings();
      const fields = { name, onUnsure, ask, description: undefined };
      expect(byAnn().registries.create(group.id, fields)).rejects.toThrow();
      expect(byAnn().groups.change(group.id, { path: "x".repeat(300) })).rejects.toThrow();
      expect(await byAnn().registries.change(999, { name: "x" })).toBeUndefined();
      expect(await byAnn().registries.remove(registry.id, { unmodifiedSince: 1 })).toBe("changed");
      expect(await byAnn().upstreams.purge(999, always)).toBe("absent");
      expect(await done()).toEqual([]);
      expect(await bench.raised(() => byAnn().note({ ...event(), groupId: group.id }))).toBe(0);
    });

    test("tell what a configuration has changed, and nothing where it says the same again", async () => {
      const { group } = await sampleRegistry(bench.metadata);
      const declared = ["registry.declare", "upstream.declare", "group.declare"];
      expect(await actions()).toEqual(declared);
      expect((await list())[0]).toMatchObject({
        actor: { kind: "system", name: "configuration" },
        groupId: group.id,
      });
      await sampleRegistry(bench.metadata);
      const { credentials } = bench.metadata;
      const token = { name: "t", hash: "a".repeat(64), scopes: ["api"], expiresAt: undefined };
      for (const _ of [1, 2]) {
        const user = await credentials.saveUser({ username: "ci", admin: true }, new Map());
        await credentials.saveToken(user.id, token);
      }
      expect(await actions()).toEqual(["token.declare", "user.declare", ...declared]);
      expect((await list())[1]).toMatchObject({
        subject: { name: "ci" },
        details: { admin: true },
      });
      await bench.metadata.management.groups.change(group.id, { name: "by itself" });
      expect((await list())[0]?.actor).toEqual({ kind: "system", id: undefined, name: "weir" });
    });

    test("are found by each of their sides, and only those of one group", async () => {
      const { audit } = bench.metadata;
      const eve = { ...ann, actor: { ...ann.actor, name: "eve" } };
      const subject = (id: number) => ({ kind: "upstream", id, name: "u" });
      await audit.append([
        event({ at: 1000, groupId: 1, subject: subject(1), action: "a" }),
        event({ at: 2000, groupId: 2, subject: subject(2), action: "b" }),
        event({ at: 3000, groupId: 1, subject: subject(2), action: "c", author: eve }),
        event({ at: 3000, action: "d" }),
      ]);
      expect(await actions()).toEqual(["d", "c", "b", "a"]);
      expect(await actions({ groupId: 1 })).toEqual(["c", "a"]);
      expect(await actions({ groupId: 3 })).toEqual([]);
      expect(await actions({ after: 2000 })).toEqual(["d", "c", "b"]);
      expect(await actions({ after: 1001, before: 3000 })).toEqual(["b"]);
      expect(await actions({ actor: "eve" })).toEqual(["c"]);
      expect(await actions({ action: "a" })).toEqual(["a"]);
      expect(await actions({ subject: { kind: "upstream", id: 2 } })).toEqual(["c", "b"]);
      expect(await actions({ groupId: 2, actor: "eve" })).toEqual([]);
      const page = await audit.list({}, { page: 2, perPage: 3 });
      expect([page.items.map(({ action }) => action), page.total]).toEqual([["a"], 4]);
    });

    test("name those who were tried, if they are there, and count the others", async () => {
      const { credentials, audit } = bench.metadata;
      await credentials.saveUser({ username: "ann", admin: false }, new Map());
      const claimed = ["ann", "a password in the wrong place", "nobody"];
      await audit.append([event({ claimed, details: { count: 3 } })]);
      expect((await list({ action: "login" }))[0]?.details).toEqual({
        count: 3,
        accounts: ["ann"],
        unknown_accounts: 2,
      });
    });

    test("take what is too long from outside cut short", async () => {
      const author = { ...ann, address: "x".repeat(5000) };
      await bench.metadata.audit.append([event({ author })]);
      expect((await list())[0]?.address).toHaveLength(255);
    });

    test("are counted as far as that is worth it", async () => {
      const { audit } = bench.metadata;
      await audit.append(Array.from({ length: 10_001 }, () => event({ groupId: 1 })));
      expect((await audit.list({ groupId: 1 }, whole)).total).toBeUndefined();
      expect((await audit.list({ groupId: 1 }, whole)).items).toHaveLength(100);
    });

    test("go when they are too old, and no sooner", async () => {
      const { audit } = bench.metadata;
      const old = Array.from({ length: 4500 }, (_, i) => event({ at: i }));
      await audit.append([
        ...old,
        event({ at: 4500, action: "b" }),
        event({ at: 9000, action: "c" }),
      ]);
      expect(await audit.expire(4500)).toBe(4500);
      expect(await actions()).toEqual(["c", "b"]);
      expect(await audit.expire(4500)).toBe(0);
    });
  });
}
