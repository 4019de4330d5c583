import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { removeTree } from "../folders.ts";
import { environment, type Outcome, run } from "../processes.ts";
import { sha256OfFile } from "../registry.ts";
import { tool } from "../tools.ts";
import type { Client, ClientKind } from "./contract.ts";

export const skopeo: ClientKind = {
  ...tool("skopeo"),
  start: async (folder) => new Skopeo(folder),
};

/** Copies images into folders, one a reference. */
class Skopeo implements Client {
  readonly #images: string;
  readonly #env: Record<string, string>;

  constructor(folder: string) {
    this.#images = path.join(folder, "images");
    this.#env = environment(folder, { REGISTRY_AUTH_FILE: path.join(folder, "auth.json") });
  }

  login(host: string, username: string, password: string): Promise<Outcome> {
    const command = ["skopeo", "login", "--tls-verify=false", "-u", username, "--password-stdin"];
    return run([...command, host], this.#env, { input: password });
  }

  pull(reference: string): Promise<Outcome> {
    return skopeoCopy(reference, this.#folderOf(reference), this.#env);
  }

  async stored(reference: string): Promise<string> {
    return verifyCopy(this.#folderOf(reference));
  }

  async wipe(): Promise<void> {
    removeTree(this.#images);
  }

  async close(): Promise<void> {}

  #folderOf(reference: string): string {
    return path.join(this.#images, reference.replaceAll(/[^\w.]/g, "_"));
  }
}

/** `skopeo copy` into a folder, which must not hold anything yet. */
export async function skopeoCopy(
  reference: string,
  folder: string,
  env: Record<string, string>,
): Promise<Outcome> {
  await run(["mkdir", "-p", folder], env);
  const command = ["skopeo", "copy", "--quiet", "--src-tls-verify=false"];
  return run([...command, `docker://${reference}`, `dir:${folder}`], env);
}

/** Throws unless every blob in a folder made by `skopeo copy` hashes to its name; the configuration's digest. */
export async function verifyCopy(folder: string): Promise<string> {
  for (const name of readdirSync(folder).filter((file) => /^[0-9a-f]{64}$/.test(file))) {
    const found = await sha256OfFile(path.join(folder, name));
    if (found !== name) throw new Error(`${name} holds ${found}`);
  }
  const text = readFileSync(path.join(folder, "manifest.json"), "utf8");
  const { config, layers } = JSON.parse(text) as {
    config: { digest: string };
    layers: { digest: string; size: number }[];
  };
  for (const { digest, size } of layers) {
    const file = Bun.file(path.join(folder, digest.replace("sha256:", "")));
    if (file.size !== size) throw new Error(`${digest} has ${file.size} bytes, not ${size}`);
  }
  return config.digest;
}
