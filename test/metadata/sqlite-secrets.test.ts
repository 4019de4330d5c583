import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createSealer } from "../../src/lib/seal.ts";
import {
  fetched,
  proxySettings,
  sampleRegistry,
  upstreamSettings,
} from "../fakes/metadata-samples.ts";
import { close, folder, forEachTest, metadata, open, raw } from "./sqlite-file.ts";

describe("SQLite", () => {
  forEachTest();

  test("passwords are not in the file", async () => {
    await sampleRegistry(await open());
    await close();
    const { password = "" } = upstreamSettings();
    expect(readFileSync(folder.file).includes(password)).toBe(false);
  });

  test("with another key the login is closed, said so, and nothing else", async () => {
    const { registry, upstream, group } = await sampleRegistry(await open());
    await metadata?.cache.storeManifest(fetched(upstream, "one"));
    await close();
    const { directory, cache } = await open(createSealer(new Uint8Array(32).fill(2)));
    const found = await directory.registry(registry.id);
    expect(found?.upstreams).toEqual([{ ...upstream, password: undefined }]);
    const shown = await cache.manifests([upstream.id], "library/alpine", "latest");
    expect(shown).toMatchObject([{ proof: "shown" }]);
    const lines = folder.lines.join("");
    expect(lines).toContain('"level":"warn"');
    expect(lines).toContain('"upstream":"Docker Hub"');
    expect(lines).not.toContain(upstreamSettings().password ?? "");
    await directory.saveUpstream(group.id, upstreamSettings());
    expect((await directory.registry(registry.id))?.upstreams[0]?.password).toBe(
      upstreamSettings().password,
    );
  });

  test("with the former key given too, logins go on, and are sealed anew with the present one", async () => {
    const [old, key] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const { registry, upstream } = await sampleRegistry(await open());
    await metadata?.cache.storeManifest(fetched(upstream, "one"));
    await close();
    const { directory } = await open(createSealer(key, old));
    expect((await directory.registry(registry.id))?.upstreams).toEqual([upstream]);
    await close();
    const after = await open(createSealer(key));
    expect((await after.directory.registry(registry.id))?.upstreams).toEqual([upstream]);
    const entries = await after.cache.manifests([upstream.id], "library/alpine", "latest");
    expect(entries).toMatchObject([{ proof: "shown" }]);
    const said = folder.lines.filter((line) => line.includes("sealed anew"));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('"upstreams":1');
  });

  test("a sealed password moved to another upstream or origin does not open", async () => {
    const { group, registry } = await sampleRegistry(await open());
    const settings = upstreamSettings({ name: "second", password: "of the second" });
    await metadata?.directory.saveUpstream(group.id, settings);
    await close();
    raw(`update upstreams set sealed_password = (select sealed_password from upstreams where name = 'second')
      where name = 'Docker Hub'`);
    const moved = await open();
    expect((await moved.directory.registry(registry.id))?.upstreams[0]?.password).toBeUndefined();
  });

  test("upstreams of Dependency Proxies follow the settings; a login stays at its URL", async () => {
    const { group } = await sampleRegistry(await open());
    const { id } = group;
    await metadata?.management.dependencyProxies.change(id, { identity: "ann", secret: "s" });
    const proxy = () => metadata?.directory.openDependencyProxy("default");
    const before = (await proxy())?.upstreams[0];
    if (!before) throw new Error("there is an upstream");
    await metadata?.cache.storeManifest(fetched(before, "one"));
    const entries = () => metadata?.cache.manifests([before.id], "library/alpine", "latest");
    const reopen = async (changes: object, key = 1) => {
      await close();
      const sealer = createSealer(new Uint8Array(32).fill(key));
      await open(sealer, proxySettings(changes));
      return (await proxy())?.upstreams[0];
    };

    const trusting = { tokenRealm: "https://auth.example.com/token", deniedMeans: "unsure" };
    expect(await reopen(trusting)).toEqual({ ...before, ...trusting } as never);
    expect(await reopen(trusting, 2)).toMatchObject({ username: "ann", password: undefined });
    expect(await reopen({})).toEqual(before);
    expect(await entries()).toHaveLength(1);

    const moved = await reopen({ url: "https://mirror.example.com/v2/" });
    const wanted = { url: "https://mirror.example.com", username: undefined, password: undefined };
    expect(moved).toEqual({ ...before, ...wanted, version: before.version + 1 });
    expect(await entries()).toEqual([]);
    const gone = folder.lines.filter((line) =>
      line.includes("the login of a Dependency Proxy is gone"),
    );
    expect(gone).toHaveLength(1);
    expect(gone[0]).toContain(`"group":${id}`);
  });
});
