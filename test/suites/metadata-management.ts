import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { PageOptions } from "../../src/metadata/contract.ts";
import {
  blobChild,
  fetched,
  registrySettings,
  sampleRegistry,
  shownBlob,
  upstreamSettings,
} from "../fakes/metadata-samples.ts";
import type { MetadataBench } from "./metadata.ts";

/** Limits that the engine under test is opened with. */
const most = 5;
const fields = { name: "r", description: undefined, onUnsure: "stop", ask: "in_order" } as const;
const always = { unmodifiedSince: undefined };
const all: PageOptions = { words: [], page: 1, perPage: 100 };
const invalid = (field: string, text: string) =>
  expect.objectContaining({ problem: "refused", invalid: { field, text } });
const settings = (name: string) =>
  upstreamSettings({ name, url: `https://${name}.example.com`, tokenRealm: undefined });

export function managementSuite(bench: MetadataBench): void {
  describe("managed registries", () => registryTests(bench));
  describe("managed upstreams", () => upstreamTests(bench));
  describe("managed logins", () => loginTests(bench));
  describe("managed positions", () => positionTests(bench));
  describe("managed entries", () => entryTests(bench));
  describe("states of upstreams", () => stateTests(bench));
}

function registryTests(bench: MetadataBench): void {
  test("are created, changed, listed and removed, each seen at once by pulls", async () => {
    const { group, registry } = await sampleRegistry(bench.metadata);
    const { management, directory } = bench.metadata;
    const create = () => management.registries.create(group.id, fields);
    expect(await bench.raised(create)).toBe(1);
    const created = (await management.registries.list(group.id)).at(-1);
    expect(created).toMatchObject({ ...fields, groupId: group.id, associations: [] });
    const id = created?.id ?? 0;
    expect(id).toBeGreaterThan(registry.id);

    const change = () =>
      management.registries.change(id, { onUnsure: "continue", description: "d" });
    expect(await bench.raised(change)).toBe(1);
    expect(await directory.registry(id)).toMatchObject({ onUnsure: "continue", description: "d" });
    await management.registries.change(id, { description: undefined });
    expect((await management.registries.get(id))?.description).toBeUndefined();

    const remove = () => management.registries.remove(id, always);
    expect(await bench.raised(remove)).toBeGreaterThan(0);
    expect(await directory.registry(id)).toBeUndefined();
    expect(await management.registries.remove(id, always)).toBe("absent");
    expect((await management.registries.create(group.id, fields)).id).toBeGreaterThan(id);
  });

  test("a name that is taken is refused", async () => {
    const { group, registry } = await sampleRegistry(bench.metadata);
    const { registries } = bench.metadata.management;
    const other = await registries.create(group.id, fields);
    const taken = invalid("name", "has already been taken");
    expect(registries.create(group.id, { ...fields, name: registry.name })).rejects.toEqual(taken);
    expect(registries.change(other.id, { name: registry.name })).rejects.toEqual(taken);
    expect(await registries.change(other.id, { name: fields.name })).toMatchObject(fields);
  });

  test("many made at once: no more than a group may have", async () => {
    const group = await bench.metadata.directory.saveGroup({ path: "default", name: "Default" });
    const { registries } = bench.metadata.management;
    const made = await Promise.allSettled(
      Array.from({ length: 12 }, (_, i) =>
        registries.create(group.id, { ...fields, name: `r${i}` }),
      ),
    );
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(most);
    expect(made.find(({ status }) => status === "rejected")).toMatchObject({
      reason: invalid("base", "5 registries is the maximum allowed per top-level group."),
    });
    expect(await registries.list(group.id)).toHaveLength(most);
    const declared = registrySettings({ name: "declared" });
    expect(bench.metadata.directory.saveRegistry(group.id, declared)).rejects.toMatchObject({
      problem: "refused",
    });
  });

  test("removal takes along the upstreams that no other registry has", async () => {
    const { group, registry, upstream: shared } = await sampleRegistry(bench.metadata);
    const { management } = bench.metadata;
    const own = await management.upstreams.create(registry.id, settings("own"));
    const other = await management.registries.create(group.id, fields);
    await management.associations.create(other.id, shared.id);
    await management.registries.remove(registry.id, always);
    expect(await management.upstreams.get(own?.id ?? 0)).toBeUndefined();
    expect((await management.upstreams.list(group.id, all)).items).toMatchObject([
      { id: shared.id, associations: [{ registryId: other.id, position: 1 }] },
    ]);
  });

  test("a change after the given second stands in the way of a removal", async () => {
    const { registry } = await sampleRegistry(bench.metadata);
    const { registries } = bench.metadata.management;
    const { updatedAt } = (await registries.get(registry.id)) ?? { updatedAt: 0 };
    const remove = (unmodifiedSince: number) => registries.remove(registry.id, { unmodifiedSince });
    expect(await bench.raised(() => remove(updatedAt - 1000))).toBe(0);
    expect(await remove(updatedAt - 1000)).toBe("changed");
    expect(await remove(updatedAt - (updatedAt % 1000))).toBe("removed");
  });
}

