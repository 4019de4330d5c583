import { describe, expect, test } from "bun:test";
import { registrySettings, sampleRegistry, upstreamSettings } from "../fakes/metadata-samples.ts";
import type { MetadataBench } from "./metadata.ts";

const invalid = (field: string, text: string) =>
  expect.objectContaining({ problem: "refused", invalid: { field, text } });

export function groupSuite(bench: MetadataBench): void {
  describe("subgroups", () => subgroupTests(bench));
  describe("renamed groups", () => renameTests(bench));
}

/** Groups with these paths, in this order. */
async function make<const P extends string>({ metadata }: MetadataBench, ...paths: P[]) {
  const made = {} as Record<P, number>;
  for (const path of paths) {
    made[path] = (await metadata.directory.saveGroup({ path, name: path })).id;
  }
  return made;
}

function subgroupTests(bench: MetadataBench): void {
  test("know the groups that they are in", async () => {
    const ids = await make(bench, "a", "a/b", "a/b/c");
    const { directory, management } = bench.metadata;
    const lineage = [ids["a/b/c"], ids["a/b"], ids.a];
    expect(await management.group({ path: "a/b/c" })).toMatchObject({ lineage });
    expect(await management.group({ id: ids["a/b/c"] })).toMatchObject({ path: "a/b/c", lineage });
    expect((await directory.groups()).map((group) => group.lineage)).toEqual([
      [ids.a],
      [ids["a/b"], ids.a],
      lineage,
    ]);
  });

  test("need the group that they are in", async () => {
    const save = async () => {
      const { directory } = bench.metadata;
      const refused = expect.objectContaining({ problem: "refused" });
      expect(directory.saveGroup({ path: "x/y", name: "y" })).rejects.toEqual(refused);
    };
    expect(await bench.raised(save)).toBe(0);
  });

  test("a path is the same in every case, and keeps its spelling", async () => {
    const { directory, management } = bench.metadata;
    await make(bench, "Acme", "acme/Tools");
    const again = () => directory.saveGroup({ path: "ACME/tools", name: "acme/Tools" });
    expect(await bench.raised(again)).toBe(0);
    expect((await directory.groups()).map(({ path }) => path)).toEqual(["Acme", "Acme/Tools"]);
    expect(await management.group({ path: "acme/tools" })).toEqual(await again());
    expect(await management.group({ path: "acme_tools" })).toBeUndefined();
  });

  test("have no registries and upstreams", async () => {
    const { "a/b": id } = await make(bench, "a", "a/b");
    const { directory, management } = bench.metadata;
    const refused = invalid("group", "must be a top level Group");
    const fields = {
      name: "r",
      description: undefined,
      onUnsure: "stop",
      ask: "in_order",
    } as const;
    const none = async () => {
      expect(management.registries.create(id, fields)).rejects.toEqual(refused);
      expect(directory.saveRegistry(id, registrySettings())).rejects.toEqual(refused);
      expect(directory.saveUpstream(id, upstreamSettings())).rejects.toEqual(refused);
    };
    expect(await bench.raised(none)).toBe(0);
  });
}

