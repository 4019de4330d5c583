import { createHash } from "node:crypto";
import {
  createReadStream,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { recipeKey } from "./catalogue.ts";
import { makeFolder, removeTree } from "./folders.ts";
import { type Images, pushImages } from "./images.ts";
import { accepts, environment, freePort, Service, tellJanitor, waitFor } from "./processes.ts";
import { tool } from "./tools.ts";

/** Debian's docker-registry: software that this project did not write, as the upstream. */
export const dockerRegistry = tool("docker-registry");

/** What docker-registry must know of a token service to trust its tokens. */
export interface TokenAuth {
  realm: string;
  service: string;
  issuer: string;
  certificateFile: string;
}

/** A registry of its own process on a loopback port; it can be stopped and started again there. */
export class UpstreamRegistry {
  readonly port = freePort();
  readonly host = `127.0.0.1:${this.port}`;
  readonly url = `http://${this.host}`;
  readonly #configFile: string;
  #service: Service | undefined;

  /** Without `auth` anybody may pull. `storage` is only read, unless it is `writable`. */
  constructor(
    readonly folder: string,
    storage: string,
    { auth, writable = false }: { auth?: TokenAuth; writable?: boolean } = {},
  ) {
    this.#configFile = path.join(folder, `registry-${this.port}.json`);
    const token = auth && {
      realm: auth.realm,
      service: auth.service,
      issuer: auth.issuer,
      rootcertbundle: auth.certificateFile,
    };
    const config = {
      version: 0.1,
      log: { level: "error", accesslog: { disabled: true } },
      storage: {
        filesystem: { rootdirectory: storage },
        maintenance: { readonly: { enabled: !writable }, uploadpurging: { enabled: false } },
      },
      http: { addr: this.host, secret: "e2e" },
      ...(token && { auth: { token } }),
    };
    // YAML reads JSON.
    writeFileSync(this.#configFile, JSON.stringify(config));
  }

  async start(): Promise<void> {
    const command = ["docker-registry", "serve", this.#configFile];
    const env = environment(this.folder);
    this.#service = Service.start(`registry-${this.port}`, this.folder, command, env);
    await this.#service.ready(() => accepts(this.port));
  }

  async stop(): Promise<void> {
    await this.#service?.stop();
    this.#service = undefined;
  }
}

/** A storage folder that holds all images of the catalogue, and what they are. */
export interface SeededStorage {
  folder: string;
  images: Images;
}

let seeded: Promise<SeededStorage> | undefined;

/** The storage all upstreams share: made once and kept in `.cache/`, every byte verified when it changed since the last time. */
export function seededStorage(): Promise<SeededStorage> {
  seeded ??= findOrSeed();
  return seeded;
}

async function findOrSeed(): Promise<SeededStorage> {
  const cache = path.join(import.meta.dir, "../../../.cache/e2e");
  const key = recipeKey();
  const folder = path.join(cache, key);
  const isThere = async () => existsSync(folder) && (await intact(folder));
  if (!(await isThere())) {
    await alone(cache, async () => {
      // Another process may just have made them.
      if (await isThere()) return;
      removeTree(folder);
      const fresh = await seed(cache);
      // Images of former recipes go, or each change of the catalogue would leave a gigabyte behind.
      for (const old of globSync("*", { cwd: cache })) {
        if (/^[0-9a-f]{16}$/.test(old) && old !== key) removeTree(path.join(cache, old));
      }
      try {
        renameSync(fresh, folder);
      } catch (error) {
        // Two have taken away the lock of one that was killed.
        if (!existsSync(folder)) throw error;
        removeTree(fresh);
      }
    });
  }
  const images = JSON.parse(readFileSync(path.join(folder, "images.json"), "utf8")) as Images;
  return { folder, images };
}

/** While no other process does the same: several that begin at once would each make a gigabyte. */
async function alone(cache: string, body: () => Promise<void>): Promise<void> {
  const lock = path.join(cache, "making");
  mkdirSync(cache, { recursive: true });
  await waitFor("the images, which another process makes,", () => locked(lock), 120);
  try {
    await body();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Whether the lock is ours now; who has it is what it points to. That of a process that was killed is taken away. */
function locked(lock: string): boolean {
  try {
    symlinkSync(String(process.pid), lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  try {
    if (!existsSync(`/proc/${readlinkSync(lock)}`)) rmSync(lock, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  return false;
}

/** Pushes everything into a new folder, which takes its final name only when it is complete. */
async function seed(cache: string): Promise<string> {
  const fresh = `${cache}/new-${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  tellJanitor("folder", fresh);
  const work = makeFolder();
  const registry = new UpstreamRegistry(work, fresh, { writable: true });
  try {
    await registry.start();
    const images = await pushImages(registry.url);
    writeFileSync(path.join(fresh, "images.json"), JSON.stringify(images, null, 1));
    return fresh;
  } catch (error) {
    removeTree(fresh);
    throw error;
  } finally {
    await registry.stop();
    removeTree(work);
    tellJanitor("removed", fresh);
  }
}

/** Whether every blob there hashes to its name; files that are as they were when they last did are not read again. */
async function intact(folder: string): Promise<boolean> {
  const blobs = globSync("docker/registry/v2/blobs/sha256/*/*/data", { cwd: folder }).toSorted();
  const stamp = path.join(folder, "verified");
  const now = blobs.map((blob) => `${blob} ${identityOf(path.join(folder, blob))}\n`).join("");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === now) return blobs.length > 0;
  for (const blob of blobs) {
    const name = path.basename(path.dirname(blob));
    if ((await sha256OfFile(path.join(folder, blob))) !== name) return false;
  }
  writeFileSync(`${stamp}-${process.pid}`, now);
  renameSync(`${stamp}-${process.pid}`, stamp);
  return blobs.length > 0;
}

/** What is another for a file that was written to or replaced. */
function identityOf(file: string): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}

/** The SHA-256 of a file's bytes, in hex. */
export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Buffer);
  }
  return hash.digest("hex");
}