function upstreamTests(bench: MetadataBench): void {
  test("are created at the end of a list, or not at all", async () => {
    const { group, registry } = await sampleRegistry(bench.metadata);
    const { upstreams } = bench.metadata.management;
    const made = await Promise.allSettled(
      Array.from({ length: 9 }, (_, i) => upstreams.create(registry.id, settings(`u${i}`))),
    );
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(most - 1);
    expect(made.find(({ status }) => status === "rejected")).toMatchObject({
      reason: invalid("registry_upstreams.position", `must be less than or equal to ${most}`),
    });
    expect((await upstreams.list(group.id, all)).total).toBe(most);
    const list = await upstreams.ofRegistry(registry.id);
    expect(list.map(({ associations }) => associations[0]?.position)).toEqual([1, 2, 3, 4, 5]);
    expect(await upstreams.create(9_999, settings("x"))).toBeUndefined();
  });

  test("may share a name; the oldest is the one that a declaration means", async () => {
    const { group, registry, upstream } = await sampleRegistry(bench.metadata);
    const { directory, management } = bench.metadata;
    const namesake = { ...settings("b"), name: upstream.name };
    const second = await management.upstreams.create(registry.id, namesake);
    expect(second?.id).not.toBe(upstream.id);
    expect(await directory.saveUpstream(group.id, upstreamSettings())).toEqual(upstream);
    const saved = await directory.saveRegistry(
      group.id,
      registrySettings({ id: registry.id, upstreams: [upstream.name] }),
    );
    expect(saved.upstreams).toEqual([upstream]);
  });

  test("are found by words of their names, page by page", async () => {
    const { group, registry } = await sampleRegistry(bench.metadata);
    const { upstreams } = bench.metadata.management;
    for (const name of ["Große Quelle", "kleine quelle", "100% quelle"]) {
      await upstreams.create(registry.id, { ...settings("x"), name, username: name });
    }
    const names = async (...words: string[]) =>
      (await upstreams.list(group.id, { ...all, words })).items.map(({ name }) => name);
    expect(await names("QUELLE")).toEqual(["Große Quelle", "kleine quelle", "100% quelle"]);
    expect(await names("gross")).toEqual([]);
    expect(await names("GROßE", "quelle")).toEqual(["Große Quelle"]);
    expect(await names("%")).toEqual(["100% quelle"]);
    const page = await upstreams.list(group.id, { words: ["quelle"], page: 2, perPage: 2 });
    expect({ names: page.items.map(({ name }) => name), total: page.total }).toEqual({
      names: ["100% quelle"],
      total: 3,
    });
  });

  test("one that is removed leaves every list without gaps, with its entries", async () => {
    const { group, registry, upstream } = await sampleRegistry(bench.metadata);
    const { management, cache } = bench.metadata;
    const second = await management.upstreams.create(registry.id, settings("second"));
    const other = await management.registries.create(group.id, fields);
    await management.associations.create(other.id, upstream.id);
    await management.associations.create(other.id, second?.id ?? 0);
    await cache.storeManifest(fetched(upstream, "one"));
    expect(await cache.manifests([upstream.id], "library/alpine", "latest")).toHaveLength(1);
    const [entry] = (await management.entries.list(upstream.id, all)).items;
    expect(await management.upstreams.remove(upstream.id, always)).toBe("removed");
    expect(await management.entries.get(entry?.id ?? 0)).toBeUndefined();
    expect(await cache.hasSeen(group.id, fetched(upstream, "one").digest)).toBe(false);
    await cache.storeManifest(fetched(upstream, "two"));
    expect(await bench.raised(() => management.sweep())).toBe(0);
    expect(await cache.manifests([upstream.id], "library/alpine", "latest")).toEqual([]);
    for (const { id } of [registry, other]) {
      expect((await management.registries.get(id))?.associations).toMatchObject([
        { upstreamId: second?.id, position: 1 },
      ]);
    }
  });
}

