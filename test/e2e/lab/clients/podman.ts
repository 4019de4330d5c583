import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { makeFolder, removeTree } from "../folders.ts";
import { environment, type Outcome, output, run } from "../processes.ts";
import { findTool } from "../tools.ts";
import { type Client, type ClientKind, failure } from "./contract.ts";

/** podman with a mirror before Docker Hub, by a `registries.conf` of its own. */
export function podmanWithMirror(location: string) {
  return {
    start: async (folder: string) => {
      const client = new ContainersStorage("podman", folder);
      client.mirror(location);
      return client;
    },
  };
}

type Program = "podman" | "buildah";
const drivers = ["overlay", "vfs"] as const;
let driver: (typeof drivers)[number] = "overlay";

function kind(program: Program): ClientKind {
  return {
    name: program,
    async lacking() {
      if (!findTool(program)) return `${program} is not installed`;
      return failure(program, () => chooseDriver(program));
    },
    start: async (folder) => new ContainersStorage(program, folder),
  };
}

export const podman = kind("podman");
export const buildah = kind("buildah");

/** Overlay where the kernel and our rights allow it, else plain copies. */
async function chooseDriver(program: Program): Promise<void> {
  const folder = makeFolder();
  try {
    for (driver of drivers) {
      const client = new ContainersStorage(program, folder);
      const { code, output: text } = await client.information();
      await client.wipe();
      if (code === 0) return;
      if (driver === "vfs") throw new Error(text.trim());
    }
  } finally {
    removeTree(folder);
  }
}

/** podman and buildah: one library, the same options, stores of their own. */
export class ContainersStorage implements Client {
  readonly #data: string;
  readonly #env: Record<string, string>;
  readonly #folder: string;

  constructor(
    readonly program: Program,
    folder: string,
  ) {
    this.#folder = folder;
    this.#data = path.join(folder, "storage");
    const home = path.join(folder, "home");
    mkdirSync(home, { recursive: true });
    const credentials = path.join(folder, "auth.json");
    // A named file that is not there is an error to them.
    writeFileSync(credentials, "{}");
    this.#env = environment(home, { REGISTRY_AUTH_FILE: credentials });
  }

  get #command(): string[] {
    const { program } = this;
    const root = `${this.#data}/root`;
    const runRoot = `${this.#data}/run`;
    return [program, "--root", root, "--runroot", runRoot, "--storage-driver", driver];
  }

  mirror(location: string): void {
    const file = path.join(this.#folder, "registries.conf");
    const text = `[[registry]]
prefix = "docker.io"
location = "docker.io"
[[registry.mirror]]
location = "${location}"
insecure = true
`;
    writeFileSync(file, text);
    this.#env["CONTAINERS_REGISTRIES_CONF"] = file;
  }

  /** Opens the store and describes it. */
  information(): Promise<Outcome> {
    return run([...this.#command, "info"], this.#env);
  }

  login(host: string, username: string, password: string): Promise<Outcome> {
    const options = ["login", "--tls-verify=false", "-u", username, "--password-stdin", host];
    return run([this.program, ...options], this.#env, { input: password });
  }

  pull(reference: string): Promise<Outcome> {
    return run([...this.#command, "pull", "--tls-verify=false", reference], this.#env);
  }

  async stored(reference: string): Promise<string> {
    const [format, inspect] = {
      podman: ["{{.Id}}", ["image", "inspect"]],
      buildah: ["{{.FromImageID}}", ["inspect", "--type", "image"]],
    }[this.program] as [string, string[]];
    const command = [...this.#command, ...inspect, "--format", format, reference];
    return `sha256:${(await output(command, this.#env)).trim()}`;
  }

  async wipe(): Promise<void> {
    removeTree(this.#data);
  }

  close(): Promise<void> {
    return this.wipe();
  }
}
