import { expect } from "bun:test";
import path from "node:path";
import { skopeo, succeed } from "./lab/clients/index.ts";
import { e2e } from "./lab/lab.ts";
import { waitFor } from "./lab/processes.ts";
import { sha256OfFile } from "./lab/registry.ts";
import type { Weir } from "./lab/weir.ts";

const needs = [skopeo];

/** Every file in the blob store hashes to its name; how many there are. */
async function verifyBlobs(weir: Weir): Promise<number> {
  const files = weir.files("blobs");
  for (const file of files) {
    expect(await sha256OfFile(path.join(weir.blobsFolder, file))).toBe(path.basename(file));
  }
  return files.length;
}

/** Every content row has its file of that size, and every *shown* blob entry its content row; how many rows. */
async function verifyRows(weir: Weir): Promise<number> {
  const blobs = await weir.query<{ digest: string; size: number }>("select * from blobs");
  const sizes = new Map(
    weir.files("blobs").map((file) => {
      const digest = `sha256:${path.basename(file)}`;
      return [digest, Bun.file(path.join(weir.blobsFolder, file)).size];
    }),
  );
  for (const { digest, size } of blobs) expect(sizes.get(digest)).toBe(size);
  const bare = await weir.query<{ digest: string }>(
    `select digest from cache_entries
     where kind = 'blob' and proof = 'shown' and digest not in (select digest from blobs)`,
  );
  expect(bare).toEqual([]);
  return blobs.length;
}

await e2e("kill -9 in the middle of a fill loses nothing", { needs }, async (lab) => {
  const image = lab.images.single;
  const proxy = await lab.proxy(await lab.registry());
  const weir = await lab.weir({ upstream: proxy.url });
  const client = await lab.client(skopeo);
  succeed(await client.login(weir.host, "admin", weir.token));
  // Something that is already cached must be there afterwards.
  succeed(await client.pull(weir.names(lab.images.hello).byTag));

  proxy.limit(20e6);
  const { byTag } = weir.names(image);
  const broken = client.pull(byTag);
  await weir.filling(8 << 20);
  await weir.kill();
  expect((await broken).code).not.toBe(0);
  expect(weir.files("spool")).not.toEqual([]);
  await client.wipe();

  await weir.start();
  expect(weir.files("spool")).toEqual([]);
  proxy.limit(Number.POSITIVE_INFINITY);
  for (const name of [byTag, weir.names(lab.images.hello).byTag]) {
    succeed(await client.pull(name));
    await client.stored(name);
  }
  // On the way to a bucket it stays there for a moment longer.
  await waitFor("the spool to be empty", () => weir.files("spool").length === 0);
  expect(await weir.stop()).toBe(0);
  expect(await verifyBlobs(weir)).toBe(4);
  expect(await verifyRows(weir)).toBe(4);
});

await e2e("kill -9 as soon as a blob has come to rest loses nothing", { needs }, async (lab) => {
  const registry = await lab.registry();
  const weir = await lab.weir({ upstream: registry.url });
  const client = await lab.client(skopeo);
  succeed(await client.login(weir.host, "admin", weir.token));
  const { byTag } = weir.names(lab.images.herd);
  for (const wanted of [1, 2, 3, 4]) {
    const broken = client.pull(byTag);
    await waitFor(`blob ${wanted}`, () => weir.files("blobs").length >= wanted);
    await weir.kill();
    await broken;
    await client.wipe();
    await verifyRows(weir);
    await weir.start();
  }
  succeed(await client.pull(byTag));
  await client.stored(byTag);
  expect(await weir.stop()).toBe(0);
  expect(await verifyBlobs(weir)).toBe(6);
  expect(await verifyRows(weir)).toBe(6);
});
