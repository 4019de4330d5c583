import { expect } from "bun:test";
import { Database } from "bun:sqlite";
import path from "node:path";
import { skopeo, succeed } from "./lab/clients/index.ts";
import { e2e } from "./lab/lab.ts";
import { sha256OfFile } from "./lab/registry.ts";
import type { Weir } from "./lab/weir.ts";

/** Every file in the blob store hashes to its name; how many there are. */
async function verifyBlobs(weir: Weir): Promise<number> {
  const files = weir.files("blobs");
  for (const file of files) {
    expect(await sha256OfFile(path.join(weir.data, "blobs", file))).toBe(path.basename(file));
  }
  return files.length;
}

/** Every content row has its file of that size, and every *shown* blob entry has its content row. */
function verifyRows(weir: Weir): void {
  using database = new Database(path.join(weir.data, "weir.db"), { readonly: true });
  const blobs = database.query<{ digest: string; size: number }, []>("select * from blobs").all();
  const sizes = new Map(
    weir.files("blobs").map((file) => {
      const digest = `sha256:${path.basename(file)}`;
      return [digest, Bun.file(path.join(weir.data, "blobs", file)).size];
    }),
  );
  expect(blobs.length).toBeGreaterThan(0);
  for (const { digest, size } of blobs) expect(sizes.get(digest)).toBe(size);
  const bare = database
    .query<{ digest: string }, []>(
      `select digest from cache_entries
       where kind = 'blob' and proof = 'shown' and digest not in (select digest from blobs)`,
    )
    .all();
  expect(bare).toEqual([]);
}

await e2e("kill -9 in the middle of a fill loses nothing", { needs: [skopeo] }, async (lab) => {
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
  expect(weir.files("spool")).toEqual([]);
  expect(await weir.stop()).toBe(0);
  expect(await verifyBlobs(weir)).toBe(4);
  verifyRows(weir);
});