function loginTests(bench: MetadataBench): void {
  const moved = "https://elsewhere.example.com";
  const table: [what: string, change: object, login: (string | undefined)[]][] = [
    ["only the password", { password: "new" }, ["someone", "new"]],
    ["only the user name", { username: "new" }, ["new", "the first password"]],
    ["none", { username: undefined, password: undefined }, [undefined, undefined]],
    ["another URL", { url: moved }, [undefined, undefined]],
    ["another URL and password", { url: moved, password: "new" }, [undefined, undefined]],
    ["another URL and user name", { url: moved, username: "new" }, [undefined, undefined]],
    ["all anew", { url: moved, username: "u", password: "p" }, ["u", "p"]],
    [
      "the same URL, otherwise spelt",
      { url: "https://Registry-1.docker.io/v2/" },
      ["someone", "the first password"],
    ],
  ];
  for (const [what, change, [username, password]] of table) {
    test(`${what}: ${username} with ${password}`, async () => {
      const { upstream } = await sampleRegistry(bench.metadata);
      const { upstreams } = bench.metadata.management;
      const changed = await upstreams.change(upstream.id, change);
      expect(changed).toMatchObject({ username, password });
      expect(await upstreams.get(upstream.id)).toEqual(changed);
    });
  }

  test("another URL takes no entry and no token service along", async () => {
    const { upstream } = await sampleRegistry(bench.metadata);
    const { management, cache } = bench.metadata;
    await cache.storeManifest(fetched(upstream, "one"));
    const changed = await management.upstreams.change(upstream.id, { url: moved });
    expect(changed).toMatchObject({ tokenRealm: undefined, version: upstream.version + 1 });
    expect((await management.entries.list(upstream.id, all)).total).toBe(0);
  });

  test("half a login is refused", async () => {
    const { registry, upstream } = await sampleRegistry(bench.metadata);
    const { upstreams } = bench.metadata.management;
    const blank = (field: string) => invalid(field, "can't be blank");
    expect(upstreams.change(upstream.id, { password: undefined })).rejects.toEqual(
      blank("password"),
    );
    expect(upstreams.change(upstream.id, { username: undefined })).rejects.toEqual(
      blank("username"),
    );
    const half = { ...settings("x"), password: undefined };
    expect(upstreams.create(registry.id, half)).rejects.toEqual(blank("password"));
    expect(await upstreams.get(upstream.id)).toMatchObject(upstream);
  });

  test("the same URL and login may be there only once in a group", async () => {
    const { registry, upstream } = await sampleRegistry(bench.metadata);
    const { upstreams } = bench.metadata.management;
    const twice = invalid("group", "already has an upstream with the same credentials");
    const same = upstreamSettings({ name: "b", url: `${upstream.url}/v2/` });
    expect(upstreams.create(registry.id, same)).rejects.toEqual(twice);
    const anonymous = { ...same, username: undefined, password: undefined };
    const second = await upstreams.create(registry.id, anonymous);
    expect(upstreams.create(registry.id, anonymous)).rejects.toEqual(twice);
    const { username, password } = upstream;
    expect(upstreams.change(second?.id ?? 0, { username, password })).rejects.toEqual(twice);
    expect(await upstreams.change(second?.id ?? 0, { name: "c" })).toMatchObject({ name: "c" });
    const elsewhere = await sampleRegistry(bench.metadata, "other");
    expect(elsewhere.upstream.url).toBe(upstream.url);
  });
}

type Step = { kind: "add" | "remove" | "move" | "delete"; which: number; to: number };

