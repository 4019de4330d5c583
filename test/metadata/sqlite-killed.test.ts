import { describe, expect, test } from "bun:test";
import type { Metadata, UpstreamSettings } from "../../src/metadata/contract.ts";
import { digestOfText, fetched, sampleRegistry, shownBlob } from "../fakes/metadata-samples.ts";
import { close, forEachTest, open, raw } from "./sqlite-file.ts";

const always = { unmodifiedSince: undefined };
const entriesPage = { words: [], page: 1, perPage: 10 };
type Sample = Awaited<ReturnType<typeof sampleRegistry>>;
type Removing = (management: Metadata["management"], sample: Sample) => Promise<unknown>;

describe("SQLite", () => {
  forEachTest();

  const removals: [what: string, action: string, remove: Removing][] = [
    [
      "an upstream",
      "upstream.delete",
      ({ upstreams }, { upstream }) => upstreams.remove(upstream.id, always),
    ],
    [
      "a registry",
      "registry.delete",
      ({ registries }, { registry }) => registries.remove(registry.id, always),
    ],
    ["a group", "group.delete", ({ groups }, { group }) => groups.remove(group.id)],
  ];
  for (const [what, action, remove] of removals) {
    test(`${what} that is removed is gone and on record, if the process is killed before its entries are`, async () => {
      const before = await open();
      const { management, cache } = before;
      const sample = await sampleRegistry(before);
      const { group, registry, upstream } = sample;
      await cache.storeManifest(fetched(upstream, "one"));
      const entries = { words: [], page: 1, perPage: 10 };
      const [entry] = (await management.entries.list(upstream.id, entries)).items;
      raw(
        "create trigger killed before delete on cache_entries begin select raise(abort, 'killed'); end",
      );
      expect(await remove(management, sample)).toBe("removed");
      expect(management.sweep()).rejects.toThrow("killed");
      await close();
      raw("drop trigger killed");
      expect(raw("select count(*) as n from cache_entries")).not.toEqual([{ n: 0 }]);

      const again = await open();
      const recorded = await again.audit.list({ action }, { page: 1, perPage: 10 });
      expect(recorded.items).toHaveLength(1);
      expect(await again.management.upstreams.get(upstream.id)).toBeUndefined();
      expect(await again.management.entries.get(entry?.id ?? 0)).toBeUndefined();
      expect(
        await again.cache.hasSeen(group.id, entry?.digest ?? fetched(upstream, "two").digest),
      ).toBe(false);
      expect(await again.management.registries.get(registry.id)).toEqual(
        what === "an upstream" ? expect.objectContaining({ associations: [] }) : undefined,
      );
      expect(await again.management.sweep()).toBeGreaterThan(0);
      expect(raw("select count(*) as n from cache_entries")).toEqual([{ n: 0 }]);
      expect(raw("select count(*) as n from lists")).toEqual([{ n: 0 }]);
      expect(await again.management.sweep()).toBe(0);
    });
  }

  const renewals: [what: string, settings: Partial<UpstreamSettings>, found: object[]][] = [
    ["URL", { url: "https://elsewhere.example" }, []],
    ["credentials", { username: "another", password: "another" }, [{ proof: "named" }]],
  ];
  for (const [what, settings, found] of renewals) {
    test(`a change of ${what} touches no entry, and is whole if the process is killed at any step after it`, async () => {
      const before = await open();
      const { upstream } = await sampleRegistry(before);
      const entries = 120;
      for (let i = 0; i < entries; i++) {
        const blob = shownBlob(upstream, `layer ${i}`, { etag: "an etag" });
        await before.cache.storeBlob(blob);
      }
      const blobOf = (metadata: Metadata, i: number) =>
        metadata.cache.entries([upstream.id], "library/alpine", "blob", digestOfText(`layer ${i}`));
      const kill = (left: number) =>
        raw(`create trigger killed before delete on cache_entries
          when (select count(*) from cache_entries where upstream_id = ${upstream.id}) <= ${left}
          begin select raise(abort, 'killed'); end`);
      kill(entries);
      await before.management.upstreams.change(upstream.id, settings);
      let last = before;
      for (const left of [entries, 80, 10, 1]) {
        raw("drop trigger killed");
        kill(left);
        const sweeping = async () => {
          while ((await last.management.sweep()) > 0);
        };
        expect(sweeping()).rejects.toThrow("killed");
        await close();
        last = await open();
        expect(await blobOf(last, 3)).toMatchObject(found);
        expect(await blobOf(last, entries - 1)).toMatchObject(found);
        expect((await last.management.entries.list(upstream.id, entriesPage)).total).toBe(0);
      }
      raw("drop trigger killed");
      while ((await last.management.sweep()) > 0);
      for (let i = 0; i < entries; i++) expect(await blobOf(last, i)).toMatchObject(found);
      const n = found.length * entries;
      expect(raw("select count(*) as n from cache_entries")).toEqual([{ n }]);
      expect(raw("select count(*) as n from upstreams where doubted_epoch < cache_epoch")).toEqual([
        { n: 0 },
      ]);
      const size = Array.from({ length: entries }, (_, i) => `layer ${i}`).join("").length;
      const bytes = await last.space.bytesOf({ scope: "upstream", id: upstream.id });
      expect(bytes).toBe(found.length * size);
    });
  }
});
