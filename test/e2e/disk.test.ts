import { expect } from "bun:test";
import { mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { skopeo, succeed } from "./lab/clients/index.ts";
import type { Client } from "./lab/clients/contract.ts";
import type { Image } from "./lab/images.ts";
import { e2e, type Lab } from "./lab/lab.ts";
import { output, environment, run, waitFor } from "./lab/processes.ts";
import type { Need } from "./lab/tools.ts";
import { embedded, Weir } from "./lab/weir.ts";
import { storeOfWeir } from "../fakes/store-facts.ts";
import { buildImage, FakeUpstream, sampleBytes, Tap } from "../fakes/upstream.ts";

// A file system of its own for the data folder, which is made full and read-only as disks become it.

const mounting: Need = {
  name: "mount",
  async lacking() {
    const { code } = await run(["unshare", "--mount", "true"], environment("/"));
    return code === 0 ? undefined : "file systems cannot be mounted here (not root)";
  },
};
const needs = [skopeo, mounting];
const env = { WEIR_MIN_FREE_BYTES: "0" };

const mount = (...words: string[]) => output(["mount", ...words], environment("/"));
const unmount = (folder: string) => output(["umount", folder], environment("/"));

/** A server whose data folder has so many MiB, with one image in its cache, and a client. */
async function onDiskOf(lab: Lab, size: string) {
  const registry = await lab.registry();
  const weir = new Weir(lab.folder(), { ...embedded, upstream: registry.url, env });
  mkdirSync(weir.data, { mode: 0o700 });
  await mount("-t", "tmpfs", "-o", `size=${size},mode=700`, "none", weir.data);
  await weir.start();
  const client = await lab.client<Client>(skopeo);
  succeed(await client.login(weir.host, "admin", weir.token));
  await pull(client, weir, lab.images.hello);
  return { weir, client, registry };
}

async function pull(client: Client, weir: Weir, image: Image): Promise<void> {
  const { byTag } = weir.names(image);
  await client.wipe();
  succeed(await client.pull(byTag));
  await client.stored(byTag);
}

async function ready(weir: Weir) {
  const answer = await fetch(`${weir.url}/readyz`);
  const { parts } = (await answer.json()) as { parts: { database: string; blob_store: string } };
  return { status: answer.status, ...parts };
}

/** Takes all the space that there is. */
function fill(weir: Weir): string {
  const file = path.join(weir.data, "somebody-elses");
  for (const piece of [1 << 20, 4096]) {
    try {
      for (;;) writeFileSync(file, new Uint8Array(piece), { flag: "a" });
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe("ENOSPC");
    }
  }
  return file;
}

async function cacheOf(weir: Weir, image: Image): Promise<string | undefined> {
  const answer = await weir.manifest(image);
  await answer.arrayBuffer();
  return answer.headers.get("x-weir-cache")?.split(";")[0];
}

async function verified(weir: Weir): Promise<void> {
  const { output: said, code } = await weir.command(["verify"]);
  expect(said).toContain("all is well");
  expect(code).toBe(0);
}

await e2e(
  "a disk that is full: what is cached is served, the rest passes through, and storing goes on when there is room",
  { needs, seconds: 150 },
  async (lab) => {
    const { weir, client } = await onDiskOf(lab, "48m");
    try {
      const filler = fill(weir);
      await pull(client, weir, lab.images.hello);
      expect(await cacheOf(weir, lab.images.hello)).toBe("hit");
      await waitFor("the store not to be ready, and why", async () => {
        const { status, blob_store: why } = await ready(weir);
        return status === 503 && /ENOSPC|free/.test(why);
      });
      await pull(client, weir, lab.images.multi);
      await pull(client, weir, lab.images.multi);
      await weir.logged(/"level":"(?:warn|error)".*(?:SQLITE_FULL|ENOSPC|not stored)/);
      // Started again on a full disk it says what is wrong.
      expect(await weir.stop()).toBe(0);
      fill(weir);
      const refused = await weir.command(["serve"], {}, ["timeout", "120"]);
      expect(refused.output).toMatch(/cannot be opened and written \(SQLITE_\w+\).*free space/);
      expect(refused.code).toBe(1);
      rmSync(filler);
      await weir.start();
      expect(await ready(weir)).toMatchObject({ status: 200 });
      const again = fill(weir);
      await pull(client, weir, lab.images.schema2);
      rmSync(again);
      await waitFor("it to be ready", async () => (await ready(weir)).status === 200);
      await pull(client, weir, lab.images.schema2);
      await pull(client, weir, lab.images.schema2);
      expect(await cacheOf(weir, lab.images.schema2)).toBe("hit");
      await verified(weir);
    } finally {
      await weir.stop();
      await unmount(weir.data);
    }
  },
);

await e2e(
  "folders that become read-only: the same, and a start says which",
  { needs, seconds: 150 },
  async (lab) => {
    const { weir, client } = await onDiskOf(lab, "64m");
    const folders = ["spool", "blobs"].map((name) => path.join(weir.data, name));
    try {
      for (const folder of folders) await mount("--bind", "-o", "ro", folder, folder);
      await pull(client, weir, lab.images.hello);
      expect(await cacheOf(weir, lab.images.hello)).toBe("hit");
      expect((await ready(weir)).blob_store).toContain("EROFS");
      await pull(client, weir, lab.images.multi);
      expect(weir.files("spool")).toEqual([]);
      for (const folder of folders) await unmount(folder);
      await waitFor("it to be ready", async () => (await ready(weir)).status === 200);
      await pull(client, weir, lab.images.multi);
      await verified(weir);

      expect(await weir.stop()).toBe(0);
      await mount("-o", "remount,ro", weir.data);
      const refused = await weir.command(["serve"]);
      expect(refused.code).toBe(1);
      expect(refused.output).toMatch(/WEIR_DATA_DIR: .*cannot be written to \(EROFS\)/);
      await mount("-o", "remount,rw", weir.data);
      await weir.start();
      await verified(weir);
    } finally {
      await weir.stop();
      await unmount(weir.data);
    }
  },
);

const repository = "library/app";

/** Pulls from a server without any client between. */
async function pullerOf(weir: Weir) {
  const authorization = `Bearer ${await weir.bearer({ repository })}`;
  const open = (what: string) =>
    fetch(`${weir.apiUrl({ repository })}/${what}`, { headers: { authorization } });
  const get = async (what: string) => {
    const answer = await open(what);
    expect(answer.status).toBe(200);
    const bytes = await answer.bytes();
    return { bytes, status: answer.headers.get("x-weir-cache")?.split(";")[0] };
  };
  /** All of an image, each byte looked at; how each of its parts was answered. */
  const all = async (tag: string) => {
    const manifest = await get(`manifests/${tag}`);
    const { config, layers } = JSON.parse(new TextDecoder().decode(manifest.bytes)) as {
      config: { digest: string };
      layers: { digest: string }[];
    };
    const statuses = [manifest.status];
    for (const { digest } of [config, ...layers]) {
      const { bytes, status } = await get(`blobs/${digest}`);
      expect(digestOf(bytes)).toBe(digest);
      statuses.push(status);
    }
    return statuses;
  };
  const isCached = async (tag: string) => (await all(tag)).every((one) => one === "hit");
  return { open, all, isCached };
}

const digestOf = (bytes: Uint8Array) =>
  `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;

const page = 4096;
/** One more than the pages that are free: each lets some other write be the first that fails. */
const rooms = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 19, 24, 30, 40];

/** Images of a small upstream, by the numbers in their tags. */
async function smallImages(lab: Lab, numbers: Iterable<number>): Promise<FakeUpstream> {
  const upstream = await FakeUpstream.start();
  lab.atEnd(() => upstream.stop());
  for (const n of numbers) {
    const layers = [sampleBytes(3 * page, 3 * n + 1), sampleBytes(9 * page, 3 * n + 2)];
    upstream.image(repository, `t${n}`, buildImage({ label: `t${n}`, layers }));
  }
  return upstream;
}

await e2e(
  "a disk that becomes full at any write: every pull is right, nothing is stored wrongly, and storing goes on by itself",
  { needs: [mounting], seconds: 150 },
  async (lab) => {
    const upstream = await smallImages(lab, [0, ...rooms]);
    const weir = new Weir(lab.folder(), { ...embedded, upstream: upstream.url, env });
    mkdirSync(weir.data, { mode: 0o700 });
    await mount("-t", "tmpfs", "-o", "size=16m,mode=700", "none", weir.data);
    try {
      await weir.start();
      const pull = await pullerOf(weir);
      await waitFor("an image to be cached", () => pull.isCached("t0"));

      // In the middle of a blob whose header has gone out.
      const large = upstream.blob(repository, sampleBytes(4 << 20, 7));
      const tap = new Tap();
      upstream.fault(`GET *${large}`, { tap });
      tap.release(2 << 20);
      const answer = await pull.open(`blobs/${large}`);
      await weir.filling(1 << 20);
      const all = fill(weir);
      tap.open();
      expect(digestOf(await answer.bytes())).toBe(large);
      rmSync(all);
      await waitFor("the spool to be empty", () => weir.files("spool").length === 0);
      await weir.logged(/fill was not stored.*does not take the bytes \(ENOSPC\)/);

      for (const free of rooms) {
        const filler = fill(weir);
        truncateSync(filler, statSync(filler).size - (free - 1) * page);
        await pull.all(`t${free}`);
        expect(await pull.isCached("t0")).toBe(true);
        rmSync(filler);
        expect((await storeOfWeir(weir)).wrong).toEqual([]);
      }
      for (const free of rooms) await waitFor("it to be stored", () => pull.isCached(`t${free}`));
      await waitFor("it to be ready", async () => (await ready(weir)).status === 200);
      expect(weir.files("spool")).toEqual([]);
      await verified(weir);
      expect((await storeOfWeir(weir)).wrong).toEqual([]);
    } finally {
      await weir.stop();
      await unmount(weir.data);
    }
  },
);

/** What a kernel does to a disk that errs: everything on it is read-only at once, what is open too. */
interface Disk {
  fail(): Promise<void>;
  /** After a look at it, with nothing on it open. */
  repair(): Promise<void>;
  remove(): Promise<void>;
}

/** A file system in a file, where the machine has loop devices. Elsewhere a mount that leaves what is open writable. */
async function diskAt(folder: string, image: string): Promise<Disk> {
  const made = await run(
    ["sh", "-c", `truncate -s 32M ${image} && mkfs.ext4 -q ${image} && losetup -f --show ${image}`],
    environment("/"),
  );
  if (made.code !== 0) {
    await mount("-t", "tmpfs", "-o", "size=32m,mode=700", "none", folder);
    return {
      fail: async () => void (await mount("--bind", "-o", "ro", folder, folder)),
      repair: async () => void (await unmount(folder)),
      remove: async () => void (await unmount(folder)),
    };
  }
  const device = made.output.trim();
  const attach = async () => void (await mount("-o", "errors=remount-ro", device, folder));
  await attach();
  return {
    fail: async () => void (await mount("-o", "remount,abort", folder)),
    repair: async () => {
      await unmount(folder);
      await output(["sh", "-c", `e2fsck -p ${device} || [ $? = 1 ]`], environment("/"));
      await attach();
    },
    remove: async () => {
      await unmount(folder);
      await output(["losetup", "-d", device], environment("/"));
    },
  };
}

await e2e(
  "a disk that errs and becomes read-only under a running server: as where it is full, and all is right after its repair",
  { needs: [mounting], seconds: 150 },
  async (lab) => {
    const upstream = await smallImages(lab, [0, 1]);
    const folder = lab.folder();
    const weir = new Weir(folder, { ...embedded, upstream: upstream.url, env });
    mkdirSync(weir.data, { mode: 0o700 });
    const disk = await diskAt(weir.data, path.join(folder, "disk"));
    try {
      await weir.start();
      const pull = await pullerOf(weir);
      await waitFor("an image to be cached", () => pull.isCached("t0"));
      await disk.fail();
      expect(await pull.isCached("t0")).toBe(true);
      expect((await pull.all("t1")).slice(1)).toEqual(["bypass", "bypass", "bypass"]);
      expect(await pull.isCached("t0")).toBe(true);
      expect(await ready(weir)).toMatchObject({
        status: 503,
        blob_store: "the spool in the data folder cannot be written to (EROFS)",
      });
      await weir.logged("the spool cannot be written to (EROFS)");
      expect(await weir.stop()).toBe(0);
      await disk.repair();
      await weir.start();
      expect(await ready(weir)).toMatchObject({ status: 200 });
      const after = await pullerOf(weir);
      // What was not synced yet is gone, as by a power failure, and comes again.
      for (const tag of ["t0", "t1"]) await waitFor("it to be stored", () => after.isCached(tag));
      await verified(weir);
      expect((await storeOfWeir(weir)).wrong).toEqual([]);
    } finally {
      await weir.stop();
      await disk.remove();
    }
  },
);