function positionTests(bench: MetadataBench): void {
  const steps = fc.array(
    fc.record<Step>({
      kind: fc.constantFrom("add", "add", "remove", "move", "move", "delete"),
      which: fc.nat(20),
      to: fc.integer({ min: 1, max: 20 }),
    }),
    { maxLength: 25 },
  );

  test("run from 1 without gaps through any operations, many at once", async () => {
    const group = await bench.metadata.directory.saveGroup({ path: "default", name: "Default" });
    const { management } = bench.metadata;
    const { registries, upstreams, associations } = management;
    let count = 0;
    const apply = async (id: number, { kind, which, to }: Step) => {
      const list = (await registries.get(id))?.associations ?? [];
      const chosen = list[which % Math.max(1, list.length)];
      if (kind === "add") await upstreams.create(id, settings(`u${++count}`)).catch(() => {});
      if (!chosen) return;
      if (kind === "move") await associations.move(chosen.id, to);
      if (kind === "remove") await associations.remove(chosen.id, always);
      if (kind === "delete") await upstreams.remove(chosen.upstreamId, always);
    };
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const { id } = await registries.create(group.id, fields);
        for (let i = 0; i < list.length; i += 3) {
          await Promise.all(list.slice(i, i + 3).map((step) => apply(id, step)));
          const positions = (await registries.get(id))?.associations.map((one) => one.position);
          expect(positions).toEqual(positions?.map((_, index) => index + 1));
          expect(positions?.length).toBeLessThanOrEqual(most);
        }
        await registries.remove(id, always);
      }),
      { numRuns: 25 },
    );
  });

  /** A registry with a, b, c and their associations' ids. */
  const three = async () => {
    const { group, registry, upstream } = await sampleRegistry(bench.metadata);
    const { management } = bench.metadata;
    for (const name of ["b", "c"]) await management.upstreams.create(registry.id, settings(name));
    const ids = (await management.registries.get(registry.id))?.associations ?? [];
    const order = async () =>
      (await management.registries.get(registry.id))?.associations.map(({ id }) =>
        ids.findIndex((one) => one.id === id),
      );
    return { management, group, registry, upstream, ids: ids.map(({ id }) => id), order };
  };
  const moves: [which: number, to: number, order: number[], position: number][] = [
    [0, 2, [1, 0, 2], 2],
    [0, 3, [1, 2, 0], 3],
    [2, 1, [2, 0, 1], 1],
    [1, 2, [0, 1, 2], 2],
    [0, 20, [1, 2, 0], 3],
  ];
  for (const [which, to, wanted, position] of moves) {
    test(`${which} moved to ${to}: ${wanted.join()}`, async () => {
      const { management, ids, order } = await three();
      const moved = await management.associations.move(ids[which] ?? 0, to);
      expect(moved?.position).toBe(position);
      expect(await order()).toEqual(wanted);
    });
  }

  test("a place that is given up can be taken again, at the end", async () => {
    const { management, registry, upstream, ids, order } = await three();
    expect(await management.associations.remove(ids[0] ?? 0, always)).toBe("removed");
    expect(await order()).toEqual([1, 2]);
    expect(await management.upstreams.get(upstream.id)).toMatchObject({ associations: [] });
    const again = await management.associations.create(registry.id, upstream.id);
    expect(again?.position).toBe(3);
    expect(management.associations.create(registry.id, upstream.id)).rejects.toEqual(
      invalid("upstream_id", "has already been taken"),
    );
  });

  test("an upstream of another group, or none, gets no place", async () => {
    const { registry } = await sampleRegistry(bench.metadata);
    const other = await sampleRegistry(bench.metadata, "other");
    const { associations } = bench.metadata.management;
    expect(await associations.create(registry.id, other.upstream.id)).toBeUndefined();
    expect(await associations.create(registry.id, 9_999)).toBeUndefined();
    expect(await associations.create(9_999, other.upstream.id)).toBeUndefined();
    expect(await associations.move(9_999, 1)).toBeUndefined();
    expect(await associations.remove(9_999, always)).toBe("absent");
  });
}

