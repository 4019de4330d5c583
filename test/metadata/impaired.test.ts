import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import type { Sealer } from "../../src/lib/seal.ts";
import { sampleRegistry, upstreamSettings } from "../fakes/metadata-samples.ts";
import { migratedFolder, testSealer } from "../fakes/metadata-sqlite.ts";

const told = (count: number) =>
  `the secret key does not open the passwords of upstreams (${count})`;

test("passwords that stay closed are counted with each change, however many, and only those that changed are opened", async () => {
  const folder = await migratedFolder();
  const before = await folder.open();
  const { group } = await sampleRegistry(before);
  await before.close();
  // Sealed for another upstream, they stay closed.
  const copies = 1200;
  const tool = new Database(folder.file);
  tool.run("pragma synchronous = off");
  tool.run("begin");
  tool.run(`create temp table copy as select * from upstreams where sealed_password is not null`);
  for (let id = 1000; id < 1000 + copies; id++) {
    tool.run(`update copy set id = ${id}, name = 'copy ${id}'`);
    tool.run(`insert into upstreams select * from copy`);
  }
  tool.run("commit");
  tool.close(true);

  let opened = 0;
  const open: Sealer["open"] = (...of) => (opened++, testSealer.open(...of));
  const metadata = await folder.open({ ...testSealer, open });
  const since = async (ask: () => Promise<string | undefined>) => {
    const at = opened;
    return [await ask(), opened - at];
  };
  const ask = () => metadata.impaired();
  expect(await since(ask)).toEqual([told(copies), copies + 1]);
  expect(await since(ask)).toEqual([told(copies), 0]);
  await metadata.directory.saveGroup({ path: "default", name: "renamed" });
  expect(await since(ask)).toEqual([told(copies), 0]);
  await metadata.directory.saveUpstream(group.id, upstreamSettings({ name: "copy 2199" }));
  expect(await since(ask)).toEqual([told(copies - 1), 1]);
  await metadata.management.upstreams.remove(1000, { unmodifiedSince: undefined });
  expect(await since(ask)).toEqual([told(copies - 2), 0]);
  await metadata.close();
  folder.remove();
});