function renameTests(bench: MetadataBench): void {
  const paths = async () => (await bench.metadata.directory.groups()).map(({ path }) => path);

  test("move with all that is below, registries and roles untouched", async () => {
    const { management, directory, credentials } = bench.metadata;
    const { registry, group } = await sampleRegistry(bench.metadata, "a");
    const ids = await make(bench, "a/b", "a/b/c", "ab");
    await credentials.saveUser({ username: "u", admin: false }, new Map([[group.id, "guest"]]));
    const change = () => management.groups.change(group.id, { path: "z", name: "Z" });
    expect(await bench.raised(change)).toBe(1);
    expect(await bench.raised(change)).toBe(0);
    expect(await change()).toEqual({ id: group.id, path: "z", name: "Z", lineage: [group.id] });
    expect(await paths()).toEqual(["z", "z/b", "z/b/c", "ab"]);
    await management.groups.change(ids["a/b"], { path: "y" });
    expect(await paths()).toEqual(["z", "z/y", "z/y/c", "ab"]);
    expect((await directory.registry(registry.id))?.groupId).toBe(group.id);
    expect(await management.group({ path: "a/b" })).toBeUndefined();
    expect(await management.groups.change(9_999, { path: "x" })).toBeUndefined();
  });

  test("are led to by every former path, until another group has it", async () => {
    const { management, directory } = bench.metadata;
    const ids = await make(bench, "a", "a/b", "other");
    const former = async (path: string) => (await directory.formerGroup(path))?.id;
    await management.groups.change(ids.a, { path: "A2" });
    await management.groups.change(ids.a, { path: "a3" });
    for (const path of ["a", "a2", "A2"]) expect(await former(path)).toBe(ids.a);
    expect(await former("a2/b")).toBe(ids["a/b"]);
    expect(await former("a3")).toBeUndefined();

    await management.groups.change(ids.other, { path: "A" });
    expect([await former("a"), await former("a/b")]).toEqual([undefined, undefined]);
    expect(await former("a2/b")).toBe(ids["a/b"]);
    await make(bench, "a2");
    expect([await former("a2"), await former("a2/b")]).toEqual([undefined, undefined]);
    await management.groups.change(ids.a, { path: "A3" });
    expect((await management.group({ path: "a3/B" }))?.path).toBe("A3/b");
  });

  test("are found by what leads to them: the same object until something changes", async () => {
    const { management, directory } = bench.metadata;
    const ids = await make(bench, "a", "a/b", "other");
    const found = async (path: string) => (await directory.group(path))?.id;
    await management.groups.change(ids.a, { path: "new" });
    for (const path of ["a", "A", "new", "NEW"]) expect(await found(path)).toBe(ids.a);
    expect([await found("a/b"), await found("new/B")]).toEqual([ids["a/b"], ids["a/b"]]);
    expect(await found("b")).toBeUndefined();
    const before = await directory.group("new");
    expect(await directory.group("new")).toBe(before);
    expect(before).toEqual({ id: ids.a, path: "new", name: "a", lineage: [ids.a] });
    expect(Object.isFrozen(before) && Object.isFrozen(before?.lineage)).toBe(true);
    await management.groups.change(ids.other, { path: "A" });
    expect(await found("a")).toBe(ids.other);
    expect(await directory.group("new")).not.toBe(before);
  });

  test("can go back", async () => {
    const { management, directory } = bench.metadata;
    const ids = await make(bench, "a", "a/b");
    await management.groups.change(ids.a, { path: "z" });
    await management.groups.change(ids.a, { path: "a" });
    expect(await paths()).toEqual(["a", "a/b"]);
    expect((await directory.formerGroup("z/b"))?.id).toBe(ids["a/b"]);
    expect(await directory.formerGroup("a/b")).toBeUndefined();
  });

  test("a path that is taken, or that subgroups would outgrow, is refused", async () => {
    const { management } = bench.metadata;
    const part = "x".repeat(120);
    const ids = await make(bench, "a", "b", `a/${part}`, `a/${part}/${part}`);
    const refused = async () => {
      const { groups } = management;
      const taken = invalid("path", "has already been taken");
      expect(groups.change(ids.a, { path: "B" })).rejects.toEqual(taken);
      const text = "is too long (maximum is 255 characters, those of subgroups included)";
      const long = { path: "y".repeat(20), name: "Y" };
      expect(groups.change(ids.a, long)).rejects.toEqual(invalid("path", text));
    };
    expect(await bench.raised(refused)).toBe(0);
    expect(await paths()).toEqual(["a", "b", `a/${part}`, `a/${part}/${part}`]);
    expect((await management.group({ id: ids.a }))?.name).toBe("a");
  });
}