function entryTests(bench: MetadataBench): void {
  const cached = async () => {
    const sample = await sampleRegistry(bench.metadata);
    const { cache, management } = bench.metadata;
    await cache.storeManifest(fetched(sample.upstream, "one"));
    await cache.storeBlob(shownBlob(sample.upstream, "layer"));
    return { ...sample, cache, management };
  };

  test("the newest first, page by page, without what is only named", async () => {
    const { upstream, management } = await cached();
    const { items, total } = await management.entries.list(upstream.id, all);
    expect(total).toBe(3);
    expect(items.map(({ proof }) => proof)).toEqual(["shown", "shown", "shown"]);
    expect(items.map(({ id }) => id)).toEqual(items.map(({ id }) => id).toSorted((a, b) => b - a));
    const second = await management.entries.list(upstream.id, { ...all, page: 2, perPage: 2 });
    expect(second).toEqual({ items: items.slice(2), total });
    expect(await management.entries.get(items[0]?.id ?? 0)).toEqual(items[0]);
  });

  test("are found by words of their paths, taken literally", async () => {
    const { upstream, management } = await cached();
    const found = async (...words: string[]) =>
      (await management.entries.list(upstream.id, { ...all, words })).total;
    expect(await found("LATEST")).toBe(1);
    expect(await found("alpine", "manifests")).toBe(2);
    expect(await found("alpine", "nowhere")).toBe(0);
    for (const wild of ["%", "_", "\\", "'"]) expect(await found(wild)).toBe(0);
  });

  test("one that is removed ends access at once", async () => {
    const { upstream, cache, management } = await cached();
    const ask = () => cache.manifests([upstream.id], "library/alpine", "latest");
    expect(await ask()).toHaveLength(1);
    const { items } = await management.entries.list(upstream.id, { ...all, words: ["latest"] });
    const remove = () => management.entries.remove(items[0]?.id ?? 0, always);
    expect(await bench.raised(remove)).toBe(1);
    expect(await ask()).toEqual([]);
    expect(await remove()).toBe("absent");
  });

  test("purging an upstream leaves nothing, named entries included", async () => {
    const { upstream, cache, management } = await cached();
    const { digest } = shownBlob(upstream, "config");
    expect(await cache.entries([upstream.id], "library/alpine", "blob", digest)).toHaveLength(1);
    expect(await management.upstreams.purge(upstream.id, always)).toBe("removed");
    expect(await cache.entries([upstream.id], "library/alpine", "blob", digest)).toEqual([]);
    expect(await cache.manifests([upstream.id], "library/alpine", "latest")).toEqual([]);
  });

  test("purging takes any number of entries", async () => {
    const { upstream, management, cache } = await cached();
    const children = Array.from({ length: 4500 }, (_, i) => blobChild(`layer ${i}`));
    await cache.storeManifest(fetched(upstream, "large", { children }));
    const last = children.at(-1)?.digest ?? "";
    expect(await cache.entries([upstream.id], "library/alpine", "blob", last)).toHaveLength(1);
    await management.upstreams.purge(upstream.id, always);
    expect(await cache.entries([upstream.id], "library/alpine", "blob", last)).toEqual([]);
    const raw = await management.entries.list(upstream.id, all);
    expect(raw.total).toBe(0);
  });

  test("purging a registry spares what another registry shares", async () => {
    const { group, registry, upstream, management, cache } = await cached();
    const own = await management.upstreams.create(registry.id, settings("own"));
    if (own) await cache.storeManifest(fetched(own, "two"));
    const other = await management.registries.create(group.id, fields);
    await management.associations.create(other.id, upstream.id);
    expect(await management.registries.purge(registry.id, always)).toBe("removed");
    expect((await management.entries.list(upstream.id, all)).total).toBe(3);
    expect((await management.entries.list(own?.id ?? 0, all)).total).toBe(0);
    expect(await management.entries.newestManifest(own?.id ?? 0)).toBeUndefined();
    expect(await management.entries.newestManifest(upstream.id)).toMatchObject({
      kind: "manifest",
    });
  });
}

function stateTests(bench: MetadataBench): void {
  test("are kept over a restart, replaced, and gone with the upstream", async () => {
    const { upstream } = await sampleRegistry(bench.metadata);
    const state = { upstreamId: upstream.id, version: 1, state: '{"open":true}' };
    expect(await bench.raised(() => bench.metadata.upstreamStates.save(state))).toBe(0);
    await bench.metadata.upstreamStates.save({ ...state, upstreamId: 9_999 });
    const reopened = await bench.reopen();
    expect(await reopened.upstreamStates.all()).toEqual([state]);
    const newer = { ...state, version: 2, state: "{}" };
    await reopened.upstreamStates.save(newer);
    expect(await reopened.upstreamStates.all()).toEqual([newer]);
    await reopened.management.upstreams.remove(upstream.id, always);
    expect(await reopened.upstreamStates.all()).toEqual([]);
  });
}
