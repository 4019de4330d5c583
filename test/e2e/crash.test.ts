import { expect } from "bun:test";
import path from "node:path";
import { skopeo, succeed } from "./lab/clients/index.ts";
import { e2e } from "./lab/lab.ts";
import { waitFor } from "./lab/processes.ts";
import { sha256OfFile } from "./lab/registry.ts";
import { storeOfWeir } from "../fakes/store-facts.ts";
import { buildImage, FakeUpstream, sampleBytes } from "../fakes/upstream.ts";
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

/** By hand, for longer: `WEIR_CRASH_ROUNDS=100`. */
const rounds = Number(process.env["WEIR_CRASH_ROUNDS"] ?? 3);
const pullers = 4;
const tags = Array.from({ length: 12 }, (_, i) => `t${i}`);
const repository = "library/app";
const some = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;

interface Manifest {
  config: { digest: string };
  layers: { digest: string }[];
}

/** Pulls, purges and evictions without a pause, until the server is killed after so many answers. */
async function storm(weir: Weir, answers: number): Promise<void> {
  const authorization = `Bearer ${await weir.bearer({ repository })}`;
  const wrong: string[] = [];
  let left = answers;
  const over = new AbortController();
  const ask = async (url: string, init: RequestInit): Promise<Uint8Array | undefined> => {
    const answer = await fetch(url, init);
    const bytes = await answer.bytes();
    if (!answer.ok && !over.signal.aborted) wrong.push(`${url}: ${answer.status}`);
    if (--left === 0) void weir.kill().finally(() => over.abort());
    return answer.ok ? bytes : undefined;
  };
  const get = (what: string) =>
    ask(`${weir.apiUrl({ repository })}/${what}`, { headers: { authorization } });
  const pull = async () => {
    const manifest = await get(`manifests/${some(tags)}`);
    if (!manifest) return;
    const { config, layers } = JSON.parse(new TextDecoder().decode(manifest)) as Manifest;
    for (const { digest } of [config, ...layers]) {
      const bytes = await get(`blobs/${digest}`);
      const found = bytes && `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;
      if (bytes && found !== digest) wrong.push(`${digest} was ${found}`);
    }
  };
  const change = (method: string, where: string) =>
    ask(`${weir.url}/api/v4${where}`, { method, headers: { "PRIVATE-TOKEN": weir.token } });
  const cache = "/virtual_registries/container/upstreams/1/cache";
  const going = async (act: () => Promise<unknown>) => {
    while (!over.signal.aborted) await act().catch(() => new Promise(setImmediate));
  };
  const purge = () => change("DELETE", `${cache}?pattern=${repository}:${some(tags)}`);
  const evict = () => change("POST", "/space/evictions");
  const all = [...Array.from({ length: pullers }, () => pull), purge, evict];
  await Promise.all(all.map(going));
  expect(wrong).toEqual([]);
}

/** What a minute does to a server that is dead, and ten to what nothing needs; all that could run is due. */
const minutesLater = [
  "update unneeded_content set since = 0",
  "update blobs set removing_at = removing_at - 120000 where removing_at is not null",
  "update work set owner = null, leased_until = 0, next_run_at = 0, wakes = wakes + 1",
];

/** How many files nothing is known of: at most those that were being stored when it was killed. The sweep takes them in time. */
async function strayBlobs(weir: Weir): Promise<number> {
  const { files, rows, removing } = await storeOfWeir(weir);
  return [...files.keys()].filter((digest) => !rows.has(digest) && !removing.has(digest)).length;
}

await e2e(
  "kill -9 in the midst of pulls, purges, eviction and the sweep: nothing is counted or cached wrongly",
  { needs: [], seconds: 60 + rounds * 20 },
  async (lab) => {
    const upstream = await FakeUpstream.start();
    lab.atEnd(() => upstream.stop());
    for (const [i, tag] of tags.entries()) {
      const own = [sampleBytes(60_000, i + 1), sampleBytes(3000, i + 100)];
      const layers = [sampleBytes(20_000, 1000 + (i % 3)), ...own];
      upstream.image(repository, tag, buildImage({ label: tag, layers }));
    }
    const weir = await lab.weir({
      upstream: upstream.url,
      env: { WEIR_CACHE_MAX_BYTES: "400000", WEIR_PULL_RATE_LIMIT: "0" },
    });
    for (let round = 0; round < rounds; round++) {
      await storm(weir, 20 + Math.floor(Math.random() * 300));
      expect((await storeOfWeir(weir)).wrong).toEqual([]);
      await weir.change(minutesLater);
      await weir.start();
    }
    const { output: said, code } = await weir.command(["verify"]);
    expect([said, code]).toEqual([expect.stringContaining("all is well"), 0]);
    expect(await weir.stop()).toBe(0);
    expect((await storeOfWeir(weir)).wrong).toEqual([]);
    expect(await strayBlobs(weir)).toBeLessThanOrEqual(rounds * pullers);
  },
);
